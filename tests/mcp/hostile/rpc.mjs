// The least of MCP that a server can be: `server/discover` of 2026-07-28, `initialize` of 2025-11-25,
// `tools/list` and `tools/call`, without sessions. What the tools are is somebody else's matter.

export const MODERN = "2026-07-28";
export const OLDER = "2025-11-25";
const UNKNOWN_METHOD = -32601;
const INVALID_PARAMS = -32602;
const SERVER = { name: "hostile", version: "1.0.0" };

/** A tool's result that is one text. */
export const text = (words) => ({ content: [{ type: "text", text: words }] });

/** What a method throws to be answered with an error. */
export class RpcError extends Error {
  constructor(code, message, data) {
    super(message);
    Object.assign(this, { code, data });
  }
}

export const unknownTool = (name) => new RpcError(INVALID_PARAMS, `Unknown tool: ${name}`);

/** Whether a message speaks 2026-07-28: each of its requests says so itself. */
export function isModern(message) {
  return message?.params?._meta?.["io.modelcontextprotocol/protocolVersion"] === MODERN;
}

const capabilities = { tools: {} };
const methods = {
  "server/discover": ({ instructions }) => ({
    supportedVersions: [MODERN],
    capabilities,
    ttlMs: 0,
    cacheScope: "private",
    ...(instructions && { instructions }),
  }),
  initialize: ({ instructions }) => ({
    protocolVersion: OLDER,
    capabilities,
    serverInfo: SERVER,
    ...(instructions && { instructions }),
  }),
  ping: () => ({}),
  "tools/list": (tools, { cursor }, modern) => ({
    ...tools.list(cursor),
    ...(modern && { ttlMs: 0, cacheScope: "private" }),
  }),
  "tools/call": (tools, parameters) => tools.call(parameters.name, parameters),
};

/** What `tools` answer to a message: a response, or undefined where it was a notification. */
export function respond(tools, message) {
  const { id, method, params = {} } = message;
  if (id === undefined || method === undefined) return undefined;
  try {
    const run = methods[method];
    if (!run) throw new RpcError(UNKNOWN_METHOD, "Method not found");
    const modern = isModern(message);
    const result = run(tools, params, modern);
    return { jsonrpc: "2.0", id, result: modern ? asModern(result) : result };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const { code, message: words, data } = error;
    return { jsonrpc: "2.0", id, error: { code, message: words, ...(data && { data }) } };
  }
}

function asModern(result) {
  const _meta = { "io.modelcontextprotocol/serverInfo": SERVER };
  return { resultType: "complete", _meta, ...result };
}
