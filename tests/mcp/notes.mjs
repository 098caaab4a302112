// The tools of strict.mjs: a notebook per user, and one tool for each way in which a tool can end
// (a result, a scope that is missing, a question in a form, a link to open, an error).

import {
  acceptedContent,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  McpServer,
  requireScopes,
  UrlElicitationRequiredError,
} from "@modelcontextprotocol/server";
import { z } from "zod";

const LINK = "https://accounts.example.com/link?x=1";
const confirmation = z.object({
  sure: z.boolean().describe("Delete it?"),
  why: z.string().describe("Why?"),
});

/** The notes of each user, who linked an account, and how often notes were deleted. */
export class Notebook {
  #notes = new Map();
  #linked = new Set();
  #deletions = { called: 0, deleted: 0, why: [] };

  /** One user's notes, by name; everybody begins with two. */
  of(login) {
    const begun = { groceries: "milk, bread", poem: "roses are red" };
    if (!this.#notes.has(login)) this.#notes.set(login, new Map(Object.entries(begun)));
    return this.#notes.get(login);
  }

  deletionCalled() {
    this.#deletions.called += 1;
  }

  delete(login, name, why) {
    if (!this.of(login).delete(name)) return false;
    this.#deletions.deleted += 1;
    this.#deletions.why.push(why);
    return true;
  }

  link(login) {
    this.#linked.add(login);
  }

  seen() {
    const notes = [...this.#notes].map(([login, held]) => [login, Object.fromEntries(held)]);
    return {
      notes: Object.fromEntries(notes),
      deletions: this.#deletions,
      linked: [...this.#linked],
    };
  }
}

const text = (words, isError = false) => ({ content: [{ type: "text", text: words }], isError });
const loginOf = (context) => context.http.authInfo.extra.login;

/** A server for one request. The state of a question is signed and bound to its user. */
export function notesServer(notebook, key, era) {
  const codec = createRequestStateCodec({ key, bind: loginOf });
  const server = new McpServer(
    { name: "strict", version: "1.0.0" },
    { requestState: { verify: codec.verify } },
  );
  reads(server, notebook);
  writes(server, notebook);
  asksInForm(server, notebook, codec);
  asksByLink(server, notebook, codec, era);
  server.registerTool("boom", { description: "Always fails." }, () => {
    throw new Error("the server's disk is full");
  });
  return server;
}

function reads(server, notebook) {
  const annotations = { readOnlyHint: true };
  server.registerTool("whoami", { description: "The login of the user.", annotations }, (context) =>
    text(loginOf(context)),
  );
  server.registerTool(
    "read_note",
    {
      description: "Reads a note of the user.",
      inputSchema: z.object({ name: z.string() }),
      annotations,
    },
    ({ name }, context) => {
      const note = notebook.of(loginOf(context)).get(name);
      return note === undefined ? text(`There is no note ${name}.`, true) : text(note);
    },
  );
  // A parameter that 2026-07-28 has sent as a header, too, for what stands in front of the server.
  const region = z.string().meta({ "x-mcp-header": "Region" });
  server.registerTool(
    "forecast",
    {
      description: "The weather of tomorrow.",
      inputSchema: z.object({ region }),
      annotations,
    },
    (place) => text(`Rain in ${place.region}.`),
  );
}

function writes(server, notebook) {
  server.registerTool(
    "write_note",
    {
      description: "Writes a note of the user.",
      inputSchema: z.object({ name: z.string(), text: z.string() }),
      annotations: { readOnlyHint: false, destructiveHint: true },
      scopeChallenge: requireScopes("notes.write"),
    },
    (note, context) => {
      notebook.of(loginOf(context)).set(note.name, note.text);
      return text(`Wrote ${note.name}.`);
    },
  );
}

function asksInForm(server, notebook, codec) {
  server.registerTool(
    "delete_note",
    {
      description: "Deletes a note of the user, who is asked first.",
      inputSchema: z.object({ name: z.string() }),
      annotations: { readOnlyHint: false, destructiveHint: true },
    },
    async ({ name }, context) => {
      notebook.deletionCalled();
      const { inputResponses } = context.mcpReq;
      if (inputResponse(inputResponses, "confirm").kind === "missing") {
        const message = `Delete the note ${name}?`;
        const confirm = inputRequired.elicit({ message, requestedSchema: confirmation });
        const requestState = await codec.mint({ delete: name }, context);
        return inputRequired({ inputRequests: { confirm }, requestState });
      }
      // An answer counts only for the note that its question was about.
      const state = context.mcpReq.requestState();
      const answer = acceptedContent(inputResponses, "confirm", confirmation);
      if (state?.delete !== name || !answer?.sure) return text(`${name} was not deleted.`);
      const done = notebook.delete(loginOf(context), name, answer.why);
      return done ? text(`Deleted ${name}.`) : text(`There is no note ${name}.`, true);
    },
  );
}

function asksByLink(server, notebook, codec, era) {
  server.registerTool(
    "link_account",
    { description: "Links another account of the user, on a page of its provider." },
    async (context) => {
      const message = "Link your account.";
      if (era === "legacy") return linkAtOlderClient(notebook, loginOf(context), message);
      const answer = inputResponse(context.mcpReq.inputResponses, "link");
      if (answer.kind === "missing") {
        const link = inputRequired.elicitUrl({ message, url: LINK });
        return inputRequired({
          inputRequests: { link },
          requestState: await codec.mint({ link: true }, context),
        });
      }
      if (!context.mcpReq.requestState()?.link || answer.action !== "accept") {
        return text("The account was not linked.");
      }
      notebook.link(loginOf(context));
      return text("The account is linked.");
    },
  );
}

/** 2025-11-25 has an error for it (-32042), and the client calls again. */
function linkAtOlderClient(notebook, login, message) {
  if (!notebook.seen().linked.includes(login)) {
    notebook.link(login);
    const elicitation = { mode: "url", message, url: LINK, elicitationId: `link-${login}` };
    throw new UrlElicitationRequiredError([elicitation], "This needs another account.");
  }
  return text("The account is linked.");
}
