// The API reference: reads an OpenAPI 3.1 document and writes it as headings, tables and details.
// Everything from the document enters the page as text, never as markup.
"use strict";

const place = document.getElementById("reference");
const links = [...document.querySelectorAll("#documents a")];

/** Makes an element: el("p", {class: "x"}, "text", child, ...). Children that are null are left out. */
function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) node.setAttribute(key, value);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

/** Follows `$ref`s of the document itself. */
function resolve(root, value) {
  for (let steps = 0; value && value.$ref && steps < 10; steps += 1) {
    const path = value.$ref.slice(2).split("/");
    value = path.reduce((at, key) => at?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], root);
  }
  return value ?? {};
}

/** Plain paragraphs; `code` between backticks. */
function prose(text) {
  return (text ?? "").split(/\n{2,}/).filter(Boolean).map((part) =>
    el("p", {}, part.split("`").map((piece, index) => (index % 2 ? el("code", {}, piece) : piece))));
}

/** A short name of a schema, with a link where it has a name of its own. */
function typeOf(schema) {
  if (schema === undefined || schema === true) return ["anything"];
  if (schema === false) return ["nothing"];
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return [el("a", { href: `#schema-${name}` }, name)];
  }
  const choices = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (choices) return choices.flatMap((choice, index) => (index ? [" or ", ...typeOf(choice)] : typeOf(choice)));
  if (schema.const !== undefined) return [el("code", {}, JSON.stringify(schema.const))];
  if (schema.enum) return schema.enum.flatMap((word, i) => [i ? " | " : "", el("code", {}, JSON.stringify(word))]);
  if (schema.type === "array") return ["list of ", ...typeOf(schema.items)];
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return ["map to ", ...typeOf(schema.additionalProperties)];
  }
  const name = [schema.type ?? "anything"].flat().join(" or ");
  const bounds = [
    schema.minimum !== undefined ? `≥ ${schema.minimum}` : "",
    schema.maximum !== undefined ? `≤ ${schema.maximum}` : "",
    schema.default !== undefined ? `default ${JSON.stringify(schema.default)}` : "",
  ].filter(Boolean).join(", ");
  return [[name, schema.format].filter(Boolean).join(", ") + (bounds ? ` (${bounds})` : "")];
}

/** A table with a caption; wide tables scroll inside their own box, also by keyboard. */
function table(caption, heads, rows) {
  if (rows.length === 0) return null;
  const head = el("tr", {}, heads.map((text) => el("th", { scope: "col" }, text)));
  const body = rows.map(([first, ...rest]) =>
    el("tr", {}, el("th", { scope: "row" }, first), rest.map((cell) => el("td", {}, cell))));
  const inner = el("table", {}, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, body));
  return el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": caption }, inner);
}

function fields(root, schema, caption) {
  const full = resolve(root, schema);
  const rows = Object.entries(full.properties ?? {}).map(([name, property]) => [
    el("code", {}, name),
    typeOf(property),
    (full.required ?? []).includes(name) ? "yes" : "no",
    prose(property.description),
  ]);
  return table(caption, ["Field", "Type", "Required", "Meaning"], rows);
}

function contentOf(root, content) {
  return Object.entries(content ?? {}).map(([type, media]) => {
    const item = media["x-item-schema"];
    const limit = media["x-max-bytes"] ? `, at most ${media["x-max-bytes"].toLocaleString("en")} bytes` : "";
    const kind = item ? ["one ", ...typeOf(item), " per line"] : media.schema ? typeOf(media.schema) : ["bytes"];
    const parts = media.schema && !media.schema.$ref ? fields(root, media.schema, "Parts") : null;
    return el("div", {}, el("p", {}, el("code", {}, type), ": ", ...kind, limit), parts ?? "");
  });
}

function operation(root, path, method, it) {
  const open = JSON.stringify(it.security) === "[]";
  const abilities = (it["x-abilities"] ?? []).join(", ");
  const access = open ? "Public." : abilities ? `Needs the ability ${abilities}.` : "Any valid credential.";
  const parameters = (it.parameters ?? []).map((raw) => resolve(root, raw)).map((parameter) => [
    el("code", {}, parameter.name),
    parameter.in,
    typeOf(parameter.schema),
    parameter.required ? "yes" : "no",
    prose(parameter.description),
  ]);
  const answers = Object.entries(it.responses ?? {}).map(([status, raw]) => {
    const answer = resolve(root, raw);
    return [status, prose(answer.description), contentOf(root, answer.content)];
  });
  const body = it.requestBody ? resolve(root, it.requestBody) : null;
  return el("details", { id: `op-${it.operationId}`, class: "operation" },
    el("summary", {}, el("span", { class: `method ${method}` }, method.toUpperCase()), " ",
      el("code", {}, path), " ", el("span", { class: "short" }, it.summary ?? "")),
    prose(it.description), el("p", {}, access),
    table("Parameters", ["Name", "In", "Type", "Required", "Meaning"], parameters),
    body ? el("div", {}, el("h4", {}, "Body"), prose(body.description), contentOf(root, body.content)) : null,
    table("Answers", ["Status", "When", "Content"], answers));
}

function show(root) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(root.paths ?? {})) {
    for (const [method, it] of Object.entries(methods)) {
      const tag = it.tags?.[0] ?? "operations";
      groups.set(tag, [...(groups.get(tag) ?? []), operation(root, path, method, it)]);
    }
  }
  const schemas = Object.entries(root.components?.schemas ?? {}).map(([name, schema]) =>
    el("details", { id: `schema-${name}` }, el("summary", {}, el("code", {}, name)),
      prose(schema.description), fields(root, schema, "Fields") ?? el("p", {}, ...typeOf(schema))));
  place.replaceChildren(
    el("h2", {}, `${root.info.title} ${root.info.version}`), ...prose(root.info.description),
    ...[...groups].map(([tag, operations]) => el("section", {}, el("h3", {}, tag), operations)),
    el("section", {}, el("h3", {}, "Schemas"), schemas));
  reveal();
}

/** Opens the details that the address names, so that links to schemas and operations work. */
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
}

async function load(link) {
  for (const other of links) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  place.replaceChildren(el("p", {}, "Loading …"));
  try {
    const answer = await fetch(link.getAttribute("href"));
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    show(await answer.json());
  } catch (error) {
    place.replaceChildren(el("p", { role: "alert" }, `This document could not be loaded: ${error.message}.`));
  }
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    load(link);
  });
}
addEventListener("hashchange", reveal);
if (links.length > 0) load(links[0]);
