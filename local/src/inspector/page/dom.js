// Elements without HTML in strings: every text comes from outside.

const SVG = "http://www.w3.org/2000/svg";

function fill(made, attributes, contents) {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...contents.filter((it) => it !== undefined));
  return made;
}

export const element = (name, attributes = {}, ...contents) => fill(document.createElement(name), attributes, contents);
export const drawn = (name, attributes = {}, ...contents) => fill(document.createElementNS(SVG, name), attributes, contents);
