"""The connectors that ship with Touchline load the same server, twice, with a failure in between; dbt answers from each warehouse.

    python connectors.py PROGRAM FOLDER

dlt-touchline and tap-touchline are installed from here as users install them; the manifest is run by airbyte-cdk. Between the
two loads records change, go and are erased, contacts end, and events come late. Then every table equals what the server says, and
the six questions and the service level, answered by dbt-touchline, equal what the events say (`truth.py`).

Prints a line of JSON with counts; any difference ends it with an error.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

os.environ |= {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__REQUEST_MAX_ATTEMPTS": "1", "RUNTIME__LOG_LEVEL": "CRITICAL"}
os.environ |= {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}

import dlt
import duckdb
import month
from real_server import NDJSON, Site, Wire
from truth import AGENT_COUNTS, FOREVER, Truth

CLIENTS = pathlib.Path(__file__).parent.parent
BIN = pathlib.Path(sys.executable).parent
DAYS = 5
SCHEMA = "touchline"
LISTS = ["users", "groups", "inboxes", "contacts", "topics", "scorecards", "evaluations", "feedback", "kpis", "observations"]


def install(folder: pathlib.Path) -> None:
    """Both packages, from copies, because building leaves things in a folder."""
    for name in ("dlt-touchline", "tap-touchline"):
        shutil.copytree(CLIENTS / name, folder / name)
    words = ["install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(folder / "site")]
    command = [sys.executable, "-m", "pip", *words, str(folder / "dlt-touchline"), str(folder / "tap-touchline")]
    subprocess.run(command, check=True)
    sys.path.insert(0, str(folder / "site"))
    os.environ["PYTHONPATH"] = str(folder / "site")


class Load:
    """A connector with its warehouse."""

    def __init__(self, wire: Wire, token: str, folder: pathlib.Path):
        self.wire, self.token, self.folder = wire, token, folder
        # Before the first contact, but not at midnight: days are whole all the same.
        self.start, self.end = month.text(month.FIRST_DAY + timedelta(hours=6.5)), month.text(month.FIRST_DAY + timedelta(days=DAYS))
        folder.mkdir()


class Dlt(Load):
    file = "dlt.duckdb"

    def run(self) -> bool:
        from dlt_touchline import touchline

        warehouse = dlt.destinations.duckdb(str(self.folder / self.file))
        pipeline = dlt.pipeline("touchline", destination=warehouse, dataset_name=SCHEMA, pipelines_dir=str(self.folder / "state"))
        try:
            # Making the source asks the server for its columns.
            pipeline.run(touchline(self.wire.base, self.token, start_date=self.start, end_date=self.end))
        except Exception as error:
            print(f"dlt: {str(error).strip().splitlines()[-1][:160]}", file=sys.stderr)
            return False
        return True


class Singer(Load):
    file = "singer.duckdb"

    def run(self) -> bool:
        tap, target, state = (self.folder / name for name in ("tap.json", "target.json", "state.json"))
        settings = {"base_url": self.wire.base, "token": self.token, "start_date": self.start, "end_date": self.end}
        tap.write_text(json.dumps(settings | {"retries": 0}))
        path = str(self.folder / self.file)
        target.write_text(json.dumps({"path": path, "default_target_schema": SCHEMA, "hard_delete": True}))
        command = f'"{sys.executable}" -m tap_touchline --config "{tap}"' + (f' --state "{state}"' if state.exists() else "")
        line = f'set -o pipefail; {command} | "{BIN}/target-duckdb" -c "{target}"'
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True)
        if done.stdout.strip():
            state.write_text(done.stdout.strip().splitlines()[-1])
        if done.returncode:
            print("Singer:", [it for it in done.stderr.splitlines() if "Error" in it][-1:], file=sys.stderr)
        return done.returncode == 0


class Airbyte(Load):
    file = "loaded.duckdb"
    runs = 0

    def run(self) -> bool:
        config = self.folder / "config.json"
        # Which rows of a contact are the newest is told by until when they were asked for; time goes on.
        self.runs += 1
        end = month.text(month.FIRST_DAY + timedelta(days=DAYS, minutes=self.runs))
        start, end = (it.replace(".000Z", "Z") for it in (self.start, end))
        config.write_text(json.dumps({"base_url": self.wire.base, "token": self.token, "start_date": start, "end_date": end}))
        words = [sys.executable, CLIENTS / "tests/airbyte_to_duckdb.py", config, self.folder, SCHEMA]
        return subprocess.run(words, stdout=subprocess.DEVNULL).returncode == 0


def furnish(site: Site) -> None:
    """Something of most kinds, in an organisation whose days are not those of UTC."""
    site.call("PUT", "/settings", {"time_zone": "America/Los_Angeles"})
    site.call("PUT", "/groups/team", {"name": "Service", "kind": "team"})
    for agent in month.AGENTS:
        site.call("PUT", f"/users/{agent}", {"email": f"{agent}@example.com", "first_name": agent, "team_id": "team"})
    for inbox in month.INBOXES:
        site.call("PUT", f"/inboxes/{inbox}", {"name": inbox, "agent_ids": month.AGENTS[:3]})
    for number, phrase in ((1, "too expensive"), (2, "said she")):
        site.call("PUT", f"/topics/{number}", {"name": phrase, "phrases": [phrase]})
    questions = [{"id": "q1", "text": "Polite?", "skills": ["tone"]}, {"id": "q2", "text": "Solved?"}]
    site.call("PUT", "/scorecards/s", {"name": "S", "scheme": "OneToThree", "questions": questions})
    site.call("PUT", "/kpis/1", {"description": "Handle time", "frequency": "DAILY", "target": 270})
    said = {"utterances": [{"start": 0, "end": 4, "speaker": 0, "text": "That is “too expensive”,\nsaid she"}]}
    contacts = [
        {"id": f"c-00-{n:02}", "started_at": f"2025-03-01T08:{n:02}:00Z", "agent_id": "agent-01", "metadata": {"n": n}}
        for n in range(0, 60, 3)
    ]
    # More than are asked for one by one.
    contacts += [{"id": f"x-{n:03}", "started_at": "2025-03-01T09:00:00Z", "transcript": said} for n in range(130)]
    site.call("POST", "/contacts", "\n".join(map(json.dumps, contacts)), NDJSON)
    for n in range(0, 30, 3):
        answers = [{"question_id": "q1", "answer": n % 3, "comment": "a, “b”"}, {"question_id": "q2", "answer": 1}]
        scored = {"contact_id": f"c-00-{n:02}", "scorecard_id": "s", "reviewer_id": "agent-02", "answers": answers}
        site.call("PUT", f"/evaluations/e-{n}", scored | {"scored_at": "2025-03-02T10:00:00Z"})
        given = {"contact_id": f"c-00-{n:02}", "author_id": "agent-02", "kind": "comment", "text": "Well done\n\t“äöü”"}
        site.call("PUT", f"/feedback/f-{n}", given | {"given_at": "2025-03-02T11:00:00Z"})
        seen = {"kpi_id": 1, "observer_id": "agent-02", "observed_id": "agent-01", "observed_at": f"2025-03-{n + 1:02}T10:00:00Z"}
        site.call("PUT", f"/observations/o-{n}", seen | {"value": 200 + n / 8})


def change(site: Site) -> set[str]:
    """What happens between two loads; returns the erased contacts."""
    site.call("PUT", "/users/agent-03", {"email": "other@example.com", "active": False})
    site.call("DELETE", "/topics/1")
    site.call("DELETE", "/evaluations/e-3")
    site.call("PUT", "/contacts/x-007", {"started_at": "2025-03-01T09:00:00Z", "metadata": {"changed": True}})
    site.call("PUT", "/contacts/new", {"started_at": "2025-03-04T09:00:00Z"})
    site.call("DELETE", "/contacts/x-100")
    erased = {"c-00-03", "c-00-30"}
    for contact in erased:
        site.call("DELETE", f"/contacts/{contact}")
    return erased | {"x-100"}


def pages(site: Site, path: str) -> list[dict]:
    rows, cursor = [], ""
    while cursor is not None:
        page = json.loads(site.call("GET", f"/{path}?limit=1000{cursor and '&cursor=' + cursor}"))
        rows += page["items"]
        cursor = page.get("next_cursor")
    return rows


def rows(db: duckdb.DuckDBPyConnection, sql: str) -> list[tuple]:
    return db.execute(sql).fetchall()


def same_records(site: Site, db: duckdb.DuckDBPyConnection, erased: set[str], keeps_tombstones: bool) -> int:
    """Every record with its place in the commit order, and nothing that is gone."""
    count = 0
    for name in LISTS:
        wanted = {(str(row["id"]), row["seq"]) for row in pages(site, name)}
        found = {(str(key), seq) for key, seq in rows(db, f"select id, seq from {SCHEMA}.{name}")}
        if not keeps_tombstones:
            # Airbyte's tables keep what is gone; the feed tells.
            kind = {"inboxes": "inbox"}.get(name, name.removesuffix("s"))
            gone = {key for (key,) in rows(db, f"select id from {SCHEMA}.changes where kind = '{kind}' and op = 'delete'")}
            found = {it for it in found if it[0] not in gone}
        assert wanted and found == wanted, f"{name}: {found ^ wanted}"
        count += len(wanted)
    events = {event["id"]: event["content"] for event in pages(site, "events")}
    loaded = {key: json.loads(content) for key, content in rows(db, f"select id, content::varchar from {SCHEMA}.events")}
    assert events.items() <= loaded.items(), "an event is missing or not as it was told"
    gone = {key for (key,) in rows(db, f"select id from {SCHEMA}.changes where kind = 'contact' and op = 'delete'")}
    assert gone == erased, gone
    [(metadata,)] = rows(db, f"select metadata::varchar from {SCHEMA}.contacts where id = 'x-007'")
    assert json.loads(metadata) == {"changed": True}
    return count + len(events)


def same_columns(site: Site, catalog: pathlib.Path) -> None:
    """The manifest's columns are those of the server's own document, besides what it adds itself."""
    from tap_touchline.client import Client

    client = Client(f"http://127.0.0.1:{site.address[1]}", site.token, retries=0)
    reports = {"work_sessions": "work-sessions", "contact_report": "contacts", "agent_summary": "agent-summary"}
    for configured in json.loads(catalog.read_text())["streams"]:
        stream = configured["stream"]
        name, found = stream["name"], set(stream["json_schema"]["properties"]) - {"pulled_until", "session_key"}
        wanted = set(client.columns(f"/reports/{reports[name]}" if name in reports else f"/{name}"))
        assert found == wanted, f"{name}: manifest.yaml has other columns than the server: {found ^ wanted}"


def same_days(db: duckdb.DuckDBPyConnection, truth: Truth) -> None:
    """What agents did each day of UTC, each day once."""
    counts = ", ".join(AGENT_COUNTS)
    start = "bucket_start" if "Singer" in str(rows(db, "pragma database_list")) else "bucket_start at time zone 'UTC'"
    found = {(str(at), agent): list(did) for at, agent, *did in rows(db, f"select {start}, agent_id, {counts} from {SCHEMA}.agent_summary")}
    did = {(f"{day} 00:00:00", agent): [count[name] for name in AGENT_COUNTS] for (day, agent), count in truth.agent_days().items()}
    assert did and all(found.get(key) == value for key, value in did.items()), "agent summary"
    assert all(at.endswith("00:00:00") for at, _ in found), "a day was cut"


def dbt(file: pathlib.Path, folder: pathlib.Path, **variables: object) -> None:
    project = CLIENTS / "dbt-touchline"
    command = [BIN / "dbt", "build", "--quiet", "--vars", json.dumps({"touchline_schema": SCHEMA} | variables)]
    where = {"DBT_PROJECT_DIR": project, "DBT_PROFILES_DIR": project, "TOUCHLINE_DUCKDB": file}
    where |= {"DBT_TARGET_PATH": folder / "target", "DBT_LOG_PATH": folder / "logs"}
    where = {name: str(path) for name, path in where.items()}
    done = subprocess.run(command, env=os.environ | where, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def same_answers(db: duckdb.DuckDBPyConnection, truth: Truth, sla: Callable[[dict], bool | None]) -> None:
    """The seed's six questions, and the service level, from the events."""
    contacts: dict[str, dict] = {}
    agents: dict[str, set[str]] = {}
    accepted: dict[str, int] = {}
    for (contact, agent), row in truth.work_sessions().items():
        contacts[contact] = row
        agents.setdefault(contact, set()).update({agent} - {None})
        if row["agent_accepted_at"] is not None:
            accepted[contact] = min(accepted.get(contact, FOREVER), row["agent_accepted_at"])
    ended = {key: row for key, row in contacts.items() if row["contact_session_ended_at"] is not None}

    def answer(sql: str) -> dict:
        return {str(key): value for key, value in rows(db, sql)}

    initiated = Counter(day(row["contact_session_created_at"]) for row in contacts.values())
    assert answer("select day, sum(contacts)::int from analytics.contacts_initiated group by 1") == initiated
    ends = Counter(day(row["contact_session_ended_at"]) for row in ended.values())
    assert answer("select day, sum(contacts)::int from analytics.contacts_ended group by 1") == ends
    of_conversations = Counter(row["conversation_id"] for row in contacts.values())
    assert answer("select conversation_id, contacts from analytics.contacts_per_conversation") == of_conversations
    begun = Counter(day(row["contact_session_created_at"]) for row in contacts.values() if row["direction"] == "OUTBOUND")
    assert answer("select day, sum(contacts)::int from analytics.outbound_started group by 1") == begun
    assert answer("select contact_id, agents from analytics.agents_per_contact") == {key: len(agents[key]) for key in ended}
    inbound = {key: row["contact_session_created_at"] for key, row in contacts.items() if row["direction"] == "INBOUND"}
    waits = [at - inbound[key] for key, at in accepted.items() if key in inbound]
    sql = "select sum(answered)::int, sum(average_speed_of_answer_seconds * answered) / sum(answered) from analytics.speed_of_answer"
    [(answered, speed)] = rows(db, sql)
    assert answered == len(waits) and abs(speed - sum(waits) / len(waits) / 1000) < 1e-6, (answered, speed)

    for name in ("handle", "after_contact", "unknown"):
        worked = Counter[str]()
        for (contact, _), row in truth.work_sessions().items():
            worked[contact] += row[f"work_session_{name}_time_sec"] or 0
        sql = f"select contact_id, round({name}_seconds * 1000)::bigint from analytics.contacts where ended_at is not null"
        assert answer(sql) == {key: worked[key] for key in ended}

    judged = {key: sla(row | {"first": accepted.get(key)}) for key, row in ended.items()}
    wanted = {key: verdict for key, verdict in judged.items() if verdict is not None}
    assert answer("select contact_id, attained from analytics.sla_contacts") == wanted
    [(attained, of)] = rows(db, "select sum(attained)::int, sum(contacts)::int from analytics.sla_attainment")
    assert (attained, of) == (sum(wanted.values()), len(wanted)) and 0 < attained < of


def answered_in_time(row: dict) -> bool | None:
    """The variables as they are shipped: inbound, 30 seconds or as the channel has it, who gives up at once does not count."""
    created = row["contact_session_created_at"]
    if row["direction"] != "INBOUND":
        return None
    if row["status"] == "ABANDONED" and row["contact_session_ended_at"] - created < 5_000:
        return None
    channels = {"EMAIL": 14400, "SMS": 300, "WHATSAPP": 300, "FB_MESSENGER": 300, "CHAT": 60}
    return row["first"] is not None and row["first"] - created <= 1000 * channels.get(row["channel"], 30)


def fulfilled_in_ten_minutes(row: dict) -> bool | None:
    """Another way: whatever was fulfilled, either direction."""
    at = row["sla_fulfilled_at"]
    return None if at is None else at - row["contact_session_created_at"] <= 600_000


def main(program: str, folder: pathlib.Path) -> None:
    folder.mkdir(exist_ok=True)
    install(folder)
    site = Site(program, folder)
    try:
        wire = Wire(site)
        furnish(site)
        story = month.Month(seed=2)
        told = [event for arrived in range(DAYS) for event in story.arrivals[arrived]]
        # Ends, starts and views of the first days are among what comes later.
        early, late = told[: len(told) // 2], told[len(told) // 2 :]
        site.tell(early)
        loads = [load(wire, site.token, folder / load.__name__) for load in (Dlt, Singer, Airbyte)]
        for load in loads:
            assert load.run(), "the first load"
        erased = change(site)
        site.tell([event for event in late if event["content"].get("contactId") not in erased])
        for load in loads:
            wire.accident = ("/reports/work-sessions", 3_000, lambda: None)
            assert not load.run(), "the connection was cut"
            assert wire.accident is None
            assert load.run(), "the second load"
            assert load.run(), "a load without news"
        # With those that Touchline has worked out itself of contacts of which nobody told.
        events = pages(site, "events")
        assert {it["id"] for it in told if it["content"].get("contactId") not in erased} < {it["id"] for it in events}
        truth = Truth(events, FOREVER)
        same_columns(site, loads[-1].folder / "catalog.json")
        records = 0
        for load in loads:
            file = load.folder / load.file
            with duckdb.connect(str(file), read_only=True) as db:
                same_days(db, truth)
                records += same_records(site, db, erased, not isinstance(load, Airbyte))
            dbt(file, load.folder)
            with duckdb.connect(str(file), read_only=True) as db:
                same_answers(db, truth, answered_in_time)
        ways = {"sla_measure": "fulfilled", "sla_base": "reached", "sla_direction": "any", "sla_short_abandon_seconds": 0}
        ways |= {"sla_seconds": 600, "sla_seconds_by_channel": {}, "sla_by": ["inbox_id"], "time_zone": "UTC"}
        dbt(file, load.folder, **ways)
        with duckdb.connect(str(file), read_only=True) as db:
            same_answers(db, truth, fulfilled_in_ten_minutes)
    finally:
        site.kill()
    print(json.dumps({"records": records, "events": len(events), "contacts": len(truth.contacts), "erased": len(erased)}))


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
