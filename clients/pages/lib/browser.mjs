// Chromium, people who are signed in, and what the browser complains about.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

/** Where Debian, Ubuntu and others put the browser. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Starts the browser. */
export async function open() {
  const executablePath = process.env.TOUCHLINE_CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!executablePath) throw new Error("Chromium is not installed: run `cargo xtask test` once");
  // Sound goes nowhere, so that a machine without a sound card plays in real time as well.
  return chromium.launch({ executablePath, args: ["--disable-audio-output"] });
}

/** A browser window of somebody, and what it complained about. */
export class Visitor {
  /** @param {import("playwright-core").BrowserContext} context @param {import("playwright-core").Page} page */
  constructor(context, page) {
    this.context = context;
    this.page = page;
    /** @type {string[]} */
    this.complaints = [];
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.complaints.push(`script: ${error.message}`));
    page.on("requestfailed", (request) => {
      const why = request.failure()?.errorText ?? "";
      // What a page no longer needs when it is left, or when a player has seen enough.
      if (why !== "net::ERR_ABORTED") this.complaints.push(`request: ${request.url()} ${why}`);
    });
    page.on("response", (response) => {
      const own = response.request().isNavigationRequest();
      if (response.status() >= 400 && !own) this.complaints.push(`answer: ${response.status()} ${response.url()}`);
    });
  }

  /** What was complained about since the last time. A refused page is told on the console too: `expected` is its status. */
  async told(expected = 200) {
    const csp = await this.page.evaluate(() => window.policyViolations.splice(0));
    const ours = `the server responded with a status of ${expected} `;
    const console = this.complaints.splice(0).filter((text) => expected < 400 || !text.includes(ours));
    return [...console, ...csp.map((text) => `policy: ${text}`)];
  }

  close() {
    return this.context.close();
  }
}

/**
 * A window. `theme` is "light" or "dark": said by the system, or by the cookie while the system says the opposite.
 * @param {{ width?: number, theme?: string, byCookie?: boolean, cookies?: object[], base: string }} how
 */
export async function window_(browser, { width = 1280, theme = "light", byCookie = false, cookies = [], base }) {
  const opposite = theme === "dark" ? "light" : "dark";
  const context = await browser.newContext({
    viewport: { width, height: 800 },
    colorScheme: byCookie ? opposite : theme,
    reducedMotion: "reduce",
    timezoneId: "Europe/London",
    locale: "en-GB",
    acceptDownloads: true,
  });
  context.setDefaultTimeout(10_000);
  const choice = byCookie ? [{ name: "theme", value: theme, url: base }] : [];
  await context.addCookies([...cookies, ...choice]);
  await context.addInitScript(() => {
    window.policyViolations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      window.policyViolations.push(`${event.violatedDirective} ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  return new Visitor(context, await context.newPage());
}

/** Signs in through the page and returns the cookies of the session. */
export async function cookiesOf(browser, base, login) {
  const visitor = await window_(browser, { base });
  await signIn(visitor.page, base, login.email, login.password);
  if (new URL(visitor.page.url()).pathname !== "/") throw new Error(`${login.role} could not sign in`);
  const cookies = await visitor.context.cookies();
  await visitor.close();
  return cookies;
}

/** Fills in the sign-in by keyboard. */
export async function signIn(page, base, email, password) {
  await page.goto(`${base}/sign-in`);
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}
