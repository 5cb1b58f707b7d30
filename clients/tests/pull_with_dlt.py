"""A data pipeline as a user of the Coach360 API writes it: dlt's generic REST source into DuckDB, run again and again
while others write and delete. Nothing here knows Touchline.

    python pull_with_dlt.py BASE_URL USER PASSWORD FOLDER

Pulls until FOLDER/stop exists, then twice more, and writes what DuckDB holds to FOLDER/pulled.json.
"""

import json
import pathlib
import sys
import time

import dlt
import duckdb
from dlt.sources.helpers.rest_client.paginators import BasePaginator
from dlt.sources.rest_api import rest_api_source

BASE, USER, PASSWORD, FOLDER = sys.argv[1:5]
FOLDER = pathlib.Path(FOLDER)
LIMIT = 50


class SinceAndLastId(BasePaginator):
    """The documented paging: time and id of the last row of the page before, until a page is not full."""

    def __init__(self, time_field, id_field=None):
        super().__init__()
        self.time_field, self.id_field, self.last = time_field, id_field, None

    def update_state(self, response, data=None):
        rows = response.json()
        count = len({row["resultId"] for row in rows}) if self.id_field is None else len(rows)
        before, self.last = self.last, rows[-1] if rows else None
        again = before is not None and self.last == before
        self._has_next_page = count >= LIMIT and not again

    def update_request(self, request):
        if self.last is not None:
            request.params["since"] = self.last[self.time_field]
            if self.id_field is not None:
                request.params["last_id"] = self.last[self.id_field]


def resource(name, path, key, time_field, id_field=None):
    return {
        "name": name,
        "primary_key": key,
        "write_disposition": "merge",
        # A row that changes during a run comes twice in it: without this hint dlt keeps the older one.
        "columns": {time_field: {"dedup_sort": "desc"}},
        "endpoint": {
            "path": path,
            "params": {"limit": LIMIT},
            "incremental": {
                "cursor_path": time_field,
                "initial_value": "2000-01-01T00:00:00Z",
                "start_param": "since",
                # `since` is exact to the minute and inclusive: the last minute comes again, merging drops it.
                "on_cursor_value_missing": "raise",
            },
            "paginator": SinceAndLastId(time_field, id_field),
        },
        # Nested values stay as they are, so that rows can be compared.
        "max_table_nesting": 0,
    }


def source():
    return rest_api_source(
        {
            "client": {"base_url": BASE, "auth": {"type": "http_basic", "username": USER, "password": PASSWORD}},
            "resources": [
                resource("calls", "calls", "id", "modified", "id"),
                resource("deleted", "calls/deleted", "id", "deletedAt", "id"),
                resource("call_topics", "call_topics", "callId", "modified", "callId"),
                resource("scores", "scores", ["resultId", "questionId"], "modified"),
            ],
        }
    )


def main():
    pipeline = dlt.pipeline(
        "touchline",
        destination=dlt.destinations.duckdb(str(FOLDER / "warehouse.duckdb")),
        dataset_name="coach360",
        pipelines_dir=str(FOLDER / "state"),
    )
    runs, extra = 0, 0
    while extra < 2:
        extra += (FOLDER / "stop").exists()
        pipeline.run(source())
        runs += 1
        time.sleep(0.2)
    with duckdb.connect(str(FOLDER / "warehouse.duckdb")) as db:
        tables = {row[0] for row in db.execute("select table_name from information_schema.tables where table_schema = 'coach360'").fetchall()}

        def rows(sql, table):
            return db.execute(sql).fetchall() if table in tables else []

        gone = {row[0] for row in rows("select id from coach360.deleted", "deleted")}
        calls = rows("select id, state, duration::double, metadata::varchar from coach360.calls", "calls")
        topics = rows("select call_id, topic_matches::varchar, question_counts::varchar from coach360.call_topics", "call_topics")
        scores = rows("select result_id, question_id, answer::double, percentage::double, comment from coach360.scores", "scores")
    pulled = {
        "runs": runs,
        "calls": {row[0]: [row[1], row[2], json.loads(row[3])] for row in calls if row[0] not in gone},
        "deleted": sorted(gone),
        "call_topics": {row[0]: [json.loads(row[1]), json.loads(row[2])] for row in topics if row[0] not in gone},
        "scores": {f"{row[0]}/{row[1]}": list(row[2:]) for row in scores},
    }
    (FOLDER / "pulled.json").write_text(json.dumps(pulled))


if __name__ == "__main__":
    main()
