// Elements of the page. Text becomes text nodes only, so that nothing in the document can become markup.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined && value !== null) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

// Text with `code` in backticks.
export function inline(text) {
  return String(text)
    .split(/`([^`]+)`/)
    .map((part, place) => (place % 2 ? element("code", {}, part) : part));
}

// Text in paragraphs, as docstrings have it.
export function prose(text) {
  if (!text) return [];
  return text.split(/\n\s*\n/).map((paragraph) => element("p", {}, inline(paragraph.replace(/\s*\n\s*/g, " "))));
}

export function code(text, label) {
  // What scrolls must be reached by keyboard too.
  return element("pre", { tabindex: "0", role: "region", "aria-label": label }, element("code", {}, text));
}

export function pretty(value) {
  return JSON.stringify(value, null, 2);
}
