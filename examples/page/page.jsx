// A chat page that knows Countersign by AG-UI alone: assistant-ui keeps the conversation, and what only
// the user can do (consent, approve) is shown from the interrupts of a run and answered by the next.

import { useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { HttpAgent } from "@ag-ui/client";
import {
  AssistantRuntimeProvider, ComposerPrimitive, MessagePrimitive, ThreadPrimitive,
} from "@assistant-ui/react";
import {
  useAgUiInterrupts, useAgUiRuntime, useAgUiSubmitInterruptResponses,
} from "@assistant-ui/react-ag-ui";

// What could be hidden in an action is shown by its code, because the user approves what they see.
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const code = (character) => `\\u{${character.codePointAt(0).toString(16)}}`;
const visible = (input) =>
  JSON.stringify(input, null, 2).replace(HIDDEN, (it) => (it === "\n" ? it : code(it)));

function Consent({ message, metadata, answer }) {
  return (
    <aside>
      <p>
        {message} {metadata.scopes.join(", ")}{" "}
        <a href={metadata.url} target="_blank" rel="noopener">Authorize {metadata.provider}</a>
      </p>
      <button onClick={() => answer("resolved")}>I have authorized it</button>
    </aside>
  );
}

function Confirmation({ metadata, answer }) {
  const decline = () => {
    const reason = prompt("Why not? (The model is told.)");
    answer("cancelled", reason ? { reason } : undefined);
  };
  return (
    <aside>
      <p>{metadata.tool}, as {visible(metadata.account)}:</p>
      <code>{visible(metadata.input)}</code>
      <button onClick={() => answer("resolved")}>Approve</button>
      <button onClick={decline}>Decline</button>
    </aside>
  );
}

const KINDS = { authorization_required: Consent, confirmation_required: Confirmation };

// assistant-ui wants an answer to every open interrupt at once, so they are collected.
function Interrupts({ report }) {
  const open = useAgUiInterrupts();
  const submit = useAgUiSubmitInterruptResponses();
  const [answers, setAnswers] = useState({});
  const answer = ({ id }) => (status, payload) => {
    const all = { ...answers, [id]: { interruptId: id, status, ...(payload && { payload }) } };
    setAnswers(all);
    if (!open.every((it) => all[it.id])) return;
    submit(open.map((it) => all[it.id])).catch(report).finally(() => setAnswers({}));
  };
  return open.filter(({ id }) => !answers[id]).map((interrupt) => {
    const Kind = KINDS[interrupt.reason];
    const { id, message, metadata } = interrupt;
    return Kind && <Kind key={id} message={message} metadata={metadata} answer={answer(interrupt)} />;
  });
}

const Message = (name) => () => (
  <MessagePrimitive.Root asChild>
    <article className={name}><MessagePrimitive.Parts components={{ tools: { Fallback: Call } }} /></article>
  </MessagePrimitive.Root>
);
const Call = ({ toolName, result }) => <small>{toolName}{result === undefined ? " …" : " ✓"}{"\n"}</small>;
const MESSAGES = { UserMessage: Message("user"), AssistantMessage: Message("assistant") };

function Page() {
  const [problem, setProblem] = useState();
  const agent = useMemo(() => new HttpAgent({ url: "/invocations" }), []);
  const report = ({ message }) => setProblem(message);
  const runtime = useAgUiRuntime({ agent, onError: report });
  return (
    <AssistantRuntimeProvider runtime={runtime}>
      <h1>Countersign in assistant-ui</h1>
      <p>First <a href={APPLICATION} target="_blank">sign in</a>, in this browser.</p>
      <ThreadPrimitive.Root>
        <ThreadPrimitive.Messages components={MESSAGES} />
        <Interrupts report={report} />
        {problem && <p role="alert">{problem}</p>}
        <ComposerPrimitive.Root>
          <ComposerPrimitive.Input aria-label="Your message" onChange={() => setProblem()} />
          <ComposerPrimitive.Send>Send</ComposerPrimitive.Send>
        </ComposerPrimitive.Root>
      </ThreadPrimitive.Root>
    </AssistantRuntimeProvider>
  );
}

createRoot(document.getElementById("page")).render(<Page />);
