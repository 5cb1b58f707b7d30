// Without a mouse: words are searched, the hit is opened, heard, and commented on.

import { signIn } from "../lib/browser.mjs";
import { andGo, pressOn, tabTo, withoutMouse } from "../lib/keys.mjs";
import { coach360, eventually, native } from "../lib/sample.mjs";

const COMMENT = "Well explained; the date was missing.";

/** A call with sound, and some words that were said in the middle of it. */
async function wanted(site) {
  const contacts = (await native(site, "/contacts?limit=1000")).items.filter((it) => it.recording && it.state === "COMPLETE");
  for (const contact of contacts) {
    const words = (await native(site, `/contacts/${contact.id}/transcript`)).words;
    const at = Math.floor(words.length / 2);
    const some = words.slice(at, at + 4);
    const text = some.map((word) => word.text).join(" ");
    if (some.every((word) => word.speaker === some[0].speaker) && /^[a-z ']+$/i.test(text)) {
      return { contact, text, start: some[0].start };
    }
  }
  throw new Error("no call with words in the middle");
}

export async function run({ browser, report, site }) {
  const { contact, text, start } = await wanted(site);
  const visitor = await withoutMouse(browser, { base: site.base });
  const { page } = visitor;
  const coach = site.logins.find((it) => it.role === "coach");
  const path = `/calls/${contact.id}`;
  const playing = () => page.locator("audio").evaluate((it) => ({ at: it.currentTime, paused: it.paused, error: it.error?.message ?? null }));
  const began = Date.now();

  await report.check("find: words typed after / are found", page, async () => {
    await signIn(page, site.base, coach.email, coach.password);
    await page.keyboard.press("/");
    await page.keyboard.type(`"${text}"`);
    await andGo(page, /\/calls\?/, () => page.keyboard.press("Enter"));
    const marked = (await page.locator(`a.hit[href*="${contact.id}"] mark`).allTextContents()).join(" ");
    if (!marked.toLowerCase().includes(text.toLowerCase().split(" ")[0])) return [`“${text}” was looked for, marked is “${marked}”`];
  });
  await report.check("find: Enter on the hit opens the call at that word", page, async () => {
    await andGo(page, (url) => url.pathname === path, () => pressOn(page, page.locator(`a.hit[href*="${contact.id}"]`)));
    const at = Number(new URLSearchParams(new URL(page.url()).hash.slice(1)).get("t"));
    if (Math.abs(at - start) > 0.2) return [`the word is at ${start} s, the address says ${at}`];
  });
  await report.check("hear: Space plays from there, and the transcript follows", page, async () => {
    await page.keyboard.press("Space");
    await eventually("the sound moves on", async () => (await playing()).at > start + 1.5);
    const now = page.locator("#transcript .now");
    if ((await now.count()) === 0) return ["no word is marked as being said"];
    await report.picture(page, "journey-hear", false);
    const heard = await playing();
    if (heard.error || heard.paused || heard.at > start + 12) return [`the player says ${JSON.stringify(heard)}, the word is at ${start} s`];
  });
  await report.check("hear: Space stops, arrows go by ten seconds", page, async () => {
    await page.keyboard.press("Space");
    const stopped = await eventually("it stops", async () => ((await playing()).paused ? playing() : undefined));
    await page.waitForTimeout(400);
    if ((await playing()).at !== stopped.at) return ["it plays on after it was stopped"];
    await page.keyboard.press("ArrowLeft");
    const back = (await playing()).at;
    await page.keyboard.press("ArrowRight");
    const again = (await playing()).at;
    if (Math.abs(stopped.at - back - 10) > 0.1 || Math.abs(again - stopped.at) > 0.1) return [`${stopped.at} s, ← ${back} s, → ${again} s`];
  });
  let at = 0;
  await report.check("comment: c begins one at this moment, and it is saved", page, async () => {
    at = (await playing()).at;
    await page.keyboard.press("c");
    await page.keyboard.type(COMMENT);
    await Promise.all([page.waitForNavigation(), pressOn(page, page.locator("#remark").getByRole("button", { name: "Save" }))]);
    await page.getByText("Your comment is saved.").waitFor();
  });
  await report.check("comment: it is there when the page is opened again", page, async () => {
    await page.reload();
    await page.locator("#comments").getByText(COMMENT).waitFor();
  });
  await report.check("comment: Coach360 tells of it", page, async () => {
    const all = await coach360(site, "/feedback?since=2020-01-01T00:00Z&limit=1000");
    const found = all.filter((it) => it.text === COMMENT);
    if (found.length !== 1) return [`${found.length} comments with these words`];
    const [it] = found;
    if (it.callId !== contact.id || !it.isComment || it.isHighlight || Math.abs(it.startTime - at) > 0.2) return [`${JSON.stringify(it)}, at ${at} s`];
  });
  await report.check("find, hear, comment: within a minute and without complaints", page, async () => {
    const seconds = (Date.now() - began) / 1000;
    return [...(seconds < 60 ? [] : [`${seconds} s`]), ...(await visitor.told())];
  });
  await visitor.close();
}
