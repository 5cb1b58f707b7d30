// Each page of the table in both themes, wide and narrow.

import { cookiesOf, window_ } from "./lib/browser.mjs";
import { axe, headings, overflow, tabs } from "./lib/looks.mjs";
import { sampleOf } from "./lib/sample.mjs";
import { PAGES } from "./pages.mjs";

const WIDTHS = [1280, 400];
const THEMES = ["light", "dark"];

export async function run({ browser, report, site }) {
  const sample = await sampleOf(site);
  const wanted = PAGES.filter(({ name }) => !process.env.TOUCHLINE_PAGES || name.match(process.env.TOUCHLINE_PAGES));
  for (const role of new Set(wanted.map((row) => row.role))) {
    const login = site.logins.find((it) => it.role === role);
    const cookies = login ? await cookiesOf(browser, site.base, login) : [];
    for (const width of WIDTHS) {
      for (const theme of THEMES) {
        // Strangers have no choice of their own; for others both ways of choosing a theme are used.
        const byCookie = Boolean(login) && width === 1280;
        const visitor = await window_(browser, { width, theme, byCookie, cookies, base: site.base });
        for (const row of wanted.filter((it) => it.role === role)) {
          const name = `${row.name}-${width}-${theme}`;
          await report.check(name, visitor.page, () => look(visitor, row, sample, site, report, name, theme));
        }
        await visitor.close();
      }
    }
  }
}

/** Opens a page and returns everything that is wrong with it. */
async function look(visitor, row, sample, site, report, name, theme) {
  const { page } = visitor;
  const path = typeof row.path === "function" ? row.path(sample) : row.path;
  const expected = row.status ?? 200;
  visitor.complaints.splice(0);
  let status = 0;
  const notice = (response) => {
    if (response.request().isNavigationRequest()) status = response.status();
  };
  page.on("response", notice);
  await page.goto(new URL(path, site.base).href, { waitUntil: "load" });
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
