"""The tap: its settings and its streams."""

from __future__ import annotations

from functools import cached_property

from singer_sdk import Stream, Tap
from singer_sdk import typing as th

from tap_touchline import streams
from tap_touchline.client import Client


class TapTouchline(Tap):
    """Reads a Touchline server's native API."""

    name = "tap-touchline"
    config_jsonschema = th.PropertiesList(
        th.Property("base_url", th.StringType, required=True, description="Such as https://touchline.example.com"),
        th.Property("token", th.StringType, required=True, secret=True, description="A native credential's token"),
        th.Property("start_date", th.DateTimeType, required=True, description="Reports begin here: midnight, UTC"),
        th.Property("end_date", th.DateTimeType, description="Reports end here; now unless given"),
        th.Property("look_back_days", th.IntegerType, default=3, description="How late events may come"),
        th.Property(
            "contact_look_back_days",
            th.IntegerType,
            default=14,
            description="How long a contact may stay open, for the contact report",
        ),
        th.Property("window_days", th.IntegerType, default=7, description="Days of a report asked for at once"),
    ).to_dict()

    @cached_property
    def client(self) -> Client:
        return Client(self.config["base_url"], self.config["token"])

    def discover_streams(self) -> list[Stream]:
        records = [streams.Records(self, kind) for kind in streams.RECORDS]
        others = (streams.Changes, streams.Events, streams.WorkSessions, streams.ContactReport, streams.AgentSummary)
        return [*records, *(stream(self) for stream in others)]

    def news(self, kind: str, after: int) -> tuple[dict[str, str], int]:
        """Records of a kind that have changed after a number, each with when, and the number up to which that is known.

        The feed is read once for all kinds, from where the one goes on that is furthest behind."""
        if self._news is None or after < self._news_after:
            self._news, self._news_after, self._news_last = {}, after, after
            for change in self.client.changes(after):
                self._news.setdefault(change["kind"], {})[change["id"]] = (change["seq"], change["at"])
                self._news_last = change["seq"]
        changed = self._news.get(kind, {}).items()
        return {record: at for record, (seq, at) in changed if seq > after}, max(self._news_last, after)

    # Kind -> id -> number and time of the last change.
    _news: dict[str, dict[str, tuple[int, str]]] | None = None
    _news_after = _news_last = 0
