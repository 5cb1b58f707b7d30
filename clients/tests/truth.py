"""What the reports of a contact centre must say, worked out from its events by the published formulas, row by row.

Written from the contract of the Gladly reports (`gladly` §4 to §6, §8, X-8, X-11, R-3 to R-14) and from nothing else: it shares
no line with the server. Times are exact milliseconds. Merged customers and the assignment mode (an organisation without
any views) are left out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

RANK = "PHONE_CALL CHAT FB_MESSENGER INSTAGRAM_DIRECT WHATSAPP SMS TWITTER EMAIL VOICEMAIL ABANDONED_CALL".split()
AGENT_COUNTS = ("offered", "accepted", "declined", "missed", "started", "transferred", "message_sent")
FOREVER = 1 << 60

Span = tuple[int, int]


def ms(text: str) -> int:
    """Milliseconds since 1970."""
    at = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (at.days * 86_400 + at.seconds) * 1000 + at.microseconds // 1000


def union(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(it for it in spans if it[0] < it[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def without(span: Span, holes: Iterable[Span]) -> list[Span]:
    rest, start = [], span[0]
    for hole in union(holes):
        if hole[0] >= span[1]:
            break
        if hole[0] > start:
            rest.append((start, hole[0]))
        start = max(start, hole[1])
    return [*rest, (start, span[1])] if start < span[1] else rest


def shared(one: list[Span], other: list[Span]) -> int:
    """How long both lists hold; spans within a list do not overlap."""
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in other)


class Contact:
    """What its own events say about a contact."""

    def __init__(self, events: list[dict]):
        start = next(it for it in events if it["type"] == "CONTACT/STARTED")
        content, initiator = start["content"], start["initiator"]
        self.id: str = content["contactId"]
        self.channel: str = content["channel"]
        self.customer: str = content["customerId"]
        self.conversation: str = content["conversationId"]
        self.created = ms(start["timestamp"])
        self.inbox: str = content["context"]["assignee"]["inboxId"]
        self.due = ms(content["dueAt"]) if "dueAt" in content else None
        self.inbound = initiator["type"] in ("CUSTOMER", "INTERNAL", "EXTERNAL")
        self.initiator: str = initiator["type"].capitalize()
        # Whose outbound contact it is.
        self.starter = initiator["id"] if initiator["type"] == "AGENT" else None
        self.events = events

        first = self.first("ENDED")
        self.ended = ms(first["timestamp"]) if first else None
        self.status = first["content"]["status"] if first else None
        self.reason = first["content"].get("reason") if first else None
        fulfilled = self.first("FULFILLED")
        self.fulfilled = ms(fulfilled["timestamp"]) if fulfilled else None
        self.fulfilled_type = fulfilled["content"]["fulfilledType"] if fulfilled else None
        offer = self.first("OFFERED") or self.first("OFFER_ACCEPTED")
        self.routed = ms(offer["timestamp"]) if offer and self.inbound else None
        # Agent -> when and in which inbox they first accepted.
        self.accepted: dict[str, tuple[int, str]] = {}
        self.workers: set[str] = set()
        for event in events:
            what, by = event["type"].removeprefix("CONTACT/"), event["initiator"]
            if what == "OFFER_ACCEPTED":
                agent, inbox = event["content"]["agentId"], event["content"]["context"]["assignee"]["inboxId"]
                self.accepted.setdefault(agent, (ms(event["timestamp"]), inbox))
                self.workers.add(agent)
            elif by["type"] == "AGENT" and (what in ("JOINED", "MESSAGE_SENT") or (what == "STARTED" and not self.inbound)):
                self.workers.add(by["id"])

    def first(self, kind: str) -> dict | None:
        return next((it for it in self.events if it["type"] == f"CONTACT/{kind}"), None)

    @property
    def span(self) -> Span:
        return (self.created, FOREVER if self.ended is None else self.ended)

    @property
    def priority(self) -> tuple[int, int, str]:
        """The smaller one gets the view."""
        return (RANK.index(self.channel), self.created, self.id)

    @property
    def within_sla(self) -> bool | None:
        return None if self.fulfilled is None or self.due is None else self.fulfilled <= self.due

    def hold(self) -> int:
        total, since = 0, None
        for event in self.events:
            at = min(ms(event["timestamp"]), self.span[1])
            if event["type"] == "CONTACT/HOLD_STARTED" and since is None:
                since = at
            elif event["type"] == "CONTACT/HOLD_ENDED" and since is not None:
                total, since = total + at - since, None
        return total + (self.span[1] - since if since is not None else 0)


class Truth:
    """The world that the events tell of, all of them visible. Give the events in the order of their arrival."""

    def __init__(self, events: list[dict], horizon: int):
        by_contact, self.closed = defaultdict(list), defaultdict(list)
        views = defaultdict(list)
        # Equal times: order of arrival, which a stable sort keeps.
        for event in sorted(events, key=lambda it: ms(it["timestamp"])):
            content = event["content"]
            if event["type"].startswith("CONTACT/"):
                by_contact[content["contactId"]].append(event)
            elif event["type"] == "CONVERSATION/CLOSED":
                self.closed[content["conversationId"]].append(ms(event["timestamp"]))
            elif event["type"] == "X_AGENT_VIEW":
                span = (ms(content["startAt"]), ms(content["endAt"]))
                views[content["customerId"], content["agentId"]].append(span)
        told = {key: it for key, it in by_contact.items() if any(e["type"] == "CONTACT/STARTED" for e in it)}
        self.contacts = {key: Contact(it) for key, it in told.items()}
        self.horizon = horizon
        self.views: dict[str, dict[str, list[Span]]] = defaultdict(dict)
        for (customer, agent), spans in views.items():
            self.views[customer][agent] = union((start, min(end, horizon)) for start, end in spans)
        self.of_customer: dict[str, list[Contact]] = defaultdict(list)
        for contact in self.contacts.values():
            self.of_customer[contact.customer].append(contact)

    def times(self, it: Contact, agent: str) -> tuple[int, int, int]:
        """Handle, after-contact and unknown time of an agent on an ended contact (X-8)."""
        others = [other for other in self.of_customer[it.customer] if other is not it]
        views = self.views[it.customer].get(agent, [])
        own = without(it.span, (other.span for other in others if other.priority < it.priority))
        handle = shared(views, own)
        stops = [at for at in self.closed[it.conversation] if at >= it.ended]
        stops += [other.created for other in others if other.created >= it.ended]
        after = (it.ended, min([*stops, self.horizon]))
        # A view counts for an open contact before it counts for an ended one.
        rest = shared(views, without(after, (other.span for other in others)) if after[0] < after[1] else [])
        return (handle, rest, 0) if handle else (0, 0, rest)

    def loses_agent(self, it: Contact, agent: str) -> bool:
        """9.9, R-3: of outbound contacts of one agent with one customer at the same time, one has the agent."""
        return agent == it.starter and any(
            other is not it
            and other.starter == agent
            and other.priority < it.priority
            and other.created < it.span[1]
            and it.created < other.span[1]
            for other in self.of_customer[it.customer]
        )

    def sessions(self, it: Contact) -> dict[str | None, tuple[int, int, int] | None]:
        """Agent -> times; `None` for nobody."""
        if it.ended is None:
            return {None: None}
        found: dict[str | None, tuple[int, int, int] | None] = {}
        for agent in it.workers | self.views[it.customer].keys():
            times = self.times(it, agent)
            if (agent in it.workers or any(times)) and not self.loses_agent(it, agent):
                found[agent] = times
        return found or {None: (0, 0, 0)}

    def work_sessions(self) -> dict[tuple[str, str | None], dict]:
        """(contact, agent) -> the columns of §4 but `id`."""
        rows = {}
        for it in self.contacts.values():
            for agent, times in self.sessions(it).items():
                accepted = it.accepted.get(agent, (None, None)) if agent else (None, None)
                rows[it.id, agent] = {
                    "contact_session_id": it.id,
                    "contact_session_created_at": it.created,
                    "customer_id": it.customer,
                    "conversation_id": it.conversation,
                    "inbox_id": it.inbox,
                    "channel": it.channel,
                    "direction": "INBOUND" if it.inbound else "OUTBOUND",
                    "agent_accepted_at": accepted[0],
                    "contact_session_routed_at": it.routed,
                    "agent_id": agent,
                    "sla_fulfilled_at": it.fulfilled,
                    "contact_session_ended_at": it.ended,
                    "status": it.status,
                    "within_sla": it.within_sla,
                    "work_session_handle_time_sec": times and times[0],
                    "work_session_after_contact_time_sec": times and times[1],
                    "work_session_unknown_time_sec": times and times[2],
                    "accepted_inbox_id": accepted[1],
                }
        return rows

    def contact_export(self) -> dict[str, dict]:
        """Contact -> the columns of §5 that say when, how and how long."""
        rows = {}
        for it in self.contacts.values():
            first = min(((at, agent) for agent, (at, _) in it.accepted.items()), default=(None, None))
            times = [each for each in self.sessions(it).values() if each]
            call = it.channel == "PHONE_CALL" and it.ended is not None

            def between(start: int | None, end: int | None, inbound: bool = it.inbound) -> int | None:
                return end - start if inbound and start is not None and end is not None else None

            moved = [e["content"]["assignee"]["inboxId"] for e in it.events if e["type"] == "CONTACT/TRANSFERRED"]
            rows[it.id] = {
                "Contact ID": it.id,
                "Queued At": it.created,
                "Customer ID": it.customer,
                "Conversation ID": it.conversation,
                "Channel": it.channel,
                "Direction": "INBOUND" if it.inbound else "OUTBOUND",
                "Contact Initiator": it.initiator,
                "Due At": it.due,
                "First Accepted At": first[0],
                "First Accepted Agent ID": first[1],
                "Fulfilled At": it.fulfilled,
                "Fulfilled Type": it.fulfilled_type,
                "Fulfilled Before Due": it.within_sla,
                "Ended At": it.ended,
                "Ended Status": it.status,
                "Ended Reason": it.reason,
                "Inbox ID - Created": it.inbox,
                "Inbox ID - Current": moved[-1] if moved else it.inbox,
                "Queued-to-First Accepted Time in seconds": between(it.created, first[0]),
                "Queued-to-Fulfilled Time in seconds": between(it.created, it.fulfilled),
                "Queued-to-Ended Time in seconds": between(it.created, it.ended),
                "First Accepted-to-Fulfilled Time in seconds": between(first[0], it.fulfilled),
                "Handle Time in seconds": sum(each[0] for each in times) if it.ended is not None else None,
                "After Contact Time in seconds": sum(each[1] for each in times) if it.ended is not None else None,
                "Hold Time in seconds": it.hold() if call else None,
                "Talk Time in seconds": it.ended - first[0] - it.hold() if call and first[0] is not None else None,
                "Transfers": len(moved),
            }
        return rows

    def agent_days(self) -> dict[tuple[str, str], Counter]:
        """(day, agent) -> the counts of §6 that are about contacts, by the time of the event."""
        days: dict[tuple[str, str], Counter] = defaultdict(Counter)
        for it in self.contacts.values():
            for event in it.events:
                content, by = event["content"], event["initiator"]
                what = event["type"].removeprefix("CONTACT/")
                if what == "OFFER_REJECTED":
                    what = "DECLINED" if content["reason"] == "DECLINED" else "MISSED"
                agent = content["agentId"] if "agentId" in content else by["id"] if by["type"] == "AGENT" else None
                name = {"OFFER_ACCEPTED": "ACCEPTED"}.get(what, what).lower()
                if agent and name in AGENT_COUNTS:
                    days[event["timestamp"][:10], agent][name] += 1
        return days
