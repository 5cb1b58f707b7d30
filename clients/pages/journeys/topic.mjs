// Without a mouse: a topic is made, seen before it is saved, and found in the calls.

import { cookiesOf } from "../lib/browser.mjs";
import { andGo, pressOn, tabTo, withoutMouse } from "../lib/keys.mjs";
import { coach360, eventually, native } from "../lib/sample.mjs";

const NAME = "Account number asked";
const PHRASE = "account number";

/** The calls in which the words are said, found without the topics. */
async function truth(site) {
  const found = [];
  for (const { id, state } of (await native(site, "/contacts?limit=1000")).items) {
    if (state !== "COMPLETE") continue;
    const { words } = await native(site, `/contacts/${id}/transcript`);
    const said = words.map((word) => [word.speaker, word.text.toLowerCase().replace(/[^\p{L}\p{N}']/gu, "")]);
    const [one, two] = PHRASE.split(" ");
    if (said.some(([speaker, text], n) => text === one && said[n + 1]?.[1] === two && said[n + 1][0] === speaker)) found.push(id);
  }
  return found;
}

export async function run({ browser, report, site }) {
  const calls = await truth(site);
  const administrator = site.logins.find((it) => it.role === "administrator");
  const cookies = await cookiesOf(browser, site.base, administrator);
  const visitor = await withoutMouse(browser, { base: site.base, cookies });
  const { page } = visitor;
  let id;

  await report.check("topic: the preview says where it would be found", page, async () => {
    await page.goto(site.base);
    await page.keyboard.press("g");
    await andGo(page, /\/topics$/, () => page.keyboard.press("t"));
    await andGo(page, /\/topics\/new$/, () => pressOn(page, page.getByRole("link", { name: "New topic" })));
    await tabTo(page, page.getByLabel("Name"));
    await page.keyboard.type(NAME);
    await page.keyboard.press("Tab");
    await page.keyboard.type(PHRASE);
    await page.locator("#preview mark").first().waitFor();
    const told = await page.locator("#preview .found").innerText();
    await report.picture(page, "journey-topic-preview");
    if (!told.startsWith(`Said in ${calls.length} of the last `)) return [`it says “${told}”, the words are said in ${calls.length} calls`];
    if (calls.length < 2) return ["the sample has too few calls with these words"];
  });
  await report.check("topic: nothing is saved by looking", page, async () => {
    const names = (await native(site, "/topics?limit=1000")).items.map((it) => it.name);
    return names.includes(NAME) ? ["the preview has saved it"] : [];
  });
  await report.check("topic: it is saved and all calls are matched", page, async () => {
    await Promise.all([page.waitForNavigation(), pressOn(page, page.getByRole("button", { name: "Save and match all calls" }))]);
    await page.getByText("Saved.").first().waitFor();
    id = (await native(site, "/topics?limit=1000")).items.find((it) => it.name === NAME)?.id;
    if (!id) return ["the API knows no such topic"];
    await eventually("Coach360 tells of its matches", async () => {
      const rows = await coach360(site, "/call_topics?since=2020-01-01T00:00Z&limit=100");
      const found = rows.filter((row) => row.topicMatches.some((it) => it.topicsWithMatches.some((topic) => topic.topicId === String(id)))).map((row) => row.callId);
      return found.sort().join() === [...calls].sort().join();
    });
  });
  await report.check("topic: the list counts the calls, and shows them", page, async () => {
    // By way of the first page: saving has led to the list already.
    await page.keyboard.press("g");
    await andGo(page, /:\d+\/$/, () => page.keyboard.press("h"));
    await page.keyboard.press("g");
    await andGo(page, /\/topics$/, () => page.keyboard.press("t"));
    const link = page.locator(`a[href="/calls?topic=${id}"]`);
    const count = await eventually("the list counts it", async () => {
      if (await link.count()) return link.innerText();
      await page.reload();
      return undefined;
    });
    await andGo(page, /\/calls\?topic=/, () => pressOn(page, link));
    const rows = await page.locator("table.calls tbody tr").count();
    if (Number(count) !== calls.length || rows !== calls.length) return [`${count} in the list, ${rows} rows, said in ${calls.length} calls`];
  });
  await report.check("topic: the call page marks the words", page, async () => {
    await andGo(page, /\/calls\/.+/, () => pressOn(page, page.locator("td.when a").first()));
    const marked = (await page.locator("#transcript mark").allInnerTexts()).join(" ").toLowerCase();
    return marked.includes("account") && (await page.locator("#topics-title ~ ul").innerText()).includes(NAME) ? [] : [`marked is “${marked}”`];
  });
  await report.check("topic: without complaints", page, () => visitor.told());
  await visitor.close();
}
