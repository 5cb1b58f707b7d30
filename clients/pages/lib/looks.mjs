// What must hold for every page, whatever it shows.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

/** What axe-core finds against the rules of WCAG 2.0 to 2.2, A and AA. */
export async function axe(page) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async (values) => {
    const found = await window.axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] });
    return found.violations.map((it) => ({ id: it.id, nodes: it.nodes.map((node) => [node.target.join(" "), node.failureSummary]) }));
  }, RULES);
  return violations.flatMap(({ id, nodes }) =>
    nodes.slice(0, 4).map(([target, why]) => `axe ${id} (${nodes.length}): ${target}: ${why.split("\n").slice(1, 3).join(" ").trim()}`),
  );
}

/** Nothing makes the page scroll sideways, and what would is named. */
export function overflow(page) {
  return page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    const need = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
    if (need <= wide) return [];
    const scrolls = (element) => {
      for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) {
        if (getComputedStyle(up).overflowX !== "visible") return true;
      }
      return false;
    };
    const culprits = [...document.body.querySelectorAll("*")]
      .filter((it) => it.getBoundingClientRect().right > wide + 1 && !scrolls(it))
      .map((it) => `${it.tagName.toLowerCase()}${it.id && `#${it.id}`}.${[...it.classList].join(".")}`);
    return [`scrolls sideways: ${need} px in a window of ${wide} px: ${[...new Set(culprits)].slice(0, 5).join(", ")}`];
  });
}

/** One heading of the first level, and no level left out. */
export function headings(page) {
  return page.evaluate(() => {
    const seen = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].filter((it) => it.checkVisibility());
    const levels = seen.map((it) => Number(it.tagName[1]));
    const problems = [];
    if (levels.filter((level) => level === 1).length !== 1) problems.push(`${levels.filter((level) => level === 1).length} headings h1`);
    levels.forEach((level, n) => {
      if (n > 0 && level > levels[n - 1] + 1) problems.push(`h${level} after h${levels[n - 1]}: ${seen[n].textContent.trim().slice(0, 40)}`);
    });
    return problems;
  });
}

/** Every control is reached by Tab, and where the focus is can be seen. */
export async function tabs(page) {
  const problems = await tabsOnce(page);
  // A live page may have changed meanwhile: what was to be reached is another element now. Not twice in a row.
  return problems.length > 0 && (await page.locator("#live").count()) > 0 ? tabsOnce(page) : problems;
}

async function tabsOnce(page) {
  const expected = await page.evaluate(collect);
  const problems = new Set();
  const reached = new Set();
  for (let presses = 0; reached.size < expected.length && presses < expected.length * 1.2 + 20; presses += 1) {
    await page.keyboard.press("Tab");
    const { at, group, fault } = await page.evaluate(look);
    if (fault) problems.add(fault);
    if (at >= 0) reached.add(at);
    for (const other of group) reached.add(other);
  }
  const missed = expected.filter((_, n) => !reached.has(n));
  if (missed.length > 0) problems.add(`${missed.length} not reached by Tab: ${missed.slice(0, 5).join(", ")}`);
  return [...problems].slice(0, 12);
}

/** In the page: the controls that Tab has to reach, kept for `look`. */
function collect() {
  const root = document.querySelector("dialog:modal") ?? document;
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary, audio[controls], [tabindex], [contenteditable]";
  const named = (it) => {
    const words = it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent ?? it.textContent ?? "";
    return `${it.tagName.toLowerCase()}${it.id && `#${it.id}`} “${words.trim().replace(/\s+/g, " ").slice(0, 40)}”`;
  };
  const shown = (it) => it.checkVisibility({ visibilityProperty: true }) && !it.closest("[inert]");
  const wanted = (it) => it.tabIndex >= 0 && !it.matches(":disabled") && shown(it);
  window.walk = { named, controls: [...root.querySelectorAll(controls)].filter(wanted) };
  return window.walk.controls.map(named);
}

/** In the page: where the focus is now, and what is wrong with how it is shown. */
function look() {
  const it = document.activeElement;
  const { controls, named } = window.walk;
  const at = controls.indexOf(it);
  const same = (other) => other.type === "radio" && other.name === it.name && other.form === it.form;
  const group = it.type === "radio" ? controls.flatMap((other, n) => (same(other) ? [n] : [])) : [];
  if (!it || it === document.body || it === document.documentElement) return { at, group };
  // A control that is drawn by its label shows the focus there.
  const drawn = [it, ...(it.labels ?? []), it.parentElement].filter(Boolean);
  const ring = drawn.some((part) => {
    const style = getComputedStyle(part);
    const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1 && !/, 0\)$/.test(style.outlineColor);
    return outline || (part === it && style.boxShadow !== "none");
  });
  if (!ring) return { at, group, fault: `the focus is not seen on ${named(it)}` };
  const inView = drawn.some((part) => [...part.getClientRects()].some((box) => {
    const points = [[0.5, 0.5], [0.1, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.8]];
    return points.some(([x, y]) => {
      const top = document.elementFromPoint(box.x + box.width * x, box.y + box.height * y);
      return top && (part.contains(top) || top.contains(part));
    });
  }));
  return { at, group, fault: inView ? undefined : `with the focus, ${named(it)} is covered or out of view` };
}
