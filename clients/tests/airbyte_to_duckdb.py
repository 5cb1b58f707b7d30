"""Runs the Airbyte manifest with airbyte-cdk's own runner and loads what it says into DuckDB, as a destination does in the mode
"incremental, append and dedup": rows are replaced by their primary key, and the state is kept when they are in the table.

    python airbyte_to_duckdb.py CONFIG FOLDER SCHEMA

FOLDER gets `loaded.duckdb` and `state.json`; with a state the run goes on from there.
"""

import json
import pathlib
import subprocess
import sys

import duckdb

MANIFEST = pathlib.Path(__file__).parent.parent / "airbyte-touchline/manifest.yaml"
RUNNER = pathlib.Path(sys.executable).with_name("source-declarative-manifest")
TYPES = {"integer": "bigint", "number": "double", "boolean": "boolean", "array": "json", "object": "json"}


def source(command: str, config: str, *words: object) -> subprocess.Popen[str]:
    line = [RUNNER, command, "--manifest-path", MANIFEST, "--config", config, *words]
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def discover(config: str) -> dict[str, dict]:
    """Stream -> what the source says of it."""
    with source("discover", config) as process:
        messages = [json.loads(line) for line in process.stdout]
    catalog = next(message["catalog"] for message in messages if message["type"] == "CATALOG")
    return {stream["name"]: stream for stream in catalog["streams"]}


def configured(stream: dict) -> dict:
    mode = "incremental" if "incremental" in stream["supported_sync_modes"] else "full_refresh"
    key = stream["source_defined_primary_key"]
    return {"stream": stream, "sync_mode": mode, "destination_sync_mode": "append_dedup", "primary_key": key}


def columns(stream: dict) -> dict[str, str]:
    found = {}
    for name, column in stream["json_schema"]["properties"].items():
        kind = next(it for it in column["type"] if it != "null")
        found[name] = "timestamptz" if column.get("format") == "date-time" else TYPES.get(kind, "varchar")
    return found


def load(db: duckdb.DuckDBPyConnection, schema: str, stream: dict, records: list[dict], scratch: pathlib.Path) -> None:
    """Rows of a stream, the last one of a key wins."""
    table, key = f'{schema}."{stream["name"]}"', [path[0] for path in stream["source_defined_primary_key"]]
    typed = columns(stream)
    wanted = ", ".join(f'"{name}" {kind}' for name, kind in typed.items())
    db.execute(f"create table if not exists {table} ({wanted})")
    rows = {tuple(record[name] for name in key): record for record in records}
    scratch.write_text("\n".join(json.dumps(row) for row in rows.values()))
    if rows:
        wanted = ", ".join(f"'{name}': '{kind}'" for name, kind in typed.items())
        news = f"read_json('{scratch}', format = 'newline_delimited', columns = {{{wanted}}})"
        same = " and ".join(f'it."{name}" = news."{name}"' for name in key)
        db.execute(f"delete from {table} it using {news} news where {same}")
        db.execute(f"insert into {table} by name select * from {news}")


def main(config: str, folder: pathlib.Path, schema: str) -> None:
    streams = discover(config)
    catalog, state, scratch = folder / "catalog.json", folder / "state.json", folder / "rows.json"
    catalog.write_text(json.dumps({"streams": [configured(stream) for stream in streams.values()]}))
    records: dict[str, list[dict]] = {name: [] for name in streams}
    states = {it["stream"]["stream_descriptor"]["name"]: it for it in json.loads(state.read_text())} if state.exists() else {}
    words = ["--state", state] if states else []
    with source("read", config, "--catalog", catalog, *words) as process:
        for line in process.stdout:
            message = json.loads(line)
            if message["type"] == "RECORD":
                records[message["record"]["stream"]].append(message["record"]["data"])
            elif message["type"] == "STATE":
                states[message["state"]["stream"]["stream_descriptor"]["name"]] = message["state"]
            elif message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
                print(message["trace"]["error"]["message"], file=sys.stderr)
    if process.returncode != 0:
        sys.exit("the source has failed: nothing is loaded, and the next run goes on from the same state")
    with duckdb.connect(str(folder / "loaded.duckdb")) as db:
        db.execute(f"create schema if not exists {schema}")
        for name, rows in records.items():
            load(db, schema, streams[name], rows, scratch)
    state.write_text(json.dumps(list(states.values())))
    print(json.dumps({name: len(rows) for name, rows in records.items()}))


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3])
