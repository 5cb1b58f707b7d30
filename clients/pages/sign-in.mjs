// Signing in and out, being locked out, and seeing what is one's own.

import { cookiesOf, signIn, window_ } from "./lib/browser.mjs";
import { pressOn, withoutMouse } from "./lib/keys.mjs";
import { eventually, native, userOf } from "./lib/sample.mjs";

const WRONG = "The e-mail address or the password is wrong.";

export async function run(world) {
  await passwords(world);
  await sessions(world);
  await roles(world);
  await firstRun(world);
}

async function passwords({ browser, report, site }) {
  const analyst = site.logins.find((it) => it.role === "analyst");
  const visitor = await withoutMouse(browser, { base: site.base });
  const { page } = visitor;
  const alert = () => page.getByRole("alert").innerText();

  await report.check("a wrong password is told, and what was typed is kept but the password", page, async () => {
    await signIn(page, site.base, analyst.email, "certainly not this one");
    const said = await alert();
    const [email, password] = [await page.getByLabel("E-mail address").inputValue(), await page.getByLabel("Password").inputValue()];
    const focus = await page.evaluate(() => document.activeElement.id);
    if (!said.includes(WRONG) || email !== analyst.email || password !== "" || focus !== "password") return [`“${said}”, ${email}, “${password}”, focus on ${focus}`];
  });
  await report.check("an unknown address is told nothing else", page, async () => {
    await signIn(page, site.base, "nobody@example.com", "certainly not this one");
    return (await alert()).includes(WRONG) ? [] : [await alert()];
  });
  await report.check("after too many wrong passwords even the right one has to wait", page, async () => {
    let said = "";
    // The first rests are so short that they may be over before the next try.
    const rest = () => Number(/Try again in [0-9:]*:([0-9]+)/.exec(said)?.[1] ?? 0);
    for (const end = Date.now() + 30_000; rest() < 3 && Date.now() < end; ) {
      await signIn(page, site.base, analyst.email, "certainly not this one");
      said = await alert();
    }
    await signIn(page, site.base, analyst.email, analyst.password);
    said = page.url().endsWith("/sign-in") ? await alert() : `let in at ${page.url()}`;
    return /Too many wrong passwords. Try again in [0-9:]+\./.test(said) ? [] : [said];
  });
  await report.check("after the wait the right one opens", page, async () => {
    await eventually("the right password opens", async () => {
      await page.waitForTimeout(500);
      await signIn(page, site.base, analyst.email, analyst.password);
      return new URL(page.url()).pathname === "/";
    });
  });
  await visitor.close();
}

async function sessions({ browser, report, site }) {
  const coach = site.logins.find((it) => it.role === "coach");
  const visitor = await withoutMouse(browser, { base: site.base });
  const { page } = visitor;

  await report.check("a link for strangers leads through the sign-in and on to where it pointed", page, async () => {
    await page.goto(`${site.base}/calls?text=account&direction=INBOUND`);
    const asked = new URL(page.url()).pathname;
    await page.getByLabel("E-mail address").fill(coach.email);
    await page.getByLabel("Password").fill(coach.password);
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    const { pathname, searchParams } = new URL(page.url());
    if (asked !== "/sign-in" || pathname !== "/calls" || searchParams.get("text") !== "account") return [`${asked}, then ${page.url()}`];
  });
  await report.check("another browser's session is ended from the account page", page, async () => {
    const other = await window_(browser, { base: site.base, cookies: await cookiesOf(browser, site.base, coach) });
    await other.page.goto(`${site.base}/account`);
    if (new URL(other.page.url()).pathname !== "/account") return ["the other browser is not signed in"];
    await page.goto(`${site.base}/account`);
    for (let left = 5; left > 0 && (await page.locator("table").getByRole("button", { name: "Sign out" }).count()); left -= 1) {
      await Promise.all([page.waitForNavigation(), pressOn(page, page.locator("table").getByRole("button", { name: "Sign out" }))]);
    }
    await other.page.reload();
    const now = new URL(other.page.url()).pathname;
    await other.close();
    if (now !== "/sign-in") return [`the other browser is at ${now}`];
    if (new URL(page.url()).pathname !== "/account") return ["this browser is signed out too"];
  });
  await report.check("after signing out nothing opens, not even the page before", page, async () => {
    const cookies = await visitor.context.cookies();
    await page.goto(`${site.base}/calls`);
    await page.goto(`${site.base}/account`);
    await Promise.all([page.waitForURL(/\/sign-in$/), pressOn(page, page.locator("main > form").getByRole("button", { name: "Sign out" }))]);
    await page.goBack();
    const back = new URL(page.url()).pathname;
    await page.goto(site.base);
    const home = new URL(page.url()).pathname;
    // Nor does the old cookie, should somebody have kept it.
    await visitor.context.addCookies(cookies);
    await page.goto(site.base);
    const kept = new URL(page.url()).pathname;
    return [back, home, kept].every((path) => path === "/sign-in") ? [] : [`back: ${back}, home: ${home}, with the old cookie: ${kept}`];
  });
  await visitor.close();
}

async function roles({ browser, report, site }) {
  const [agent, manager] = ["agent", "manager"].map((role) => site.logins.find((it) => it.role === role));
  const user = await userOf(site, "agent");
  const words = (text) => ({ utterances: [{ start: 0, end: 4, speaker: 0, text }] });
  await native(site, "/contacts/mine", "PUT", { started_at: "2026-03-01T09:00:00Z", agent_id: user.id, transcript: words("a kingfisher for myself") });
  await native(site, "/contacts/theirs", "PUT", { started_at: "2026-03-01T09:00:00Z", transcript: words("a kingfisher for others") });
  const own = (await native(site, "/contacts?limit=1000")).items.filter((it) => it.agent_id === user.id).map((it) => it.id);

  let visitor = await window_(browser, { base: site.base, cookies: await cookiesOf(browser, site.base, agent) });
  let { page } = visitor;
  await report.check("an agent's list holds their own calls and no others", page, async () => {
    await page.goto(`${site.base}/calls`);
    const links = await page.locator("td.when a").evaluateAll((all) => all.map((it) => decodeURIComponent(new URL(it.href).pathname.split("/")[2])));
    return links.sort().join() === own.sort().join() ? [] : [`own: ${own}; shown: ${links}`];
  });
  await report.check("an agent finds words of their own calls and no others", page, async () => {
    await eventually("the words are found", async () => {
      await page.goto(`${site.base}/calls?text=kingfisher`);
      return (await page.locator("table.calls tbody tr").count()) > 0;
    });
    const said = await page.locator("table.calls").innerText();
    return said.includes("for myself") && !said.includes("for others") ? [] : [said];
  });
  await report.check("an agent opens no call of others, nor its sound or words", page, async () => {
    const other = (await native(site, "/contacts?limit=1000")).items.find((it) => it.agent_id !== user.id && it.recording);
    const problems = [];
    for (const path of [`/calls/${other.id}`, `/calls/${other.id}/audio`, `/calls/${other.id}/transcript.txt`, "/calls/theirs"]) {
      const status = (await page.goto(`${site.base}${path}`)).status();
      if (status !== 403 && status !== 404) problems.push(`${path}: ${status}`);
    }
    return problems;
  });
  await report.check("an agent is shown no administration and let into none", page, async () => {
    await page.goto(site.base);
    const nav = await page.getByRole("navigation").first().innerText();
    const problems = /Admin|Topics|Reports|Imports/.test(nav) ? [`the navigation says ${nav}`] : [];
    for (const path of ["/admin/people", "/admin/credentials", "/admin/audit", "/topics", "/imports", "/reports", "/reports/contacts", "/reports/agents.csv", "/reports/feed"]) {
      const status = (await page.goto(`${site.base}${path}`)).status();
      if (status !== 403) problems.push(`${path}: ${status}`);
    }
    return problems;
  });
  await visitor.close();

  visitor = await window_(browser, { base: site.base, cookies: await cookiesOf(browser, site.base, manager) });
  ({ page } = visitor);
  await report.check("a manager is told kindly that credentials are not theirs", page, async () => {
    const response = await page.goto(`${site.base}/admin/credentials`);
    const said = await page.locator("main").innerText();
    if (response.status() !== 403 || !said.includes("You may not do this")) return [`${response.status()}: ${said}`];
    await Promise.all([page.waitForURL(`${site.base}/`), pressOn(page, page.getByRole("link", { name: "Go to the first page" }))]);
  });
  await visitor.close();
}

async function firstRun({ browser, report, site }) {
  const visitor = await withoutMouse(browser, { base: site.setup });
  const { page } = visitor;
  await report.check("on a fresh server the first one sets it up by keyboard and is the administrator", page, async () => {
    await page.goto(new URL("/", site.setup).href);
    if (new URL(page.url()).pathname !== "/setup") return [`a fresh server shows ${page.url()}`];
    await page.goto(site.setup);
    await setUp(page);
    await page.keyboard.press("g");
    await Promise.all([page.waitForURL(/\/admin\/people$/), page.keyboard.press("a")]);
    return (await page.locator("main").innerText()).includes("ada@example.com") ? [] : ["the list of people does not hold the first one"];
  });
  await report.check("after that nobody sets it up again", page, async () => {
    const again = await window_(browser, { base: site.setup });
    await again.page.goto(site.setup);
    const { pathname } = new URL(again.page.url());
    const fields = await again.page.getByLabel("Organisation").count();
    await again.close();
    return fields === 0 ? [] : [`${pathname} asks for an organisation again`];
  });
  await visitor.close();
}

/** Fills in the set-up by keyboard. */
export async function setUp(page) {
  for (const text of ["Harbour Light", "Ada", "Quill", "ada@example.com", "tortoise lamplight estuary"]) {
    await page.keyboard.type(text);
    await page.keyboard.press("Tab");
  }
  await Promise.all([page.waitForURL((url) => url.pathname === "/"), page.keyboard.press("Enter")]);
}
