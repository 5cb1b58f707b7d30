"""The tap: its settings and its streams."""

from __future__ import annotations

from functools import cached_property

from singer_sdk import Stream, Tap
from singer_sdk import typing as th

from tap_touchline import streams
from tap_touchline.client import Client, Row


class TapTouchline(Tap):
    """Reads a Touchline server's native API."""

    name = "tap-touchline"
    config_jsonschema = th.PropertiesList(
        th.Property("base_url", th.StringType, required=True, description="Such as https://touchline.example.com"),
        th.Property("token", th.StringType, required=True, secret=True, description="A native credential's token"),
        th.Property("start_date", th.DateTimeType, required=True, description="Reports begin here: midnight, UTC"),
        th.Property("end_date", th.DateTimeType, description="Reports end here; now unless given"),
        th.Property(
            "look_back_days",
            th.IntegerType,
            default=14,
            description="Days of reports read again: how long contacts stay open, and how late news of them may come",
        ),
        th.Property("retries", th.IntegerType, default=5, description="How often a request that fails is sent again"),
        th.Property("window_days", th.IntegerType, default=7, description="Days of a report asked for at once"),
    ).to_dict()

    @cached_property
    def client(self) -> Client:
        return Client(self.config["base_url"], self.config["token"], self.config["retries"])

    def discover_streams(self) -> list[Stream]:
        records = [streams.Records(self, kind) for kind in streams.RECORDS]
        others = (streams.Changes, streams.Events, streams.WorkSessions, streams.ContactReport, streams.AgentSummary)
        return [*records, *(stream(self) for stream in others)]

    def news(self, kind: str, after: int) -> tuple[list[Row], int]:
        """The last change after a number of each record of a kind, and the number up to which all is known.

        The feed is read once for all kinds, from where the one goes on that is furthest behind."""
        if self._news is None or after < self._news_after:
            self._news, self._news_after, self._news_last = {}, after, after
            for change in self.client.changes(after):
                self._news.setdefault(change["kind"], {})[change["id"]] = change
                self._news_last = change["seq"]
        changed = self._news.get(kind, {}).values()
        return [change for change in changed if change["seq"] > after], max(self._news_last, after)

    # Kind -> id -> last change.
    _news: dict[str, dict[str, Row]] | None = None
    _news_after = _news_last = 0
