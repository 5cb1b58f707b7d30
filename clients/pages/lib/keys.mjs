// Somebody who has no mouse: only keys are pressed, and a mouse would be noticed.

import { window_ } from "./browser.mjs";

/** A window in which a press of a mouse is a fault. */
export async function withoutMouse(browser, options) {
  const visitor = await window_(browser, options);
  await visitor.context.addInitScript(() => {
    for (const kind of ["pointerdown", "mousedown", "touchstart"]) {
      addEventListener(kind, () => console.error(`somebody used a mouse: ${kind}`), true);
    }
  });
  return visitor;
}

/** Presses Tab until a control has the focus. */
export async function tabTo(page, locator, most = 150) {
  await locator.first().waitFor({ state: "visible" });
  for (let presses = 0; presses <= most; presses += 1) {
    if (await locator.first().evaluate((it) => it === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${locator} is not reached by ${most} presses of Tab`);
}

/** Tabs to a control and presses a key on it. */
export async function pressOn(page, locator, key = "Enter") {
  await tabTo(page, locator);
  await page.keyboard.press(key);
}

/** Does something that opens another page, and waits for that page. */
export async function andGo(page, address, work) {
  await Promise.all([page.waitForURL(address), work()]);
  await page.waitForLoadState("load");
}
