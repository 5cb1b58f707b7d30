// Runs one part of the browser tests: `node run.mjs PART`, with the server's address and log-ins as JSON on standard
// input. The last line of the output is the result: {"checks": [{"name", "problems", "picture"?}]}.

import { open } from "./lib/browser.mjs";
import { Report } from "./lib/report.mjs";

const PARTS = {
  pages: "./every-page.mjs",
  faults: "./faults.mjs",
  "sign-in": "./sign-in.mjs",
  find: "./journeys/find-hear-comment.mjs",
  import: "./journeys/import-folder.mjs",
  topic: "./journeys/topic.mjs",
  live: "./journeys/live.mjs",
};

const part = PARTS[process.argv[2]];
if (!part) throw new Error(`one of ${Object.keys(PARTS).join(", ")} is wanted`);
let input = "";
for await (const piece of process.stdin) input += piece;
const site = JSON.parse(input);
const { run } = await import(part);
const report = new Report(site.screens);
const browser = await open();
try {
  await run({ browser, report, site });
} finally {
  await browser.close();
}
console.log(JSON.stringify({ checks: report.checks }));
