// Every page: its address, who opens it, and in which state. `status` when it is not 200; `act` brings it into a state.

/** @typedef {{ name: string, path: string | ((sample: object) => string), role?: string, status?: number, act?: (page: import("playwright-core").Page) => Promise<void> }} PageRow */

/** @type {PageRow[]} */
export const PAGES = [
  { name: "sign-in", path: "/sign-in" },
  { name: "sign-in-wrong", path: "/sign-in", status: 422, act: wrongPassword },
  { name: "setup", path: (sample) => sample.setup },
  { name: "setup-without-key", path: (sample) => sample.setup.replace(/\?.*/, "") },
  { name: "account", path: "/account", role: "agent" },
  { name: "account-wrong", path: "/account", role: "agent", status: 422, act: wrongOldPassword },
  { name: "home-administrator", path: "/", role: "administrator" },
  { name: "home-agent", path: "/", role: "agent" },
  { name: "keys", path: "/", role: "manager", act: (page) => page.keyboard.press("?") },
  { name: "not-found", path: "/nothing-here", role: "agent", status: 404 },
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
