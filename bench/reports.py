"""DuckDB's side of `reports`: one command a line, one answer a line.

    pip install duckdb

`parquet CSV FILE` makes a Parquet file of the rows of a report; `copy FILE CSV` writes it as CSV and says how many
seconds that took; `same ONE OTHER` says how many rows of two CSV files differ. The summary of agents: `agents.py`.
"""

import sys
import time

import agents
import duckdb

TYPES = {
    "contact_session_created_at": "TIMESTAMP",
    "agent_accepted_at": "TIMESTAMP",
    "contact_session_routed_at": "TIMESTAMP",
    "sla_fulfilled_at": "TIMESTAMP",
    "contact_session_ended_at": "TIMESTAMP",
    "within_sla": "BOOLEAN",
    "work_session_handle_time_sec": "DECIMAL(12, 3)",
    "work_session_after_contact_time_sec": "DECIMAL(12, 3)",
    "work_session_unknown_time_sec": "DECIMAL(12, 3)",
}
FORMAT = "%Y-%m-%dT%H:%M:%S.%gZ"

duck = duckdb.connect()
duck.execute("SET threads = 2; SET TimeZone = 'UTC'")


def rows(path):
    """A report as rows; the columns that are not named are text."""
    return f"read_csv('{path}', header = true, all_varchar = true)"


def typed(path):
    names = [row[0] for row in duck.execute(f"DESCRIBE SELECT * FROM {rows(path)}").fetchall()]
    cast = [
        f"CAST(\"{name}\" AS {TYPES[name]}) AS \"{name}\"" if name in TYPES else f'"{name}"' for name in names
    ]
    return f"SELECT {', '.join(cast)} FROM {rows(path)}"


def parquet(source, target):
    duck.execute(f"COPY ({typed(source)}) TO '{target}' (FORMAT parquet)")
    count, contacts, handle = duck.execute(
        f"SELECT count(*), count(DISTINCT contact_session_id), sum(work_session_handle_time_sec) * 1000 FROM '{target}'"
    ).fetchone()
    return f"{count} {contacts} {int(handle)}"


def copy(source, target):
    started = time.perf_counter()
    duck.execute(f"COPY (SELECT * FROM '{source}') TO '{target}' (FORMAT csv, HEADER, TIMESTAMPFORMAT '{FORMAT}')")
    return time.perf_counter() - started


def same(one, other):
    differ = f"((SELECT * FROM ({typed(one)}) EXCEPT ALL SELECT * FROM ({typed(other)})))"
    return duck.execute(f"SELECT count(*) FROM {differ}").fetchone()[0]


def deeds(report, counts, spans, folder):
    global known
    known = agents.prepare(duck, report, counts, spans, folder)
    return len(known[0])


def summary(folder, target):
    return agents.summary(duck, folder, target, *known)


def compare(one, other):
    return "{} {}".format(*agents.same(duck, one, other, known[0]))


COMMANDS = {it.__name__: it for it in (parquet, copy, same, deeds, summary, compare)}

for line in sys.stdin:
    command, *arguments = line.split()
    print(COMMANDS[command](*arguments), flush=True)
