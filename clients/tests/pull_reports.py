"""A pipeline as a data team writes it for the Gladly reports: dlt's generic REST source into DuckDB, once a day. Nothing here
knows Touchline; what it needs beyond configuration is one function that reads CSV.

    python pull_reports.py BASE_URL USER PASSWORD TOKEN FOLDER UNTIL [die]

UNTIL is "now" for this run: 2025-03-02T00:00:00Z. With `die` the process ends the hard way when everything is pulled and nothing
is loaded. The rules that make it exact:

- A run starts where the last one that succeeded ended, less a look-back: reports are behind, events come late,
  contacts end on a later day, and after-contact time grows.
- Rows are merged by (`contact_session_id`, `id`); and whatever else is there of a contact that comes again goes, because the row
  of an open contact has no id yet.
- Erased contacts cannot be told by a report that no longer has them: the change feed tells.
"""

import csv
import io
import json
import os
import pathlib
import sys

import dlt
from dlt.sources.rest_api import rest_api_source
from requests import Response

# Seconds: as long as a contact may stay open, and news of it may be late.
LOOK_BACK = 12 * 86_400
SINCE = "2025-03-01T00:00:00Z"


def rows_of_csv(response: Response, *_: object, **__: object) -> None:
    """Turns a CSV answer into the JSON that the generic source reads; an empty cell is null, but a key has to be a text."""
    response.raise_for_status()
    lines = csv.DictReader(io.StringIO(response.content.decode()))
    rows = [{name: cell or ("" if name == "id" else None) for name, cell in line.items()} for line in lines]
    response._content = json.dumps(rows).encode()


def report(name: str, path: str, body: dict, key: list[str], until: str) -> dict:
    def dated(row: dict) -> dict:
        return row | {"pulled_until": until}

    return {
        "name": name,
        "write_disposition": "merge",
        "primary_key": key,
        "merge_key": key[0],
        "processing_steps": [{"map": dated}],
        "endpoint": {
            "path": path,
            "method": "POST",
            "json": body | {"startAtTime": "{incremental.start_value}", "endAtTime": until},
            "incremental": {"cursor_path": "pulled_until", "initial_value": SINCE, "lag": LOOK_BACK},
            "paginator": "single_page",
            "response_actions": [rows_of_csv],
        },
    }


def deletions(base: str, token: str) -> dict:
    """The change feed, from the last number on that was seen."""
    feed = {
        "name": "changes",
        "write_disposition": "merge",
        "primary_key": "seq",
        "endpoint": {
            "path": "changes",
            "params": {"limit": 1000, "after": {"type": "incremental", "cursor_path": "seq", "initial_value": 0}},
            "data_selector": "items",
            "paginator": {"type": "cursor", "cursor_path": "items[-1].seq", "cursor_param": "after"},
        },
    }
    return {"client": {"base_url": base, "auth": {"type": "bearer", "token": token}}, "resources": [feed]}


def run(base: str, user: str, password: str, token: str, folder: pathlib.Path, until: str, die: bool = False) -> None:
    auth = {"type": "http_basic", "username": user, "password": password}
    session_key, contact_key = ["contact_session_id", "id"], ["Contact ID"]
    export = {"metricSet": "ContactExportReportV3"}
    sessions = report("work_sessions", "reports/work-session-events", {}, session_key, until)
    contacts = report("contact_export", "reports", export, contact_key, until)
    reports = {"client": {"base_url": f"{base}/api/v1/", "auth": auth}, "resources": [sessions, contacts]}
    sources = [
        rest_api_source(reports, name="reports"),
        rest_api_source(deletions(f"{base}/api/touchline/v1/", token), name="feed"),
    ]
    pipeline = dlt.pipeline(
        "reports",
        destination=dlt.destinations.duckdb(str(folder / "reports.duckdb")),
        dataset_name="gladly",
        pipelines_dir=str(folder / "dlt"),
    )
    if die:
        for source in sources:
            pipeline.extract(source)
        pipeline.normalize()
        os._exit(9)
    pipeline.run(sources)


if __name__ == "__main__":
    run(*sys.argv[1:5], pathlib.Path(sys.argv[5]), sys.argv[6], sys.argv[7:] == ["die"])
