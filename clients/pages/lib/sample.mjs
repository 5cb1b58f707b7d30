// What the server holds, asked and told through its API, for the addresses of the pages and for the truth behind them.

import { Phone } from "./phone.mjs";
import { voiceClient } from "./voice.mjs";

/** A request to the native API. */
export async function native(site, path, method = "GET", body = undefined) {
  const headers = { authorization: `Bearer ${site.token}`, "content-type": "application/json" };
  const response = await fetch(`${site.base}/api/touchline/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
}

/** A request to the Coach360 dialect. */
export async function coach360(site, path) {
  const authorization = `Basic ${btoa(`${site.c360.userId}:${site.c360.password}`)}`;
  const response = await fetch(`${site.base}/api/ev/2${path}`, { headers: { authorization } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Waits until something is true, and returns it. */
export async function eventually(what, ask, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    const found = await ask();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`in ${seconds} s it did not happen that ${what}`);
}

/** The user whose log-in has a role. */
export async function userOf(site, role) {
  const { email } = site.logins.find((it) => it.role === role);
  const users = (await native(site, "/users?limit=1000")).items;
  return users.find((user) => user.email === email);
}

const LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(3);
const HOSTILE = `<script>alert(1)</script>"'&<img src=x onerror=alert(1)>`;

/** Records that stretch a page: names without end, and words that would be a script in a careless page. */
async function stretch(site) {
  const put = (path, body) => native(site, path, "PUT", body);
  await put("/users/u-long", { email: `${LONG.slice(0, 50)}@example.com`, first_name: HOSTILE, last_name: LONG });
  await put("/inboxes/in-long", { name: `${HOSTILE} ${LONG}`, agent_ids: ["u-long"] });
  await put("/topics/9001", { name: `${LONG} ${HOSTILE}`, phrases: [LONG, "the endless word"] });
  await put("/contacts/long", {
    started_at: "2026-03-01T09:00:00Z", agent_id: "u-long", metadata: { [LONG]: LONG, note: HOSTILE },
    transcript: { utterances: [{ start: 0, end: 4, speaker: 0, text: `${LONG} the endless word ${HOSTILE}` }, { start: 4, end: 9, speaker: 1, text: LONG }] },
  });
  await put("/feedback/long", { contact_id: "long", author_id: "u-long", kind: "comment", start: 0, text: `${HOSTILE} ${LONG}`, given_at: "2026-03-02T09:00:00Z" });
  await put("/contacts/without-words", { started_at: "2026-03-01T10:00:00Z", duration: 60 });
}

/** The newest day on which something was said, and the month up to it, as the report pages are asked for them. */
function windowsOf(contacts) {
  const day = (instant) => instant.toISOString().slice(0, 10);
  const newest = new Date(Math.max(...contacts.map((it) => Date.parse(it.started_at))));
  const before = new Date(newest.getTime() - 30 * 24 * 3_600_000);
  return { day: `from=${day(newest)}`, month: `from=${day(before)}&to=${day(newest)}` };
}

/** Numbers that pages are opened with, and names without end among them. */
async function telephonyOf(site) {
  const { version, plan, monitoring, recording, thresholds } = await native(site, "/telephony");
  const number = plan.users[0].number;
  plan.groups.push({ number: "8999", name: `${HOSTILE} ${LONG}`, members: [number] });
  plan.trunks.push({ name: LONG.slice(0, 90), server: "sip.example.com", prefixes: ["+44", "+49", "+33"] });
  await native(site, "/telephony", "PUT", { version, plan, monitoring, recording, thresholds });
  return { number, queue: plan.queues[0].number };
}

/** A call that goes on for as long as the pages are looked at: a customer speaks with an agent. */
async function liveCallOf(site) {
  const account = (role) => site.sip.accounts.find((it) => it.role === role);
  const agent = site.voice.find((it) => it.role === "agent");
  const voice = await voiceClient(site, agent);
  await voice.does("StartContactCenterSession", { channels: ["voice"] });
  const [customer] = await Promise.all([Phone.open(site.sip.server, account("customer")), Phone.open(site.sip.server, account("agent"))]);
  await customer.call(agent.phoneNumber);
  const call = await eventually("the agent is on a call", async () => (await voice.calls()).find((it) => it.state === "Established"), 60);
  return { liveCall: call.id };
}

/** Ids that pages are opened with. */
export async function sampleOf(site) {
  await stretch(site);
  const contacts = (await native(site, "/contacts?limit=1000")).items;
  const heard = contacts.find((it) => it.recording && it.summary?.lines.length > 0);
  const webhook = await native(site, "/webhooks", "POST", { url: "https://example.com/hook", name: "Our CRM", events: ["contact.completed"] });
  await eventually("all jobs are done", async () => {
    const metrics = await (await fetch(`${site.base}/metrics`)).text();
    return /^touchline_jobs_open 0$/m.test(metrics);
  });
  return {
    setup: site.setup,
    call: heard.id,
    chat: contacts.find((it) => it.channel === "chat" && it.state === "COMPLETE").id,
    user: heard.agent_id,
    group: (await native(site, "/groups?limit=1000")).items.find((it) => it.parent_id).id,
    topic: (await native(site, "/topics?limit=1000")).items.find((it) => !it.canonical_questions).id,
    webhook: webhook.id,
    ...(await telephonyOf(site)),
    ...(await liveCallOf(site)),
    word: "account",
    ...windowsOf(contacts),
  };
}
