// Reads openapi.json and lays its operations out by who uses them.
import { code, element, inline, pretty, prose } from "./elements.js";
import { exampleOf, resolved, schemaView, signature } from "./schema.js";
import { Trying } from "./trying.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const keyInput = document.getElementById("key");
const findInput = document.getElementById("find");

function operationsOf(api) {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    METHODS.filter((method) => methods[method]).map((method) => ({
      ...methods[method],
      method: method.toUpperCase(),
      path,
      id: `${method}${path.replace(/[^A-Za-z0-9]+/g, "-").replace(/-$/, "")}`,
      parameters: [...(methods.parameters ?? []), ...(methods[method].parameters ?? [])],
    })));
}

// [group, operations] in the order of the groups; what is in none stands at the end.
function grouped(api, operations) {
  const left = new Set(operations);
  const groups = (api["x-tagGroups"] ?? []).map(({ name, tags }) => {
    const own = tags.flatMap((tag) => [...left].filter((one) => one.tags?.includes(tag)));
    own.forEach((one) => left.delete(one));
    return [name, own];
  });
  return [...groups, ["Others", [...left]]].filter(([, own]) => own.length);
}

function parametersView(operation, api) {
  if (!operation.parameters.length) return "";
  const rows = operation.parameters.map((given) => resolved(given, api)).map((one) =>
    element("tr", {}, element("th", { scope: "row" }, element("code", {}, one.name)), element("td", {}, one.in),
      element("td", {}, one.required ? "yes" : "no"), element("td", {}, signature(one.schema, api)),
      element("td", {}, inline(one.description ?? ""))));
  const heads = ["Name", "In", "Required", "Type", "Meaning"].map((text) => element("th", { scope: "col" }, text));
  return element("section", {}, element("h4", {}, "Parameters"), element("div", { class: "scroll", tabindex: "0",
    role: "region", "aria-label": "Parameters" },
  element("table", {}, element("thead", {}, element("tr", {}, heads)), element("tbody", {}, rows))));
}

function contentView(content, api) {
  return Object.entries(content ?? {}).map(([type, media]) => {
    const example = exampleOf(media, api);
    return element("div", {}, element("p", {}, element("code", {}, type)),
      media.schema ? schemaView(media.schema, api) : "",
      example === undefined ? "" : [element("h5", {}, "Example"),
        code(typeof example === "string" ? example : pretty(example), `Example of ${type}`)]);
  });
}

function bodyView(operation, api) {
  const { requestBody } = operation;
  return requestBody ? element("section", {}, element("h4", {}, "Body"), contentView(requestBody.content, api)) : "";
}

function answersView(operation, api) {
  const answers = Object.entries(operation.responses ?? {}).map(([status, given]) => {
    const answer = resolved(given, api);
    const head = element("summary", {}, element("code", {}, status), ` ${answer.description ?? ""}`);
    return element("details", { open: status.startsWith("2") }, head, contentView(answer.content, api));
  });
  return element("section", {}, element("h4", {}, "Answers"), answers);
}

function operationView(operation, api) {
  const head = element("summary", {}, element("span", { class: `method ${operation.method.toLowerCase()}` }, operation.method),
    " ", element("code", {}, operation.path), " ", element("span", {}, operation.summary ?? ""));
  const view = element("details", { class: "operation", id: operation.id }, head);
  const build = () => view.append(element("div", { class: "inside" }, prose(operation.description),
    parametersView(operation, api), bodyView(operation, api), answersView(operation, api),
    new Trying(operation, api, keyInput).view()));
  view.addEventListener("toggle", build, { once: true });
  view.addEventListener("toggle", () => view.open && history.replaceState(null, "", `#${operation.id}`));
  return view;
}

function groupView(name, operations, api) {
  const id = `group-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
  const views = operations.map((operation) => ({ operation, view: operationView(operation, api) }));
  const section = element("section", { "aria-labelledby": id }, element("h2", { id }, name));
  for (const tag of new Set(operations.flatMap((one) => one.tags?.[0] ?? []))) {
    const about = (api.tags ?? []).find((one) => one.name === tag)?.description;
    const own = views.filter(({ operation }) => operation.tags[0] === tag).map(({ view }) => view);
    section.append(element("div", { class: "tag" }, element("h3", {}, tag), about ? prose(about) : "", own));
  }
  const links = views.map(({ operation, view }) => ({ view, link: element("li", {},
    element("a", { href: `#${operation.id}` }, operation.summary ?? operation.path)) }));
  const nav = element("div", {}, element("h2", {}, element("a", { href: `#${id}` }, name)),
    element("ul", {}, links.map(({ link }) => link)));
  return { section, nav, entries: views.map((one, place) => ({ ...one, link: links[place].link })) };
}

function find(groups) {
  const wanted = findInput.value.trim().toLowerCase().split(/\s+/);
  let found = 0;
  for (const { section, nav, entries } of groups) {
    for (const { operation, view, link } of entries) {
      const text = [operation.method, operation.path, operation.summary, operation.description, ...(operation.tags ?? [])].join(" ").toLowerCase();
      view.hidden = link.hidden = !wanted.every((word) => text.includes(word));
      found += !view.hidden;
    }
    section.hidden = nav.hidden = entries.every(({ view }) => view.hidden);
    for (const tag of section.querySelectorAll(".tag")) tag.hidden = !tag.querySelector(".operation:not([hidden])");
  }
  document.getElementById("found").textContent = `${found} operation${found === 1 ? "" : "s"}`;
}

function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!named?.classList.contains("operation")) return;
  named.open = true;
  named.scrollIntoView();
  named.querySelector("summary").focus();
}

async function start() {
  const main = document.getElementById("operations");
  try {
    const response = await fetch("openapi.json");
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    const api = await response.json();
    const groups = grouped(api, operationsOf(api)).map(([name, operations]) => groupView(name, operations, api));
    main.replaceChildren(...groups.map(({ section }) => section));
    document.getElementById("groups").replaceChildren(...groups.map(({ nav }) => nav));
    document.getElementById("tools").addEventListener("submit", (event) => event.preventDefault());
    findInput.addEventListener("input", () => find(groups));
    window.addEventListener("hashchange", openNamed);
    find(groups);
    openNamed();
  } catch (error) {
    main.replaceChildren(element("p", { class: "wrong", role: "alert" }, `openapi.json could not be read: ${error.message}`));
  }
}

start();
