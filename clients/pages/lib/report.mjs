// What was checked, and what was wrong with it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

export class Report {
  /** @param {string} screens Folder of the pictures. */
  constructor(screens) {
    this.screens = screens;
    /** @type {{ name: string, problems: string[], picture?: string, milliseconds: number }[]} */
    this.checks = [];
    mkdirSync(screens, { recursive: true });
  }

  /** Takes a picture for people to look at. */
  async picture(page, name, whole = true) {
    const path = join(this.screens, `${name}.png`);
    await page.screenshot({ path, fullPage: whole });
    return path;
  }

  /**
   * Runs a check that returns what is wrong. When something is, a picture of the moment is kept.
   * @param {string} name @param {import("playwright-core").Page | undefined} page @param {() => Promise<string[] | void>} work
   */
  async check(name, page, work) {
    const began = Date.now();
    let problems;
    try {
      problems = (await work()) ?? [];
    } catch (error) {
      problems = [`${error.message}`.split("\n").slice(0, 12).join("\n")];
    }
    const check = { name, problems, milliseconds: Date.now() - began };
    if (problems.length > 0 && page && !page.isClosed()) {
      check.picture = await this.picture(page, `failed-${name.replace(/[^a-z0-9]+/gi, "-")}`, false).catch(() => undefined);
      check.address = page.url();
    }
    this.checks.push(check);
    return problems.length === 0;
  }
}
