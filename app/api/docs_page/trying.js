// A form that sends an operation to this service, and the curl line that does the same.
import { bounds, exampleOf, resolved } from "./schema.js";
import { code, element, inline, pretty } from "./elements.js";

const LONGEST_SHOWN = 200_000;

export class Trying {
  constructor(operation, api, keyInput) {
    this.operation = operation;
    this.api = api;
    this.keyInput = keyInput;
    this.fields = (operation.parameters ?? []).map((given) => this.#field(resolved(given, api)));
    this.media = Object.keys(operation.requestBody?.content ?? {})[0];
    this.body = this.media ? this.#bodyField() : null;
    this.curl = code("", "curl line");
    this.answer = element("div", { class: "answer", role: "status" });
  }

  view() {
    const send = element("button", { type: "submit" }, `Send ${this.operation.method} ${this.operation.path}`);
    const form = element("form", { class: "try" },
      element("p", {}, "This asks the running service: what it changes, is changed."), this.fields.map((field) => field.row),
      this.body ? element("p", {}, element("label", { for: this.body.id }, `Body (${this.media})`), this.body) : "",
      element("p", {}, send), this.answer);
    form.addEventListener("input", () => this.#tell());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(send);
    });
    this.#tell();
    return element("section", {}, element("h4", {}, "curl"), this.curl, element("h4", {}, "Try it"), form);
  }

  #field(parameter) {
    const id = `${this.operation.id}-${parameter.in}-${parameter.name}`;
    const schema = resolved(parameter.schema, this.api);
    const first = parameter.example ?? schema.examples?.[0] ?? "";
    const input = element("input", { id, required: parameter.required, value: parameter.required ? first : "",
      placeholder: first || bounds(schema, this.api), autocomplete: "off", spellcheck: "false" });
    const label = element("label", { for: id }, element("code", {}, parameter.name), ` in ${parameter.in}`,
      parameter.required ? ", required" : "");
    const about = parameter.description ?? schema.description;
    return { parameter, input, row: element("p", {}, label, input, about ? element("small", {}, inline(about)) : "") };
  }

  #bodyField() {
    const example = exampleOf(this.operation.requestBody.content[this.media], this.api);
    const text = element("textarea", { id: `${this.operation.id}-body`, rows: "12", spellcheck: "false" });
    text.value = example === undefined ? "{}" : typeof example === "string" ? example : pretty(example);
    return text;
  }

  #said(place) {
    return this.fields.filter(({ parameter, input }) => parameter.in === place && input.value !== "")
      .map(({ parameter, input }) => [parameter.name, input.value]);
  }

  // Addresses are beside this page, wherever the service is mounted.
  #address() {
    const values = new Map(this.#said("path"));
    const path = this.operation.path.replace(/\{([^}]+)\}/g, (whole, name) => {
      const value = values.get(name.split(":")[0]);
      return value === undefined ? whole : encodeURIComponent(value);
    });
    const query = new URLSearchParams(this.#said("query")).toString();
    return new URL(`.${path}${query ? `?${query}` : ""}`, document.baseURI).href;
  }

  #headers() {
    return [...this.#said("header"), ...(this.body ? [["Content-Type", this.media]] : [])];
  }

  #tell() {
    const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
    const needsKey = this.operation.security?.length ?? 0;
    const lines = [
      `curl${this.operation.method === "GET" ? "" : ` -X ${this.operation.method}`} ${quoted(this.#address())}`,
      ...(needsKey ? ['-H "Authorization: Bearer $SIGNPOST_KEY"'] : []),
      ...this.#headers().map((pair) => `-H ${quoted(pair.join(": "))}`),
      ...(this.body ? [`--data-binary ${quoted(this.body.value)}`] : []),
    ];
    this.curl.firstChild.textContent = lines.join(" \\\n  ");
  }

  async #send(button) {
    const headers = new Headers(this.#headers());
    const key = this.keyInput.value.trim();
    if (key) headers.set("Authorization", `Bearer ${key}`);
    button.disabled = true;
    this.answer.replaceChildren(element("p", {}, "Asking …"));
    try {
      const started = performance.now();
      const request = { method: this.operation.method, headers, body: this.body?.value, cache: "no-store" };
      const response = await fetch(this.#address(), request);
      await this.#show(response, performance.now() - started);
    } catch (error) {
      this.answer.replaceChildren(element("p", { class: "wrong" }, `Nothing was answered: ${error.message}`));
    } finally {
      button.disabled = false;
    }
  }

  async #show(response, tookMs) {
    const text = await response.text();
    let shown = text;
    try {
      shown = pretty(JSON.parse(text));
    } catch {
      // It is no JSON, and shown as it is.
    }
    const told = `${response.status} ${response.statusText} in ${Math.round(tookMs)} ms`;
    const headers = [...response.headers].map((pair) => pair.join(": ")).join("\n");
    this.answer.replaceChildren(
      element("p", { class: response.ok ? "right" : "wrong" }, element("strong", {}, told)),
      code(shown.slice(0, LONGEST_SHOWN) || "(no content)", "Answer"),
      element("details", {}, element("summary", {}, "Headers"), code(headers, "Headers of the answer")));
  }
}
