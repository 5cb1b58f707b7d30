// Without a mouse: a folder of recordings is chosen, looked at, brought in, and one of them is played.

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cookiesOf } from "../lib/browser.mjs";
import { andGo, pressOn, tabTo, withoutMouse } from "../lib/keys.mjs";
import { eventually, native } from "../lib/sample.mjs";

/** A WAV file: 8 kHz, one channel, a tone of so many hertz. */
function tone(hertz, seconds) {
  const samples = 8000 * seconds;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write("RIFF");
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write("WAVEfmt ", 8);
  [[16, 4, 16], [1, 2, 20], [1, 2, 22], [8000, 4, 24], [16000, 4, 28], [2, 2, 32], [16, 2, 34]].forEach(([value, bytes, at]) => wav.writeUIntLE(value, at, bytes));
  wav.write("data", 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let n = 0; n < samples; n += 1) wav.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * hertz * n) / 8000)), 44 + 2 * n);
  return wav;
}

export async function run({ browser, report, site }) {
  const folder = join(site.folder, "recordings");
  mkdirSync(folder, { recursive: true });
  const files = [300, 433, 601].map((hertz, n) => ({ name: `2026-03-0${n + 1}_093000_line-${n + 1}.wav`, bytes: tone(hertz, 3 + n) }));
  for (const { name, bytes } of files) writeFileSync(join(folder, name), bytes);
  const contacts = async () => (await native(site, "/contacts?limit=1000")).items;
  const before = (await contacts()).length;

  const administrator = site.logins.find((it) => it.role === "administrator");
  const cookies = await cookiesOf(browser, site.base, administrator);
  const visitor = await withoutMouse(browser, { base: site.base, cookies });
  const { page } = visitor;

  await report.check("import: g i, then a folder is chosen", page, async () => {
    await page.goto(site.base);
    await page.keyboard.press("g");
    await andGo(page, /\/imports$/, () => page.keyboard.press("i"));
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), pressOn(page, page.getByLabel("Or a whole folder"))]);
    await chooser.setFiles(folder);
    const chosen = await page.locator("#folder").evaluate((it) => it.files.length);
    if (chosen !== files.length) return [`${chosen} files are chosen, not ${files.length}`];
  });
  await report.check("import: the preview shows what would come in and changes nothing", page, async () => {
    await andGo(page, /\/imports\/[^/]+$/, () => pressOn(page, page.getByRole("button", { name: "Send and look" })));
    for (const { name } of files) await page.getByText(name).first().waitFor();
    await report.picture(page, "journey-import-preview");
    const now = (await contacts()).length;
    if (now !== before) return [`${before} contacts before, ${now} after the preview`];
  });
  await report.check("import: brought in, with what came of it", page, async () => {
    await Promise.all([page.waitForNavigation(), pressOn(page, page.getByRole("button", { name: "Bring it in" }))]);
    await page.getByText("Done", { exact: true }).first().waitFor({ timeout: 30_000 });
    await report.picture(page, "journey-import-done");
    if (!(await page.locator("main").innerText()).includes("3 new")) return [`it says ${await page.locator("main").innerText()}`];
  });
  let one;
  await report.check("import: every recording is a contact, byte for byte", page, async () => {
    const all = await contacts();
    const known = new Map(all.filter((it) => it.recording).map((it) => [it.recording.sha256, it]));
    const missing = files.filter(({ bytes }) => !known.has(createHash("sha256").update(bytes).digest("hex")));
    one = known.get(createHash("sha256").update(files[0].bytes).digest("hex"));
    const count = all.length === before + files.length ? [] : [`${before} contacts before, ${all.length} after`];
    return [...count, ...missing.map(({ name }) => `${name} is missing`)];
  });
  await report.check("import: the newest is in the list of calls, and plays", page, async () => {
    await page.keyboard.press("g");
    await andGo(page, /\/calls$/, () => page.keyboard.press("c"));
    const link = page.locator(`td.when a[href*="${encodeURIComponent(one.id)}"]`);
    await andGo(page, /\/calls\/.+/, () => pressOn(page, link));
    await eventually("it was worked on and can be played", async () => {
      if (await page.locator("audio").count()) return true;
      await page.reload();
      return false;
    });
    await page.keyboard.press("Space");
    await eventually("the sound moves on", () => page.locator("audio").evaluate((it) => it.currentTime > 0.5));
  });
  await report.check("import: without complaints", page, () => visitor.told());
  await visitor.close();
}
