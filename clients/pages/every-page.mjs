// Each page of the table in both themes, wide and narrow.

import { cookiesOf, window_ } from "./lib/browser.mjs";
import { axe, headings, overflow, tabs } from "./lib/looks.mjs";
import { sampleOf } from "./lib/sample.mjs";
import { PAGES } from "./pages.mjs";
import { setUp } from "./sign-in.mjs";

const WIDTHS = [1280, 400];
const THEMES = ["light", "dark"];

export async function run({ browser, report, site }) {
  const sample = await sampleOf(site);
  const wanted = PAGES.filter(({ name }) => !process.env.PAGES_ONLY || name.match(process.env.PAGES_ONLY));
  // Strangers first, then those who work there; the founder last, because the set-up is shown only before it is done.
  for (const role of new Set(wanted.map((row) => row.role))) {
    const base = role === "founder" ? new URL(site.setup).origin : site.base;
    const cookies = role === undefined ? [] : await cookiesFor(browser, site, role);
    for (const width of WIDTHS) {
      for (const theme of THEMES) {
        // Strangers have no choice of their own; for others both ways of choosing a theme are used.
        const byCookie = role !== undefined && width === 1280;
        const visitor = await window_(browser, { width, theme, byCookie, cookies, base });
        for (const row of wanted.filter((it) => it.role === role)) {
          const name = `${row.name}-${width}-${theme}`;
          await report.check(name, visitor.page, () => look(visitor, row, sample, base, report, name, theme));
        }
        await visitor.close();
      }
    }
  }
}

/** The session of somebody with a role. */
async function cookiesFor(browser, site, role) {
  if (role !== "founder") return cookiesOf(browser, site.base, site.logins.find((it) => it.role === role));
  const visitor = await window_(browser, { base: site.setup });
  await visitor.page.goto(site.setup);
  await setUp(visitor.page);
  const cookies = await visitor.context.cookies();
  await visitor.close();
  return cookies;
}

/** Opens a page and returns everything that is wrong with it. */
async function look(visitor, row, sample, base, report, name, theme) {
  const { page } = visitor;
  const path = typeof row.path === "function" ? row.path(sample) : row.path;
  const expected = row.status ?? 200;
  visitor.complaints.splice(0);
  let status = 0;
  const notice = (response) => {
    if (response.request().isNavigationRequest()) status = response.status();
  };
  page.on("response", notice);
  await page.goto(new URL(path, base).href, { waitUntil: "load" });
  await row.act?.(page);
  await page.waitForTimeout(150);
  page.off("response", notice);
  const problems = status === expected ? [] : [`answered ${status}, not ${expected}`];
  problems.push(...(await visitor.told(expected)));
  problems.push(...(await overflow(page)), ...(await headings(page)));
  const ground = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const isDark = Number(ground.match(/\d+/)) < 128;
  if (isDark !== (theme === "dark")) problems.push(`the ground is ${ground} in the ${theme} theme`);
  await report.picture(page, name);
  problems.push(...(await axe(page)), ...(await tabs(page)));
  problems.push(...(await visitor.told(expected)));
  return problems;
}
