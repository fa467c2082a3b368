// What a JSON schema says, as a list that can be opened part by part.
import { element, inline } from "./elements.js";

const DEEPEST = 8;

export function resolved(schema, api) {
  let found = schema ?? {};
  while (found.$ref) {
    const { $ref, ...beside } = found;
    const target = $ref.slice(2).split("/").reduce((at, step) => at?.[step.replace(/~1/g, "/").replace(/~0/g, "~")], api);
    found = { ...(target ?? {}), ...beside };
  }
  return found;
}

// The example of a media type: its own, or that of its schema.
export function exampleOf(media, api) {
  if (!media) return undefined;
  if ("example" in media) return media.example;
  const [named] = Object.values(media.examples ?? {});
  if (named) return named.value;
  const schema = resolved(media.schema, api);
  return "example" in schema ? schema.example : schema.examples?.[0];
}

function alternatives(schema) {
  return schema.anyOf ?? schema.oneOf ?? schema.allOf;
}

function typeOf(given, api) {
  const schema = resolved(given, api);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (alternatives(schema)) {
    return [...new Set(alternatives(schema).map((one) => typeOf(one, api)))].join(schema.allOf ? " & " : " | ");
  }
  if (schema.type === "array") return schema.items ? `array of ${typeOf(schema.items, api)}` : "array";
  const name = Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "any");
  return schema.format ? `${name} (${schema.format})` : name;
}

const BOUNDS = [
  ["minimum", "≥ "], ["exclusiveMinimum", "> "], ["maximum", "≤ "], ["exclusiveMaximum", "< "],
  ["minLength", "at least ", " characters"], ["maxLength", "at most ", " characters"],
  ["minItems", "at least ", " items"], ["maxItems", "at most ", " items"],
  ["maxProperties", "at most ", " names"], ["pattern", "matches "],
];

export function bounds(given, api) {
  const schema = resolved(given, api);
  const parts = [schema, ...(alternatives(schema) ?? []).map((one) => resolved(one, api))];
  const found = BOUNDS.flatMap(([key, before, after = ""]) =>
    parts.filter((part) => part[key] !== undefined).map((part) => `${before}${part[key]}${after}`));
  if (schema.default !== undefined && schema.default !== null) found.push(`default ${JSON.stringify(schema.default)}`);
  return found.join(", ");
}

// The parts inside of a schema: properties of objects, and of what lists, maps and alternatives hold.
function inside(given, api) {
  const schema = resolved(given, api);
  if (schema.properties) {
    const required = new Set(schema.required ?? []);
    return Object.entries(schema.properties).map(([name, part]) => ({ name, part, required: required.has(name) }));
  }
  if (schema.items) return inside(schema.items, api);
  if (typeof schema.additionalProperties === "object") {
    return inside(schema.additionalProperties, api).map((one) => ({ ...one, name: `<key>.${one.name}` }));
  }
  return (alternatives(schema) ?? []).flatMap((one) => inside(one, api));
}

export function signature(given, api) {
  const limits = bounds(given, api);
  return element("span", { class: "type" }, typeOf(given, api), limits && ` · ${limits}`);
}

export function schemaView(given, api, depth = 0) {
  const parts = depth < DEEPEST ? inside(given, api) : [];
  if (!parts.length) return depth ? null : element("p", {}, signature(given, api));
  return element("ul", { class: "schema" }, parts.map(({ name, part, required }) => partView(name, part, required, api, depth)));
}

function partView(name, part, required, api, depth) {
  const schema = resolved(part, api);
  const head = [
    element("code", {}, name), required ? element("strong", {}, " required") : "", " ", signature(part, api),
    schema.description ? element("span", { class: "about" }, " — ", inline(schema.description)) : "",
  ];
  if (depth + 1 >= DEEPEST || !inside(part, api).length) return element("li", {}, head);
  const more = element("details", {}, element("summary", {}, head));
  // Built when it is opened: schemas may refer to themselves.
  more.addEventListener("toggle", () => more.append(schemaView(part, api, depth + 1)), { once: true });
  return element("li", {}, more);
}
