"""The streams: records by the change feed, events in the order of arrival, reports by windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from singer_sdk import Stream

from tap_touchline.client import PAGE

if TYPE_CHECKING:
    from singer_sdk.helpers.types import Context

    from tap_touchline.client import Row
    from tap_touchline.tap import TapTouchline

# Name in the change feed -> address of the records.
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
# So many changed records are asked for one by one; of more, the whole list is read, which costs less.
ONE_BY_ONE = 100


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def midnight(at: datetime) -> datetime:
    """Windows begin with a day, so that a day of the agent summary is never cut."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class TouchlineStream(Stream):
    """What the streams share."""

    path = ""
    _tap: TapTouchline

    def columns(self) -> Row:
        return self._tap.client.columns(self.path)

    @property
    def schema(self) -> Row:
        if self._columns is None:
            self._columns = {"type": "object", "properties": self.columns()}
        return self._columns

    def __init__(self, tap: TapTouchline):
        self._tap, self._columns = tap, None
        super().__init__(tap)

    def done(self, **state: Any) -> None:
        """All rows up to here have been given out: from here on the next run goes on."""
        self.stream_state.update(state)
        self.state_manager.is_flushed = False
        self._write_state_message()


class Changes(TouchlineStream):
    """The change feed itself: who follows it knows of every write and every deletion."""

    name = "changes"
    path = "/changes"
    primary_keys = ("seq",)

    def get_records(self, context: Context | None) -> Iterator[Row]:
        last = self.stream_state.get("after", 0)
        for count, change in enumerate(self._tap.client.changes(last), 1):
            yield change
            last = change["seq"]
            if count % PAGE == 0:
                self.done(after=last)
        self.done(after=last)


class Records(TouchlineStream):
    """Records of one kind. One that is gone comes as a row with nothing but its key and `_sdc_deleted_at`."""

    primary_keys = ("id",)

    def __init__(self, tap: TapTouchline, kind: str):
        self.kind, self.name = kind, RECORDS[kind]
        self.path = f"/{self.name}"
        super().__init__(tap)

    def columns(self) -> Row:
        return super().columns() | {"_sdc_deleted_at": {"type": ["string", "null"], "format": "date-time"}}

    def get_records(self, context: Context | None) -> Iterator[Row]:
        client = self._tap.client
        # Known before any record is read: what changes meanwhile comes again in the next run, never not at all.
        news, last = self._tap.news(self.kind, self.stream_state.get("after", 0))
        changed = [change["id"] for change in news if change["op"] == "put"]
        if len(changed) > ONE_BY_ONE:
            for page in client.pages(self.path):
                yield from page["items"]
        else:
            yield from filter(None, (client.record(self.path, record) for record in changed))
        number = int if "integer" in self.schema["properties"]["id"]["type"] else str
        for change in news:
            if change["op"] == "delete":
                yield {"id": number(change["id"]), "_sdc_deleted_at": change["at"]}
        self.done(after=last)


class Events(TouchlineStream):
    """What happened in the contact centre, as it was told."""

    name = "events"
    path = "/events"
    primary_keys = ("id",)

    def get_records(self, context: Context | None) -> Iterator[Row]:
        for page in self._tap.client.pages(self.path, self.stream_state.get("cursor")):
            yield from page["items"]
            if page.get("last_cursor"):
                self.done(cursor=page["last_cursor"])


class Report(TouchlineStream):
    """A report. Each run reads the time since the last one, and a look-back: reports are an hour behind, events come late,
    contacts end on a later day, and the time worked after a contact's end still grows."""

    params: Mapping[str, str] = {}

    def windows(self) -> Iterator[tuple[datetime, datetime]]:
        config: Mapping[str, Any] = self.config
        end = instant(config["end_date"]) if config.get("end_date") else datetime.now(timezone.utc)
        start = midnight(instant(config["start_date"]))
        if "until" in self.stream_state:
            back = instant(self.stream_state["until"]) - timedelta(days=config["look_back_days"])
            start = max(start, midnight(back))
        while start < end:
            until = min(start + timedelta(days=config["window_days"]), end)
            yield start, until
            start = until

    def columns(self) -> Row:
        return super().columns() | {"pulled_at": {"type": ["string", "null"], "format": "date-time"}}

    def get_records(self, context: Context | None) -> Iterator[Row]:
        for start, until in self.windows():
            pulled = {"pulled_at": written(datetime.now(timezone.utc))}
            for row in self._tap.client.lines(self.path, **self.params, **{"from": written(start), "to": written(until)}):
                yield row | pulled
            self.done(until=written(until))


class WorkSessions(Report):
    """Work sessions. An open contact's row has no id: `session_key` is the id or `open`, because targets want a key.

    All rows of a contact come in one window, so those with its newest `pulled_at` are the ones that hold."""

    name = "work_sessions"
    path = "/reports/work-sessions"
    primary_keys = ("contact_id", "session_key")

    def columns(self) -> Row:
        return super().columns() | {"session_key": {"type": ["string"]}}

    def post_process(self, row: Row, context: Context | None = None) -> Row:
        return row | {"session_key": row["id"] or "open"}


class ContactReport(Report):
    """Contacts with their times. A contact stays at its start, whenever it ends."""

    name = "contact_report"
    path = "/reports/contacts"
    primary_keys = ("contact_id",)


class AgentSummary(Report):
    """What agents did each day (UTC)."""

    name = "agent_summary"
    path = "/reports/agent-summary"
    params = {"zone": "UTC"}
    primary_keys = ("bucket_start", "agent_id")
