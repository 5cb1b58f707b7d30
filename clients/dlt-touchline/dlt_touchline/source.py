"""The source and its resources: records by the change feed, events in the order of arrival, reports by windows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import dlt
from dlt.extract.source import DltSource
from dlt.sources.helpers import requests

Row = dict[str, Any]
ROOT = "/api/touchline/v1"
PAGE = 1000
# So many changed records are asked for one by one; of more, the whole list is read, which costs less.
ONE_BY_ONE = 100
# Name in the change feed -> address of the records, and name of the table.
RECORDS = {
    "user": "users",
    "group": "groups",
    "inbox": "inboxes",
    "contact": "contacts",
    "topic": "topics",
    "scorecard": "scorecards",
    "evaluation": "evaluations",
    "feedback": "feedback",
    "share": "shares",
    "listen": "listens",
    "plan": "plans",
    "session": "sessions",
    "kpi": "kpis",
    "observation": "observations",
}
# Rows that carry it are deleted in the warehouse and not inserted.
GONE = "deleted"
TOMBSTONE = {GONE: {"hard_delete": True, "data_type": "bool"}}
# Types of JSON schemas -> types of dlt. What is nested is kept together.
TYPES = {"string": "text", "integer": "bigint", "number": "double", "boolean": "bool"}


class Api:
    """The native API of a server. dlt's client sends again what fails: lost connections, 429, 5xx."""

    def __init__(self, base_url: str, token: str):
        self.base = base_url.rstrip("/") + ROOT
        self.headers = {"Authorization": f"Bearer {token}"}
        self.document: Row = {}

    def get(self, path: str, **params: Any) -> Row:
        return requests.get(self.base + path, params=params, headers=self.headers).json()

    def record(self, path: str, record: str) -> Row | None:
        """A record as it is now; `None` when it is gone."""
        url = f"{self.base}{path}/{quote(record, safe='')}"
        answer = requests.Client(raise_for_status=False).get(url, headers=self.headers)
        if answer.status_code in (404, 410):
            return None
        answer.raise_for_status()
        return answer.json()

    def pages(self, path: str, cursor: str | None = None) -> Iterator[Row]:
        while True:
            page = self.get(path, limit=PAGE, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def changes(self, after: int) -> Iterator[list[Row]]:
        """All that has been committed after a change number, in order."""
        while items := self.get("/changes", after=after, limit=PAGE)["items"]:
            yield items
            after = items[-1]["seq"]

    def lines(self, path: str, **params: Any) -> Iterator[list[Row]]:
        """The rows of a report, as they come."""
        with requests.get(self.base + path, params=params, headers=self.headers, stream=True) as answer:
            rows: list[Row] = []
            for line in answer.iter_lines(chunk_size=64 * 1024):
                if line:
                    rows.append(json.loads(line))
                if len(rows) >= PAGE:
                    yield rows
                    rows = []
            yield rows

    def columns(self, path: str) -> Row:
        """What the rows at a path consist of, by the server's own OpenAPI document: dlt would guess, from the first rows, whether
        a number is whole, and could not know of a column that is empty so far."""
        self.document = self.document or self.get("/openapi.json")
        content = self.document["paths"][ROOT + path]["get"]["responses"]["200"]["content"]
        line = next((each["x-item-schema"] for each in content.values() if "x-item-schema" in each), None)
        page = self.resolve(content.get("application/json", {}).get("schema", {}))
        schema = self.resolve(line or page["properties"]["items"]["items"])
        return {name: {"data_type": self.data_type(each)} for name, each in schema["properties"].items()}

    def resolve(self, schema: Row) -> Row:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def data_type(self, schema: Row) -> str:
        schema = self.resolve(schema)
        for word in ("anyOf", "oneOf"):
            choices = [self.resolve(each) for each in schema.get(word, [])]
            schema = next((each for each in choices if each.get("type") != "null"), schema)
        kind = schema.get("type", "string" if "enum" in schema or "const" in schema else "object")
        if isinstance(kind, list):
            kind = next(each for each in kind if each != "null")
        return "timestamp" if schema.get("format") == "date-time" else TYPES.get(kind, "json")


class News:
    """The change feed, read once a run for all kinds, from where the one goes on that is furthest behind."""

    def __init__(self, api: Api):
        self.api = api
        self.after: int | None = None
        self.last = 0
        # Kind -> id -> number of the last change, and whether it was a deletion.
        self.changed: dict[str, dict[str, tuple[int, bool]]] = {}

    def of(self, kind: str, after: int) -> tuple[list[str], list[str], int]:
        """Records of a kind that were written and deleted after a number, and the number up to which all is known."""
        if self.after is None or after < self.after:
            self.after = self.last = after
            self.changed = {}
            for page in self.api.changes(after):
                for it in page:
                    self.changed.setdefault(it["kind"], {})[it["id"]] = (it["seq"], it["op"] == "delete")
                self.last = page[-1]["seq"]
        found = [(record, gone) for record, (seq, gone) in self.changed.get(kind, {}).items() if seq > after]
        written, deleted = ([record for record, gone in found if gone == wanted] for wanted in (False, True))
        return written, deleted, max(self.last, after)


def moment(value: str | datetime) -> datetime:
    at = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
    return at.replace(tzinfo=timezone.utc) if at.tzinfo is None else at.astimezone(timezone.utc)


def midnight(at: datetime) -> datetime:
    """Windows begin with a day, so that a day of the agent summary is never cut."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dlt.source(name="touchline", max_table_nesting=0)
def touchline(
    base_url: str = dlt.config.value,
    token: str = dlt.secrets.value,
    start_date: str | datetime = "2020-01-01",
    end_date: str | datetime | None = None,
    look_back_days: int = 14,
    window_days: int = 7,
) -> DltSource:
    """All streams of a Touchline server; choose with `.with_resources("work_sessions", ...)`.

    `start_date` and `end_date` bound the reports; the latter is now unless given. `look_back_days` is how much of them is read
    again in each run: how long contacts stay open, and how late news of them may come.
    """
    api = Api(base_url, token)
    news = News(api)
    first, end = midnight(moment(start_date)), moment(end_date or datetime.now(timezone.utc))

    def records(kind: str, path: str) -> Iterator[Any]:
        state = dlt.current.resource_state()
        # Known before any record is read: what changes meanwhile comes again in the next run, never not at all.
        changed, deleted, last = news.of(kind, state.get("after", 0))
        if len(changed) > ONE_BY_ONE:
            for page in api.pages(path):
                # Numbers in some lists, texts in others: a table has one type.
                yield [row | {"id": str(row["id"])} for row in page["items"]]
        else:
            found = (api.record(path, record) for record in changed)
            yield [row | {"id": str(row["id"])} for row in found if row]
        yield [{"id": record, GONE: True} for record in deleted]
        state["after"] = last

    def changes() -> Iterator[Any]:
        state = dlt.current.resource_state()
        for page in api.changes(state.get("after", 0)):
            yield page
            state["after"] = page[-1]["seq"]

    def events() -> Iterator[Any]:
        state = dlt.current.resource_state()
        for page in api.pages("/events", state.get("cursor")):
            yield page["items"]
            state["cursor"] = page.get("last_cursor", state.get("cursor"))

    def report(path: str, **params: str) -> Iterator[Any]:
        state = dlt.current.resource_state()
        start = first
        if "until" in state:
            start = max(first, midnight(moment(state["until"]) - timedelta(days=look_back_days)))
        while start < end:
            until = min(start + timedelta(days=window_days), end)
            yield from api.lines(path, **{"from": written(start), "to": written(until)}, **params)
            start = until
        state["until"] = written(end)

    def of_contacts(path: str, key: Row) -> Iterator[Any]:
        """A report with rows of contacts, without those that have been erased; `key` is what a key has instead of nothing."""
        state = dlt.current.resource_state()
        # Known before the rows are read: who is erased before that is in none of them.
        _, erased, last = news.of("contact", state.get("after", 0))
        for rows in report(path):
            yield [row | {name: row[name] or value for name, value in key.items()} for row in rows]
        yield [{"contact_id": contact, GONE: True} | key for contact in erased]
        state["after"] = last

    def table(name: str, path: str, key: str | tuple[str, ...], **more: Any) -> Any:
        extra = more.pop("columns", {})
        columns = api.columns(path) | extra
        return {"name": name, "primary_key": key, "write_disposition": "merge", "columns": columns, **more}

    text = {"id": {"data_type": "text"}}
    for kind, name in RECORDS.items():
        yield dlt.resource(records(kind, f"/{name}"), **table(name, f"/{name}", "id", columns=TOMBSTONE | text))
    yield dlt.resource(changes(), **table("changes", "/changes", "seq"))
    yield dlt.resource(events(), **table("events", "/events", "id"))
    # All rows of a contact come together: what was there of it before goes, such as the row from when it was open, which has
    # no id yet, while a key has to be a text.
    path, key = "/reports/work-sessions", ("contact_id", "id")
    sessions = table("work_sessions", path, key, merge_key="contact_id", columns=TOMBSTONE)
    yield dlt.resource(of_contacts(path, {"id": ""}), **sessions)
    path = "/reports/contacts"
    yield dlt.resource(of_contacts(path, {}), **table("contact_report", path, "contact_id", columns=TOMBSTONE))
    path = "/reports/agent-summary"
    yield dlt.resource(report(path, zone="UTC"), **table("agent_summary", path, ("bucket_start", "agent_id")))
