// The checks are checked: each fault that is put into a page is found, and the same page without it is not complained about.

import { window_ } from "./lib/browser.mjs";
import { axe, headings, overflow, tabs } from "./lib/looks.mjs";

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'";
const page_ = (inside) => `<!doctype html><html lang="en"><head><title>A page</title><link rel="stylesheet" href="/faults.css"></head>
<body><main><h1>A page</h1>${inside}<p><a href="/">A link</a> <button>A button</button></p></main></body></html>`;
const STYLE = "body { margin: 0; background: #fff; color: #222 } .wide { width: 900px } .faint { color: #ccc } .bare:focus { outline: none } .bar { position: fixed; inset: auto 0 0; height: 400px; background: #fff }";

/** What is put in, and which words tell that it was found. */
const FAULTS = [
  ["nothing wrong", "", null],
  ["a wide box", `<div class="wide">x</div>`, "scrolls sideways"],
  ["an inline script", `<script>document.title = "changed"</script>`, "policy: script-src"],
  ["an inline style", `<p style="color: red">x</p>`, "policy: style-src"],
  ["a script that fails", `<script src="/faults.js"></script>`, "script: on purpose"],
  ["a missing file", `<script src="/missing.js"></script>`, "answer: 404"],
  ["faint text", `<p class="faint">Words that can hardly be read</p>`, "axe color-contrast"],
  ["a field without a label", `<input>`, "axe label"],
  ["a picture without words", `<img src="/mark.png">`, "axe image-alt"],
  ["a control without a ring", `<button class="bare">x</button>`, "the focus is not seen on"],
  ["a control that Tab passes by", `<button id="shy">x</button><script src="/shy.js"></script>`, "not reached by Tab"],
  ["a bar over a control", `<div class="bar"></div><p><br><br><br><br><br><br><br><br><br><br><br><br><br><br><br><br><br><br><br><br><br><br><br><br></p>`, "covered or out of view"],
  ["a leap in the headings", `<h4>x</h4>`, "h4 after h1"],
];

const FILES = {
  "/faults.css": ["text/css", STYLE],
  "/faults.js": ["text/javascript", "throw new Error('on purpose')"],
  "/shy.js": ["text/javascript", "document.getElementById('shy').addEventListener('focus', (event) => event.target.blur()); document.addEventListener('keydown', (event) => { if (event.key === 'Tab') { event.preventDefault(); document.querySelector('a').focus(); } });"],
  "/mark.png": ["image/png", Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64")],
};

export async function run({ browser, report, site }) {
  for (const [name, inside, wanted] of FAULTS) {
    const visitor = await window_(browser, { width: 400, base: site.base });
    const { page } = visitor;
    await page.route("**/*", (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === "/faulty") return route.fulfill({ contentType: "text/html", headers: { "content-security-policy": `${POLICY}; img-src 'self'` }, body: page_(inside) });
      const file = FILES[pathname];
      return file ? route.fulfill({ contentType: file[0], body: file[1] }) : route.fulfill({ status: 404, body: "" });
    });
    await report.check(`found: ${name}`, page, async () => {
      await page.goto(`${site.base}/faulty`);
      await page.waitForTimeout(100);
      const found = [...(await visitor.told()), ...(await overflow(page)), ...(await headings(page)), ...(await axe(page)), ...(await tabs(page))];
      if (wanted === null) return found;
      return found.some((text) => text.startsWith(wanted) || text.includes(wanted)) ? [] : [`not found; found is ${JSON.stringify(found)}`];
    });
    await visitor.close();
  }
}
