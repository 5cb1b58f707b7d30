// The live wall hears of a change, says so when the line is dead, and goes on when it is there again. An agent begins to work
// by a voice client's interface; the supervisor only looks.

import { cookiesOf, window_ } from "../lib/browser.mjs";
import { voiceClient } from "../lib/voice.mjs";

const LIMIT = { timeout: 60_000 };

export async function run({ browser, report, site }) {
  const agent = site.voice.find((it) => it.role === "agent");
  const cookies = await cookiesOf(browser, site.base, site.logins.find((it) => it.role === "manager"));
  const visitor = await window_(browser, { base: site.base, cookies });
  const { page } = visitor;
  const tile = page.locator(`[data-part="tile ${agent.deviceId}"]`);
  const { does } = await voiceClient(site, agent);

  await report.check("live: the wall hears news", page, async () => {
    await page.goto(`${site.base}/live`);
    await page.locator("#live[data-hears]").waitFor(LIMIT);
    await tile.getByText("Not at work").waitFor(LIMIT);
  });
  await report.check("live: who begins to work is seen to, without a reload", page, async () => {
    await page.evaluate(() => { window.sameWindow = true; });
    await does("StartContactCenterSession", { channels: ["voice"] });
    await does("Ready", {}, "/me/channels/voice");
    await tile.getByText("Ready", { exact: true }).waitFor(LIMIT);
    return (await page.evaluate(() => window.sameWindow)) ? [] : ["the page was loaded again"];
  });
  await report.check("live: nobody loses the focus when the wall changes", page, async () => {
    const group = page.getByLabel("Group", { exact: true });
    if (!(await group.count())) return ["there is nothing to put the focus on"];
    await page.getByRole("button", { name: "Show" }).focus();
    await does("NotReady", {}, "/me/channels/voice");
    await tile.getByText("Not ready", { exact: true }).waitFor(LIMIT);
    const focused = await page.evaluate(() => document.activeElement?.textContent);
    return focused === "Show" ? [] : [`the focus is on “${focused}”`];
  });
  await report.check("live: a dead line is told, and what is shown is grey", page, async () => {
    await visitor.context.setOffline(true);
    await page.locator("#live[data-lost]").waitFor({ state: "attached", ...LIMIT });
    const words = await page.locator("#lost").innerText();
    await report.picture(page, "journey-live-lost");
    return /^No connection since \d/.test(words) ? [] : [`it says “${words}”`];
  });
  // What a browser without a network complains of is expected.
  await visitor.told();
  await report.check("live: the line is there again, and so are the news", page, async () => {
    await visitor.context.setOffline(false);
    await page.locator("#live:not([data-lost])").waitFor({ state: "attached", ...LIMIT });
    await page.locator("#live[data-hears]").waitFor({ state: "attached", ...LIMIT });
    await does("Ready", {}, "/me/channels/voice");
    await tile.getByText("Ready", { exact: true }).waitFor(LIMIT);
    return (await page.locator("#lost").isVisible()) ? ["it still says that the line is dead"] : [];
  });
  await visitor.told();
  await report.check("live: who signs out elsewhere is led to the sign-in", page, async () => {
    await page.evaluate(() => fetch("/sign-out", { method: "POST" }));
    await page.waitForURL(/\/sign-in/, LIMIT);
  });
  await visitor.close();
}
