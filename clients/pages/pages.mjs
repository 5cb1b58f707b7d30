// Every page: its address, who opens it, and in which state. `status` when it is not 200; `act` brings it into a state.
// The founder is the first administrator of a server on which there is nothing yet.

/** @typedef {{ name: string, path: string | ((sample: object) => string), role?: string, status?: number, act?: (page: import("playwright-core").Page) => Promise<void> }} PageRow */

/** @type {PageRow[]} */
export const PAGES = [
  { name: "sign-in", path: "/sign-in" },
  { name: "sign-in-wrong", path: "/sign-in", status: 422, act: wrongPassword },
  { name: "setup", path: (sample) => sample.setup },
  { name: "setup-without-key", path: (sample) => sample.setup.replace(/\?.*/, "") },

  { name: "account", path: "/account", role: "agent" },
  { name: "account-wrong", path: "/account", role: "agent", status: 422, act: wrongOldPassword },
  { name: "not-found", path: "/nothing-here", role: "agent", status: 404 },
  { name: "forbidden", path: "/admin/credentials", role: "manager", status: 403 },
  { name: "keys", path: "/", role: "manager", act: (page) => page.keyboard.press("?") },

  { name: "home-administrator", path: "/", role: "administrator" },
  { name: "home-manager", path: "/", role: "manager" },
  { name: "home-coach", path: "/", role: "coach" },
  { name: "home-analyst", path: "/", role: "analyst" },
  { name: "home-agent", path: "/", role: "agent" },
  { name: "home-charts-open", path: "/", role: "manager", act: openDetails },

  { name: "calls", path: "/calls", role: "manager" },
  { name: "calls-own", path: "/calls", role: "agent" },
  { name: "calls-found", path: ({ word }) => `/calls?text=${word}&direction=INBOUND`, role: "coach" },
  { name: "calls-filters", path: "/calls?channel=call", role: "manager", act: openDetails },
  { name: "calls-none", path: "/calls?text=%22no+such+words+were+said%22", role: "manager" },
  { name: "calls-wrong", path: "/calls?within_from=nonsense", role: "manager", status: 422 },
  { name: "call", path: ({ call }) => `/calls/${call}`, role: "coach" },
  { name: "call-open", path: ({ call }) => `/calls/${call}`, role: "administrator", act: openDetails },
  { name: "call-chat", path: ({ chat }) => `/calls/${chat}`, role: "manager" },
  { name: "call-long", path: "/calls/long", role: "manager" },
  { name: "call-without-words", path: "/calls/without-words", role: "manager" },
  { name: "call-delete", path: ({ call }) => `/calls/${call}/delete`, role: "administrator" },

  { name: "live", path: "/live", role: "manager" },
  { name: "live-without-telephone", path: "/live", role: "administrator" },

  { name: "live-wall", path: "/live", role: "manager", act: hearsNews },
  { name: "live-call", path: ({ liveCall }) => `/live/calls/${liveCall}`, role: "manager", act: hearsNews },

  { name: "telephony", path: "/admin/telephony", role: "administrator" },
  { name: "telephony-queue", path: ({ queue }) => `/admin/telephony/queues/${queue}`, role: "administrator" },
  { name: "telephony-queue-wrong", path: "/admin/telephony/queues/new", role: "administrator", status: 422, act: wrongQueue },
  { name: "telephony-group-new", path: "/admin/telephony/groups/new", role: "administrator" },
  { name: "telephony-number", path: ({ number }) => `/admin/telephony/numbers/${number}`, role: "administrator" },
  { name: "telephony-trunk-new", path: "/admin/telephony/trunks/new", role: "administrator" },
  { name: "telephony-policy", path: "/admin/telephony/policy", role: "administrator" },
  { name: "telephony-device-new", path: "/admin/telephony/devices/new", role: "administrator" },
  { name: "telephony-device-shown", path: "/admin/telephony", role: "administrator", act: newDevicePassword },

  { name: "topics", path: "/topics", role: "analyst" },
  { name: "topic", path: ({ topic }) => `/topics/${topic}`, role: "administrator" },
  { name: "topic-long", path: "/topics/9001", role: "administrator" },
  { name: "topic-new", path: "/topics/new", role: "administrator", act: typePhrase },
  { name: "topic-delete", path: ({ topic }) => `/topics/${topic}/delete`, role: "administrator" },

  { name: "reports-contacts", path: ({ month }) => `/reports/contacts?${month}`, role: "manager" },
  { name: "reports-contacts-day", path: ({ day }) => `/reports/contacts?${day}&zone=Australia/Lord_Howe`, role: "coach", act: openDetails },
  { name: "reports-sessions", path: ({ month }) => `/reports/work-sessions?${month}`, role: "coach", act: openDetails },
  { name: "reports-agents", path: ({ month }) => `/reports/agents?${month}`, role: "analyst", act: openDetails },
  { name: "reports-agents-half-hours", path: ({ day }) => `/reports/agents?${day}&level=half_hour`, role: "manager" },
  { name: "reports-long", path: "/reports/contacts?from=2026-03-01", role: "administrator", act: openDetails },
  { name: "reports-sessions-long", path: "/reports/work-sessions?from=2026-03-01&agent=u-long", role: "administrator", act: openDetails },
  { name: "reports-none", path: ({ month }) => `/reports/contacts?${month}&channel=twitter`, role: "manager" },
  { name: "reports-before", path: "/reports/work-sessions?from=2020-01-01", role: "analyst" },
  { name: "reports-later", path: "/reports/agents?from=2100-01-01", role: "coach" },
  { name: "reports-wrong", path: "/reports/contacts?from=nonsense&zone=Mars&inbox=gone", role: "manager", status: 422 },
  { name: "reports-too-long", path: "/reports/agents?from=2026-01-01&to=2026-12-31", role: "manager", status: 422 },
  { name: "feed", path: "/reports/feed", role: "administrator" },
  { name: "feed-seen", path: "/reports/feed", role: "coach" },

  { name: "imports", path: "/imports", role: "administrator" },
  { name: "import-preview", path: "/imports", role: "administrator", act: upload },
  { name: "import-done", path: "/imports", role: "administrator", act: uploadAndBringIn },
  { name: "jobs", path: "/imports/jobs", role: "administrator" },

  { name: "people", path: "/admin/people", role: "administrator" },
  { name: "people-seen", path: "/admin/people", role: "manager" },
  { name: "user", path: ({ user }) => `/admin/people/users/${user}`, role: "administrator" },
  { name: "user-long", path: "/admin/people/users/u-long", role: "administrator" },
  { name: "user-new", path: "/admin/people/users/new", role: "administrator" },
  { name: "group", path: ({ group }) => `/admin/people/groups/${group}`, role: "administrator" },
  { name: "group-new", path: "/admin/people/groups/new", role: "administrator" },
  { name: "credentials", path: "/admin/credentials", role: "administrator" },
  { name: "credential-new", path: "/admin/credentials/new?dialect=native", role: "administrator" },
  { name: "credential-shown", path: "/admin/credentials/new?dialect=c360", role: "administrator", act: makeCredential },
  { name: "webhooks", path: "/admin/webhooks", role: "administrator" },
  { name: "webhook", path: ({ webhook }) => `/admin/webhooks/${webhook}`, role: "administrator" },
  { name: "webhook-new", path: "/admin/webhooks/new", role: "administrator" },
  { name: "exports", path: "/admin/exports", role: "administrator" },
  { name: "export-new", path: "/admin/exports/new", role: "administrator" },
  { name: "audit", path: "/admin/audit", role: "administrator" },
  { name: "audit-check", path: "/admin/audit/check", role: "administrator" },
  { name: "settings", path: "/admin/settings", role: "administrator" },

  { name: "home-empty", path: "/", role: "founder" },
  { name: "calls-empty", path: "/calls", role: "founder" },
  { name: "live-empty", path: "/live", role: "founder" },
  { name: "topics-empty", path: "/topics", role: "founder" },
  { name: "reports-empty", path: "/reports/contacts", role: "founder" },
  { name: "reports-agents-empty", path: "/reports/agents", role: "founder" },
  { name: "feed-empty", path: "/reports/feed", role: "founder" },
  { name: "imports-empty", path: "/imports", role: "founder" },
  { name: "people-empty", path: "/admin/people", role: "founder" },
  { name: "credentials-empty", path: "/admin/credentials", role: "founder" },
  { name: "telephony-empty", path: "/admin/telephony", role: "founder" },
  { name: "webhooks-empty", path: "/admin/webhooks", role: "founder" },
];

async function wrongPassword(page) {
  await page.getByLabel("E-mail address").fill("nobody@example.com");
  await page.getByLabel("Password").fill("a guess that is wrong");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

async function wrongOldPassword(page) {
  await page.getByLabel("Present password").fill("a guess that is wrong");
  await page.getByLabel("New password").fill("tortoise lamplight estuary");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

/** Everything that can be unfolded is unfolded. */
async function openDetails(page) {
  await page.evaluate(() => document.querySelectorAll("main details").forEach((it) => { it.open = true; }));
}

async function typePhrase(page) {
  await page.getByLabel("Name").fill("Account");
  await page.locator("#phrases").fill("the account\naccount number");
  await page.locator("#preview mark").first().waitFor();
}

/** The wall has begun to hear of changes. */
async function hearsNews(page) {
  await page.locator("#live[data-hears]").waitFor({ timeout: 30_000 });
}

/** A form with something wrong in several fields. */
async function wrongQueue(page) {
  await page.getByLabel("Name").fill("A queue of which nobody should ever have to read the whole name on a narrow window".repeat(2));
  await page.getByLabel("Number", { exact: true }).fill("5001");
  await page.getByLabel("Number from outside").fill("020 7946");
  await page.getByLabel("Ring for, in seconds").fill("0");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

async function newDevicePassword(page) {
  page.once("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: /^New password for/ }).first().focus();
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

const TABLE = `id,started_at,duration,direction,agent\n"pages-1",2026-03-01T09:00:00Z,61,INBOUND,\n"pages-2",yesterday,61,INBOUND,\n`;

async function upload(page) {
  await page.locator("#files").setInputFiles({ name: "calls-of-march.csv", mimeType: "text/csv", buffer: Buffer.from(TABLE) });
  await page.getByRole("button", { name: "Send and look" }).focus();
  await Promise.all([page.waitForURL(/\/imports\/[^/]+$/), page.keyboard.press("Enter")]);
  await page.waitForLoadState("load");
}

async function uploadAndBringIn(page) {
  await upload(page);
  await page.getByRole("button", { name: "Bring it in" }).focus();
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  await page.getByText("Done").first().waitFor();
}

async function makeCredential(page) {
  await page.getByLabel("Name").fill("A report in a spreadsheet");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}
