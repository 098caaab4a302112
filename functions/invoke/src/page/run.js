// One run of AG-UI 1.0: a request, and the events that answer it.

const { mark } = document.body.dataset;

/** Every request says for whom this page was made: somebody else may have signed in since. */
export function request(path, { method = "GET", body, accept = "application/json", signal } = {}) {
  const headers = { accept, "x-countersign-user": mark };
  if (body) headers["content-type"] = "application/json";
  return fetch(path, { method, headers, signal, body: body && JSON.stringify(body), redirect: "manual" });
}

/** Why there is no answer: `code` is the service's word, `signed_out` or `unreachable`. */
export class Refusal extends Error {
  constructor(code, detail, requestId) {
    super(detail);
    Object.assign(this, { code, requestId });
  }
}

async function refusal(reply) {
  // A load balancer redirects, or says 401 in words of its own.
  if (reply.status === 401 || reply.type === "opaqueredirect") return new Refusal("signed_out", "You are signed out.");
  const problem = await reply.json().catch(() => undefined);
  if (problem?.detail) return new Refusal(problem.code, problem.detail, problem.requestId);
  return new Refusal("unreachable", `The service can't be used at the moment (status ${reply.status}).`);
}

/** The JSON at `path`. */
export async function ask(path, options) {
  const reply = await request(path, options);
  if (!reply.ok) throw await refusal(reply);
  return reply.status === 204 ? undefined : reply.json();
}

/**
 * Asks, and yields each event. Ends without a last event if the service can't be reached, or the
 * connection is lost: whether it has begun is not known then.
 * @throws {Refusal} if the run did not begin
 */
export async function* run({ threadId, messages = [], resume }, signal) {
  const body = { threadId, runId: id(), messages, tools: [], context: [], state: {}, forwardedProps: {} };
  if (resume) body.resume = resume;
  let reply;
  try {
    reply = await request("/invocations", { method: "POST", body, accept: "text/event-stream", signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return;
  }
  if (!reply.ok) throw await refusal(reply);
  yield* events(reply.body);
}

/** Server-sent events as they come; comments only say that the connection lives. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const data = part.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6));
      if (data.length) yield JSON.parse(data.join("\n"));
      else yield { type: "ALIVE" };
    }
  }
}

/** A fresh name. */
export function id() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
