// Input schemas that do not end, lead elsewhere, or are not what MCP allows.

const object = (properties, rest = {}) => ({ type: "object", properties, ...rest });
const deep = (depth) => (depth === 0 ? { type: "string" } : object({ inner: deep(depth - 1) }));

/** Schemas by the name of their tool, each legal in MCP: an object. Some lead to `elsewhere`. */
export function recursive(elsewhere) {
  const node = object({ child: { $ref: "#/$defs/node" } });
  return [
    ["plain", object({ words: { type: "string" } })],
    ["recursive_definition", object({ tree: { $ref: "#/$defs/node" } }, { $defs: { node } })],
    ["recursive_root", object({ child: { $ref: "#" } })],
    [
      "cycle",
      object(
        { a: { $ref: "#/$defs/a" } },
        { $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } },
      ),
    ],
    ["dangling", object({ a: { $ref: "#/$defs/nowhere" } })],
    ["elsewhere", object({ a: { $ref: `${elsewhere}/schema.json` } })],
    ["elsewhere_root", { type: "object", $ref: `${elsewhere}/schema.json` }],
    ["file", object({ a: { $ref: "file:///etc/passwd" } })],
    ["other_dialect", object({}, { $schema: `${elsewhere}/dialect.json` })],
    ["deep", deep(200)],
    [
      "wide",
      object(
        Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`p${at}`, { type: "string" }])),
      ),
    ],
    ["slow_pattern", object({ words: { type: "string", pattern: "^(a+)+$" } })],
    ["bad_pattern", object({ words: { type: "string", pattern: "(" } })],
    [
      "odd_names",
      object(
        Object.fromEntries(
          ["__proto__", "constructor", "a b", ""].map((name) => [name, { type: "string" }]),
        ),
      ),
    ],
    [
      "all_of",
      object(
        {},
        { allOf: [object({ a: { type: "string" } })], oneOf: [object({ b: { type: "string" } })] },
      ),
    ],
    ["wrong", object({ words: { type: "no such type" } }, { required: "words" })],
    ["header", object({ words: { type: "string", "x-mcp-header": "Authorization" } })],
  ];
}

/** Schemas that are no objects, by the name of their tool: the official client refuses the whole list. */
export const wrong = [
  ["plain", object({ words: { type: "string" } })],
  ["no_type", { properties: { words: { type: "string" } } }],
  ["empty", {}],
  ["array", { type: "array", items: { type: "string" } }],
  ["string", { type: "string" }],
  ["two_types", { type: ["object", "null"], properties: {} }],
];
