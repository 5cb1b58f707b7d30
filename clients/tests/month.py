"""A month in a small contact centre, as events: what happened when, and on which day each event arrives.

Everything follows from the seed. Most events arrive on the day they bear; some come up to 40 hours late, among them starts,
ends and views. Contacts overlap, are transferred, put on hold, given up, left open, and end on a later day.
"""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

FIRST_DAY = datetime(2025, 3, 1, tzinfo=UTC)
DAYS = 31
LATEST = timedelta(hours=40)

AGENTS = [f"agent-{n:02}" for n in range(12)]
INBOXES = [f"inbox-{name}" for name in ("sales", "service", "billing", "returns")]
CUSTOMERS = [f"customer-{n:03}" for n in range(90)]
CHANNELS = ["PHONE_CALL"] * 5 + ["CHAT"] * 3 + ["EMAIL"] * 3 + ["SMS"] * 2 + ["WHATSAPP", "FB_MESSENGER", "VOICEMAIL"]
ASYNCHRONOUS = {"EMAIL", "SMS", "WHATSAPP", "FB_MESSENGER"}

Event = dict


def text(at: datetime) -> str:
    """As an event writes a time: UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Month:
    """Tells the month; `arrivals[day]` are the events that arrive on it, in their order."""

    def __init__(self, seed: int = 1, contacts_a_day: int = 36):
        self.dice = random.Random(seed)
        self.count = 0
        self.events: list[Event] = []
        self.conversations: dict[str, str] = {}
        for day in range(DAYS):
            for n in range(contacts_a_day):
                start = FIRST_DAY + timedelta(days=day, hours=7, milliseconds=self.dice.randrange(14 * 3_600_000))
                kind = self.dice.random()
                if kind < 0.06:
                    self.stacked(f"c-{day:02}-{n:02}", start)
                else:
                    self.contact(f"c-{day:02}-{n:02}", start, outbound=kind < 0.25)
        self.arrivals = self.arrive()

    def seconds(self, least: float, most: float) -> timedelta:
        return timedelta(milliseconds=self.dice.randrange(int(least * 1000), int(most * 1000)))

    def note(self, at: datetime, kind: str, by: tuple[str, str], content: dict) -> None:
        self.count += 1
        initiator = {"type": by[0], "id": by[1]}
        event = {"id": f"e-{self.count:06}", "type": kind, "timestamp": text(at), "initiator": initiator, "content": content}
        self.events.append(event)

    def conversation_of(self, customer: str, at: datetime) -> str:
        """The customer's open conversation, or a new one."""
        if customer not in self.conversations:
            conversation = f"conv-{customer}-{self.count}"
            self.conversations[customer] = conversation
            content = {"conversationId": conversation, "customerId": customer}
            self.note(at, "CONVERSATION/CREATED", ("SYSTEM", ""), content)
        return self.conversations[customer]

    def view(self, agent: str, who: dict, start: datetime, end: datetime) -> None:
        content = {"agentId": agent, "customerId": who["customerId"], "conversationId": who["conversationId"]}
        self.note(end, "X_AGENT_VIEW", ("AGENT", agent), content | {"startAt": text(start), "endAt": text(end)})

    def stacked(self, contact: str, start: datetime) -> None:
        """An agent writes to a customer on two channels at once (9.9)."""
        customer, agent = self.dice.choice(CUSTOMERS), self.dice.choice(AGENTS)
        for suffix, channel, later in (("x", "SMS", 0), ("y", "EMAIL", 20)):
            self.contact(contact + suffix, start + timedelta(seconds=later), True, customer, agent, channel)

    def contact(
        self,
        contact: str,
        start: datetime,
        outbound: bool,
        customer: str | None = None,
        agent: str | None = None,
        channel: str | None = None,
    ) -> None:
        dice = self.dice
        customer = customer or dice.choice(CUSTOMERS)
        agent = agent or dice.choice(AGENTS)
        channel = channel or dice.choice(CHANNELS)
        conversation = self.conversation_of(customer, start - timedelta(seconds=1))
        who = {"contactId": contact, "channel": channel, "conversationId": conversation, "customerId": customer}
        assignee = {"inboxId": dice.choice(INBOXES)}

        def say(at: datetime, kind: str, by: tuple[str, str], **more: object) -> None:
            self.note(at, f"CONTACT/{kind}", by, who | {"context": {"assignee": dict(assignee)}} | more)

        due = {"dueAt": text(start + timedelta(seconds=dice.choice([20, 60, 300, 3600])))} if dice.random() < 0.8 else {}
        begins = ("AGENT", agent) if outbound else (dice.choice(["CUSTOMER"] * 8 + ["EXTERNAL"]), customer)
        if outbound:
            assignee["agentId"] = agent
        say(start, "STARTED", begins, **due)
        now = start
        if not outbound:
            while dice.random() < 0.25:
                now += self.seconds(1, 30)
                offered = dice.choice(AGENTS)
                say(now, "OFFERED", ("SYSTEM", ""), agentId=offered)
                now += self.seconds(1, 20)
                reason = dice.choice(["DECLINED", "MISSED"])
                say(now, "OFFER_REJECTED", ("AGENT", offered), agentId=offered, reason=reason)
            now += self.seconds(1, 120)
            if dice.random() < 0.12:
                say(now, "ENDED", ("CUSTOMER", customer), status="ABANDONED", reason="CUSTOMER_ABANDONED")
                if dice.random() < 0.3:
                    self.view(agent, who, now + self.seconds(1, 60), now + self.seconds(61, 200))
                return self.close(customer, now)
            if dice.random() < 0.9:
                say(now, "OFFERED", ("SYSTEM", ""), agentId=agent)
                now += self.seconds(0.2, 15)
            say(now, "OFFER_ACCEPTED", ("AGENT", agent), agentId=agent)
            assignee["agentId"] = agent
        if dice.random() < 0.9:
            self.view(agent, who, now + self.seconds(0, 2), now + self.seconds(20, 500))
        if channel != "PHONE_CALL" and channel != "VOICEMAIL":
            now += self.seconds(2, 60)
            say(now, "MESSAGE_SENT", ("AGENT", agent), messageId=f"m-{contact}-{self.count}")
        if channel == "PHONE_CALL" and dice.random() < 0.3:
            for _ in range(dice.choice([1, 1, 2])):
                now += self.seconds(5, 60)
                say(now, "HOLD_STARTED", ("AGENT", agent), reason="MANUAL")
                if dice.random() < 0.9:
                    now += self.seconds(5, 90)
                    say(now, "HOLD_ENDED", ("AGENT", agent), reason="MANUAL")
        if dice.random() < 0.8:
            now += self.seconds(1, 400)
            say(now, "FULFILLED", ("AGENT", agent), fulfilledType=dice.choice(["RESPONDED"] * 6 + ["CANCELED"]))
        if dice.random() < 0.2:
            now += self.seconds(5, 60)
            other = dice.choice([it for it in AGENTS if it != agent])
            to = {"inboxId": dice.choice(INBOXES), "agentId": other}
            say(now, "TRANSFERRED", ("AGENT", agent), assignee=to, reason="MANUAL", transferType=dice.choice(["COLD", "WARM"]))
            assignee.update(to)
            now += self.seconds(1, 20)
            say(now, "OFFER_ACCEPTED", ("AGENT", other), agentId=other)
            agent = other
            self.view(agent, who, now, now + self.seconds(10, 300))
        if dice.random() < 0.1:
            say(now + self.seconds(1, 9), "JOINED", ("AGENT", dice.choice(AGENTS)))
        if dice.random() < 0.1:
            return None  # Stays open for good.
        now += self.seconds(10, 300)
        if channel in ASYNCHRONOUS and dice.random() < 0.4:
            now += self.seconds(3_600, 9 * 86_400)
        if now >= FIRST_DAY + timedelta(days=DAYS):
            return None
        status = "ANSWERED" if dice.random() < 0.9 else "UNANSWERED"
        say(now, "ENDED", ("AGENT", agent), status=status, reason="AGENT_ENDED")
        if dice.random() < 0.6:
            self.view(agent, who, now - self.seconds(1, 30), now + self.seconds(5, 240))
        if dice.random() < 0.15:
            self.view(dice.choice(AGENTS), who, now + self.seconds(1, 60), now + self.seconds(61, 400))
        return self.close(customer, now)

    def close(self, customer: str, at: datetime) -> None:
        if customer in self.conversations and self.dice.random() < 0.4:
            content = {"conversationId": self.conversations.pop(customer), "customerId": customer}
            self.note(at + self.seconds(1, 300), "CONVERSATION/CLOSED", ("SYSTEM", ""), content)

    def arrive(self) -> dict[int, list[Event]]:
        days: dict[int, list[Event]] = defaultdict(list)
        for event in sorted(self.events, key=lambda it: (it["timestamp"], it["id"])):
            at = datetime.fromisoformat(event["timestamp"])
            if self.dice.random() < 0.04:
                at += timedelta(seconds=self.dice.random() * LATEST.total_seconds())
            # What arrives after the month arrives in its last run.
            days[min((at - FIRST_DAY).days, DAYS - 1)].append(event)
        return days
