"""Two data teams load a month, a run a day, while things break. In the end both warehouses must equal the truth.

    python warehouse_month.py PROGRAM FOLDER

One team uses dlt's generic REST source on the Gladly reports (`pull_reports.py`), the other tap-touchline into the Singer target
`target-duckdb`. The server's clock cannot be set, so the month is made by what arrives: before the run of a day exactly the
events that arrive on that day are sent, and the run is told that its "now" is the day's end.

Things that break: the server is killed while it takes events and while it answers, it is away during a run, an answer is cut, a
client is killed between pulling and loading, or while it pulls; runs are left out and repeated. Contacts are erased.

Prints a line of JSON with counts; any difference ends it with an error.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

# Before dlt is imported: nothing is told to anybody, and a request that fails has failed.
os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__REQUEST_MAX_ATTEMPTS": "1", "RUNTIME__LOG_LEVEL": "CRITICAL"}

import duckdb
import month
import pull_reports
from real_server import Site, Wire
from truth import AGENT_COUNTS, FOREVER, Truth

HERE = pathlib.Path(__file__).parent
os.environ["PYTHONPATH"] = str(HERE.parent / "tap-touchline")
# Columns of the contract -> columns of the native report.
NATIVE_SESSIONS = {
    "contact_session_id": "contact_id",
    "contact_session_created_at": "created_at",
    "contact_session_routed_at": "routed_at",
    "sla_fulfilled_at": "fulfilled_at",
    "contact_session_ended_at": "ended_at",
    "work_session_handle_time_sec": "handle_seconds",
    "work_session_after_contact_time_sec": "after_contact_seconds",
    "work_session_unknown_time_sec": "unknown_seconds",
}
NATIVE_CONTACTS = {
    "Contact ID": "contact_id",
    "Queued At": "created_at",
    "Customer ID": "customer_id",
    "Conversation ID": "conversation_id",
    "Channel": "channel",
    "Direction": "direction",
    "Due At": "due_at",
    "First Accepted At": "first_accepted_at",
    "First Accepted Agent ID": "first_accepted_agent_id",
    "Fulfilled At": "fulfilled_at",
    "Fulfilled Type": "fulfilled_type",
    "Fulfilled Before Due": "within_sla",
    "Ended At": "ended_at",
    "Ended Status": "status",
    "Ended Reason": "end_reason",
    "Inbox ID - Created": "inbox_created_id",
    "Inbox ID - Current": "inbox_current_id",
    "Queued-to-First Accepted Time in seconds": "queued_to_accepted_seconds",
    "Queued-to-Fulfilled Time in seconds": "queued_to_fulfilled_seconds",
    "Queued-to-Ended Time in seconds": "queued_to_ended_seconds",
    "First Accepted-to-Fulfilled Time in seconds": "accepted_to_fulfilled_seconds",
    "Handle Time in seconds": "handle_seconds",
    "After Contact Time in seconds": "after_contact_seconds",
    "Hold Time in seconds": "hold_seconds",
    "Talk Time in seconds": "talk_seconds",
    "Transfers": "transfers",
}


class Team:
    """A client with a warehouse; counts its runs."""

    def __init__(self, site: Site, wire: Wire, folder: pathlib.Path):
        self.site, self.wire, self.folder = site, wire, folder
        self.runs = self.failed = 0
        folder.mkdir()

    def run(self, until: str) -> bool:
        well = self.pull(until)
        self.runs += 1
        self.failed += not well
        return well

    def pull(self, until: str, dies: bool = False) -> bool:
        raise NotImplementedError


class Dlt(Team):
    """dlt's generic REST source."""

    def __init__(self, site: Site, wire: Wire, folder: pathlib.Path):
        super().__init__(site, wire, folder)
        made = json.loads(site.call("POST", "/credentials", {"dialect": "gladly", "name": "warehouse"}))
        self.access = (wire.base, made["login"], made["secret"], site.token)

    def pull(self, until: str, dies: bool = False) -> bool:
        if dies:
            words = [sys.executable, HERE / "pull_reports.py", *self.access, self.folder, until, "die"]
            return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
        try:
            pull_reports.run(*self.access, self.folder, until)
        except Exception as error:
            # Whatever goes wrong in a run, the next one has to cope with it.
            print(f"dlt, {until}: {str(error).strip().splitlines()[-1][:160]}", file=sys.stderr)
            return False
        return True


class Singer(Team):
    """tap-touchline | target-duckdb, and between runs a file with the last state that the target has acknowledged."""

    def __init__(self, site: Site, wire: Wire, folder: pathlib.Path):
        super().__init__(site, wire, folder)
        self.state = folder / "state.json"
        target = {"path": str(folder / "singer.duckdb"), "default_target_schema": "touchline", "hard_delete": True}
        (folder / "target.json").write_text(json.dumps(target))

    def pull(self, until: str, dies: bool = False) -> bool:
        config = {"base_url": self.wire.base, "token": self.site.token, "start_date": pull_reports.SINCE, "end_date": until}
        config |= {"retries": 0, "look_back_days": 12, "window_days": 5}
        (self.folder / "tap.json").write_text(json.dumps(config))
        words = [sys.executable, "-m", "tap_touchline", "--config", self.folder / "tap.json"]
        if self.state.exists():
            words += ["--state", self.state]
        with (
            open(self.folder / "log", "a") as log,
            subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log) as tap,
            subprocess.Popen(
                [pathlib.Path(sys.executable).with_name("target-duckdb"), "-c", self.folder / "target.json"],
                stdin=tap.stdout,
                stdout=subprocess.PIPE,
                stderr=log,
            ) as target,
        ):
            tap.stdout.close()
            if dies:
                # While the reports come: the target has other rows by then.
                self.wire.accident = ("/reports/contacts", 1_500, target.kill)
            states = target.stdout.read().decode().splitlines()
        if states and states[-1].strip():
            self.state.write_text(states[-1])
        return tap.returncode == 0 and target.returncode == 0


class Story:
    """The month, day by day."""

    def __init__(self, program: str, folder: pathlib.Path):
        self.site = Site(program, folder)
        self.wire = Wire(self.site)
        self.month = month.Month()
        self.told: list[dict] = []
        self.erased: set[str] = set()
        self.teams: list[Team] = [team(self.site, self.wire, folder / team.__name__) for team in (Dlt, Singer)]
        for agent in month.AGENTS:
            self.site.call("PUT", f"/users/{agent}", {"email": f"{agent}@example.com"})
        for inbox in month.INBOXES:
            self.site.call("PUT", f"/inboxes/{inbox}", {"name": inbox.removeprefix("inbox-").capitalize()})

    def restart(self) -> None:
        self.site.kill()
        self.site.start()

    def runs(self, until: str, breaks: Callable[[], None] | None = None) -> list[bool]:
        """A run of each team; with `breaks`, an answer ends early and that is done."""
        if breaks is None:
            results: dict[Team, bool] = {}
            threads = [threading.Thread(target=lambda it=it: results.update({it: it.run(until)})) for it in self.teams]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            return [results[it] for it in self.teams]
        results = []
        for team in self.teams:
            self.wire.accident = ("/reports", 1_500, breaks)
            results.append(team.run(until))
            assert self.wire.accident is None, "nothing broke"
        return results

    def erase(self, day: int) -> None:
        """A customer wants to be forgotten: a contact of the day before."""
        contact = f"c-{day - 1:02}-07"
        self.site.call("PUT", f"/contacts/{contact}", {"started_at": month.text(month.FIRST_DAY), "channel": "chat"})
        self.site.call("DELETE", f"/contacts/{contact}")
        self.erased.add(contact)

    def tell(self, day: int) -> None:
        # What is about an erased contact is refused for good.
        events = [it for it in self.month.arrivals[day] if it["content"].get("contactId") not in self.erased]
        if day == 5:
            # Only half of it arrives before the server dies; all of it is sent again.
            self.site.tell(events[: len(events) // 2])
            self.restart()
        summary = self.site.tell(events)
        assert summary["refused"] == 0 and summary["unchanged"] == (len(events) // 2 if day == 5 else 0), summary
        self.told += events

    def day(self, day: int) -> None:
        until = (month.FIRST_DAY + timedelta(days=day + 1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.tell(day)
        if day in (4, 14, 25):
            self.erase(day)
        if day == 3:
            self.site.kill()
            assert self.runs(until) == [False, False], "the server is away"
            self.site.start()
        elif day == 6:
            assert self.runs(until, self.restart) == [False, False], "the server was killed"
            assert self.runs(until) == [True, True]
        elif day == 9:
            assert self.runs(until, lambda: None) == [False, False], "the connection was cut"
        elif day == 12:
            # The client dies: between pulling and loading; while it loads.
            assert [it.pull(until, dies=True) for it in self.teams] == [False, False]
            assert self.wire.accident is None
        elif day in (20, 21):
            pass  # A weekend on which nobody looks after the job.
        else:
            again = 3 if day == 18 else 1
            assert [self.runs(until) for _ in range(again)] == [[True, True]] * again


def plain(value: object) -> object:
    """As the truth has it: milliseconds, texts, numbers, booleans."""
    if isinstance(value, datetime):
        at = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return round(at.timestamp() * 1000)
    if value in ("true", "false"):
        return value == "true"
    return value


def duration(value: object) -> int | None:
    """Seconds as milliseconds."""
    return None if value is None else int(Decimal(str(value)) * 1000)


def read(db: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    found = db.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def compare(what: str, rows: list[dict], key: Callable[[dict], object], truth: dict, names: dict[str, str]) -> int:
    """Every row and every value; `names` are those of the warehouse."""
    found = {key(row): row for row in rows}
    assert len(found) == len(rows), f"{what}: a key comes twice"
    assert found.keys() == truth.keys(), f"{what}: missing {truth.keys() - found.keys()}, extra {found.keys() - truth.keys()}"
    count = 0
    for it, wanted in truth.items():
        for column, value in wanted.items():
            seconds = column.endswith(("_sec", "in seconds"))
            cell = found[it][names[column]]
            got = duration(cell) if seconds else int(cell) if column == "Transfers" else plain(cell)
            assert got == value, f"{what}: {it}: {column} is {got}, should be {value}"
            count += 1
    return count


def compare_agents(rows: list[dict], truth: Truth) -> int:
    """What agents did each day; days on which an agent did nothing of the kind have zeros or no row."""
    days = truth.agent_days()
    found = {(str(row["bucket_start"].date()), row["agent_id"]): row for row in rows}
    assert len(found) == len(rows) and found.keys() >= days.keys(), days.keys() - found.keys()
    for key, row in found.items():
        for name in AGENT_COUNTS:
            assert row[name] == days[key][name], f"{key}: {name} is {row[name]}, should be {days[key][name]}"
    return len(found) * len(AGENT_COUNTS)


def dlt_names(columns: list[str]) -> dict[str, str]:
    """As dlt spells them."""
    return {it: re.sub("[^a-z0-9]+", "_", it.lower()) for it in columns}


def check(story: Story, folder: pathlib.Path) -> dict:
    told = [it for it in story.told if it["content"].get("contactId") not in story.erased]
    truth = Truth(told, FOREVER)
    sessions, contacts = truth.work_sessions(), truth.contact_export()
    some_session, some_contact = next(iter(sessions.values())), next(iter(contacts.values()))
    values = 0

    gone = "select id from {}.changes where kind = 'contact' and op = 'delete'"
    with duckdb.connect(str(folder / "Dlt/reports.duckdb"), read_only=True) as db:
        gone_here = gone.format("gladly")
        rows = read(db, f"select * from gladly.work_sessions where contact_session_id not in ({gone_here})")
        names = dlt_names(list(some_session))
        values += compare("dlt, work sessions", rows, lambda it: (it["contact_session_id"], it["agent_id"]), sessions, names)
        ids = {row["id"] for row in rows if row["contact_session_ended_at"] is not None}
        assert all(len(it) == 22 for it in ids), "ids are 22 characters"
        assert len(ids) == sum(it["contact_session_ended_at"] is not None for it in sessions.values()), "each has its own"
        rows = read(db, f"select * from gladly.contact_export where contact_id not in ({gone_here})")
        names = dlt_names(list(some_contact))
        values += compare("dlt, contact export", rows, lambda it: it["contact_id"], contacts, names)
        assert {it["id"] for it in read(db, gone_here)} == story.erased

    with duckdb.connect(str(folder / "Singer/singer.duckdb"), read_only=True) as db:
        gone_here = gone.format("touchline")
        latest = f"""select * from touchline.work_sessions where contact_id not in ({gone_here})
            qualify pulled_at = max(pulled_at) over (partition by contact_id)"""
        names = {it: NATIVE_SESSIONS.get(it, it) for it in some_session}
        rows = read(db, latest)
        native = compare("Singer, work sessions", rows, lambda it: (it["contact_id"], it["agent_id"]), sessions, names)
        rows = read(db, f"select * from touchline.contact_report where contact_id not in ({gone_here})")
        known = {key: {it: row[it] for it in row if it in NATIVE_CONTACTS} for key, row in contacts.items()}
        native += compare("Singer, contact report", rows, lambda it: it["contact_id"], known, NATIVE_CONTACTS)
        assert {it["id"] for it in read(db, gone_here)} == story.erased
        native += compare_agents(read(db, "select * from touchline.agent_summary"), truth)
        loaded = {it["id"]: (it["type"], json.loads(it["content"])) for it in read(db, "select * from touchline.events")}
        assert loaded.keys() >= {it["id"] for it in told}, "the feed lost events"
        assert all(loaded[it["id"]][0] == it["type"] for it in told)
        changes = [it["seq"] for it in read(db, "select seq from touchline.changes order by seq")]
    newest = json.loads(story.site.call("GET", f"/changes?after={changes[-1]}"))
    assert newest["items"] == [], "the feed was read to its end"
    return {
        "events": len(told),
        "work_sessions": len(sessions),
        "open": sum(it["contact_session_ended_at"] is None for it in sessions.values()),
        "contacts": len(contacts),
        "erased": len(story.erased),
        "changes": len(changes),
        "values": values + native,
        "runs": [it.runs for it in story.teams],
        "failed": [it.failed for it in story.teams],
    }


def main(program: str, folder: pathlib.Path) -> None:
    folder.mkdir(exist_ok=True)
    story = Story(program, folder)
    try:
        for day in range(month.DAYS):
            story.day(day)
        print(json.dumps(check(story, folder)))
    finally:
        story.site.kill()


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
