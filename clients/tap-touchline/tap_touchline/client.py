"""The native API of a Touchline server, as far as a tap needs it: pages, streams of lines, and the shapes of rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

Row = dict[str, Any]
ROOT = "/api/touchline/v1"
PAGE = 1000
# Seconds without a byte. Reports send their first rows early.
TIMEOUT = 300


class Client:
    """Reads only, so whatever fails is asked again: a lost connection, 429, 5xx. A stream that breaks off is not."""

    def __init__(self, base_url: str, token: str, retries: int):
        self.base = base_url.rstrip("/") + ROOT
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        again = Retry(retries, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504))
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(max_retries=again))
        self._document: Row | None = None

    def get(self, path: str, **params: Any) -> Row:
        answer = self.session.get(self.base + path, params=params, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    def record(self, path: str, record: str) -> Row | None:
        """A record as it is now; `None` when it has gone meanwhile."""
        answer = self.session.get(f"{self.base}{path}/{quote(record, safe='')}", timeout=TIMEOUT)
        if answer.status_code in (404, 410):
            return None
        answer.raise_for_status()
        return answer.json()

    def pages(self, path: str, cursor: str | None = None) -> Iterator[Row]:
        """The pages of a list, from a cursor on."""
        while True:
            page = self.get(path, limit=PAGE, **({"cursor": cursor} if cursor else {}))
            yield page
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    def changes(self, after: int) -> Iterator[Row]:
        """All that has been committed after a change number, in order."""
        while True:
            page = self.get("/changes", after=after, limit=PAGE)
            yield from page["items"]
            if len(page["items"]) < PAGE:
                return
            after = page["last_seq"]

    def lines(self, path: str, **params: Any) -> Iterator[Row]:
        """The rows of a report, as they come."""
        with self.session.get(self.base + path, params=params, timeout=TIMEOUT, stream=True) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines(chunk_size=64 * 1024):
                if line:
                    yield json.loads(line)

    def columns(self, path: str) -> dict[str, Row]:
        """What the rows at a path consist of, by the server's own OpenAPI document, as Singer wants it."""
        if self._document is None:
            self._document = self.get("/openapi.json")
        content = self._document["paths"][ROOT + path]["get"]["responses"]["200"]["content"]
        line = next((each["x-item-schema"] for each in content.values() if "x-item-schema" in each), None)
        page = self._resolve(content.get("application/json", {}).get("schema", {}))
        schema = self._resolve(line or page["properties"]["items"]["items"])
        return {name: self._simple(each) for name, each in schema["properties"].items()}

    def _resolve(self, schema: Row) -> Row:
        while "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def _simple(self, schema: Row) -> Row:
        """A type that may be null. What is nested stays together: targets keep it as JSON."""
        schema = self._resolve(schema)
        for word in ("anyOf", "oneOf"):
            choices = [self._resolve(each) for each in schema.get(word, [])]
            schema = next((each for each in choices if each.get("type") != "null"), schema)
        kind = schema.get("type", "string" if "enum" in schema or "const" in schema else "object")
        if isinstance(kind, list):
            kind = next(each for each in kind if each != "null")
        simple: Row = {"type": [kind, "null"]}
        if schema.get("format") == "date-time":
            simple["format"] = "date-time"
        return simple
