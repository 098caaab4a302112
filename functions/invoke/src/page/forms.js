// What a tool's server asks the user for: fields (MCP, "Elicitation": a flat object of strings, numbers,
// yes or no, and choices), or a visit to a page. The server may be anybody's: who asks is said, its words
// are text, and where a link leads is shown whole.

import { button, element, plainly } from "./dom.js";

const KINDS = { email: "email", uri: "url", date: "date", "date-time": "datetime-local" };

/** What `interrupt` asks for, as a form; `answer(status, payload)` sends what was filled in. */
export function form({ message, metadata, responseSchema }, { made, heading, left, answer }) {
  heading.append(`${plainly(metadata.server ?? "A tool")} asks you`);
  if (message) made.append(element("p", { dir: "auto" }, plainly(message)));
  if (metadata.url) return visit(metadata.url, { made, left, answer });
  const { properties = {}, required = [] } = responseSchema ?? {};
  const fields = Object.entries(properties).map(([name, schema]) => field(name, schema, required.includes(name)));
  const filled = () => Object.fromEntries(fields.map(({ name, value }) => [name, value()]).filter(([, value]) => value !== undefined));
  const row = element("div", { class: "row" }, element("button", { class: "main" }, "Send"), button("Don’t", () => answer("cancelled")), left);
  made.append(element("form", {
    class: "asked",
    onsubmit: (event) => {
      event.preventDefault();
      answer("resolved", filled());
    },
  }, element("p", {}, "Never give a password or a key here."), ...fields.map((it) => it.root), row));
}

function visit(address, { made, left, answer }) {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const row = element("div", { class: "row" });
  if (url?.protocol === "https:") {
    made.append(element("p", {}, "You leave for ", element("b", {}, url.host), ": ", plainly(url.href)));
    row.append(element("a", { class: "button main", href: url.href, target: "_blank", rel: "noopener noreferrer" }, `Open ${url.host}`), button("I have done it", () => answer("resolved")));
  } else {
    made.append(element("p", {}, `The link is not shown, because it is no address of a page: ${plainly(address)}`));
  }
  row.append(button("Don’t", () => answer("cancelled")), left);
  made.append(row);
}

/** One field: its element, and what is in it. */
function field(name, schema, required) {
  const isYesOrNo = schema.type === "boolean";
  const choices = options(schema.items ?? schema);
  const input = choices ? choice(choices, { required, multiple: schema.type === "array" }) : element("input", {
    type: isYesOrNo ? "checkbox" : ["number", "integer"].includes(schema.type) ? "number" : KINDS[schema.format] ?? "text",
    required: required && !isYesOrNo,
    min: schema.minimum, max: schema.maximum, minlength: schema.minLength, maxlength: schema.maxLength,
    step: schema.type === "number" && "any",
  });
  if (isYesOrNo) input.checked = schema.default === true;
  else if (schema.default !== undefined && !Array.isArray(schema.default)) input.value = schema.default;
  const label = plainly(schema.title ?? name);
  const root = element("label", {}, `${label}${required && !isYesOrNo ? "" : " (optional)"}`, schema.description && element("small", {}, ` ${plainly(schema.description)}`), input);
  return { name, root, value: () => read(input, schema) };
}

/** The values that one can choose from, each with its words. */
function options({ enum: values, enumNames, oneOf, anyOf }) {
  if (values) return values.map((value, at) => [value, enumNames?.[at] ?? value]);
  return (oneOf ?? anyOf)?.map((it) => [it.const, it.title ?? it.const]);
}

function choice(choices, { required, multiple }) {
  const each = choices.map(([value, words]) => element("option", { value }, plainly(String(words))));
  if (!required && !multiple) each.unshift(element("option", { value: "" }));
  return element("select", { required, multiple }, ...each);
}

function read(input, { type }) {
  if (input.type === "checkbox") return input.checked;
  if (type === "array") return [...input.selectedOptions].map((it) => it.value);
  if (input.value === "") return undefined;
  return input.type === "number" ? Number(input.value) : input.value;
}
