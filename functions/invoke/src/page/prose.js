// Markdown as it streams. The model's words may be anybody's: a link shows where it really leads, an
// image is a link, and nothing is loaded.

import * as smd from "./smd.js";
import { element, plainly } from "./dom.js";

const ELEMENTS = {
  [smd.PARAGRAPH]: "p", [smd.BLOCKQUOTE]: "blockquote", [smd.LINE_BREAK]: "br", [smd.RULE]: "hr",
  [smd.HEADING_1]: "h3", [smd.HEADING_2]: "h3", [smd.HEADING_3]: "h4",
  [smd.HEADING_4]: "h5", [smd.HEADING_5]: "h6", [smd.HEADING_6]: "h6",
  [smd.ITALIC_AST]: "em", [smd.ITALIC_UND]: "em", [smd.STRONG_AST]: "strong", [smd.STRONG_UND]: "strong",
  [smd.STRIKE]: "s", [smd.CODE_INLINE]: "code", [smd.CODE_BLOCK]: "code", [smd.CODE_FENCE]: "code",
  [smd.LINK]: "a", [smd.RAW_URL]: "a", [smd.IMAGE]: "a",
  [smd.LIST_UNORDERED]: "ul", [smd.LIST_ORDERED]: "ol", [smd.LIST_ITEM]: "li",
  [smd.TABLE]: "table", [smd.TABLE_ROW]: "tr", [smd.TABLE_CELL]: "td",
};
// Not exported by the library.
const DOCUMENT = 1;
const PROTOCOLS = ["http:", "https:", "mailto:"];

/** The address that a link may lead to, or undefined. */
function target(address) {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url && PROTOCOLS.includes(url.protocol) ? url : undefined;
}

function lead(link, address) {
  const url = target(address);
  link.dataset.address = address;
  if (!url) return;
  link.href = url.href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
}

/** What is seen of a link besides its words: where it leads, whole. */
function showTarget(link, wasImage) {
  const address = link.href || link.dataset.address || "";
  if (wasImage) link.prepend("image: ");
  if (link.textContent.trim() === address) return;
  link.after(" ", element("span", { class: "target" }, `(${plainly(address)})`));
}

/** A renderer for `streaming-markdown` that fills `root`. */
function renderer(root) {
  const open = [root];
  const top = () => open[open.length - 1];
  return {
    data: undefined,
    add_token(_, type) {
      if (type === DOCUMENT) return void open.push(root);
      const made = element(ELEMENTS[type] ?? "span");
      made.dataset.token = type;
      const isBlock = type === smd.CODE_BLOCK || type === smd.CODE_FENCE;
      top().append(isBlock ? element("pre", {}, made) : made);
      open.push(made);
    },
    end_token() {
      const ended = open.pop();
      if (ended.tagName === "A") showTarget(ended, Number(ended.dataset.token) === smd.IMAGE);
    },
    add_text: (_, text) => top().append(visibly(text)),
    set_attr(_, type, value) {
      if (type === smd.HREF || type === smd.SRC) lead(top(), value);
      if (type === smd.START) top().setAttribute("start", value);
      if (type === smd.CHECKED) top().append("☑ ");
    },
  };
}

// Writing from right to left, and emoji of several characters, are everyday words.
const visibly = (text) => text.replace(/(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069\u{E0000}-\u{E007F}]/gu, plainly);

/** The model's words, which grow. */
export class Prose {
  constructor() {
    this.text = "";
    this.root = element("div", { class: "prose", dir: "auto" });
    this.parser = smd.parser(renderer(this.root));
  }

  add(text) {
    this.text += text;
    smd.parser_write(this.parser, text);
  }

  /** The parser keeps the last characters until it knows what they are. */
  end() {
    if (!this.isEnded) smd.parser_end(this.parser);
    this.isEnded = true;
  }
}
