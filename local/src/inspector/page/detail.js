// What is known of one hop, and of an attack that was run.

import { PLACES } from "./diagram.js";
import { element } from "./dom.js";

const MARKS = new Map([[true, ["passed", "passed"]], [false, ["failed", "failed"]]]);
const NOT_REACHED = ["skipped", "not reached"];

function part(title, text) {
  return text ? [element("h3", {}, title), element("pre", { tabindex: "0", "aria-label": title, role: "region" }, text)] : [];
}

export const hint = () => [element("p", {}, "Choose an arrow to see what was checked, what was sent and what was answered.")];

export function detail(hop) {
  const took = hop.milliseconds === null ? "under way" : [hop.status, `after ${hop.milliseconds} ms`].filter(Boolean).join(" ");
  const checks = hop.checks.map(({ name, passed, detail }) => {
    const [mark, words] = MARKS.get(passed) ?? NOT_REACHED;
    return element("li", { class: mark }, `${name}: ${words}`, element("small", {}, detail));
  });
  const lines = hop.audit.length > 1 ? "On AWS these are lines in CloudWatch" : "On AWS this is one line in CloudWatch";
  return [
    element("h2", {}, `${PLACES[hop.from]} → ${PLACES[hop.to]}`),
    element("p", {}, [hop.title, took, hop.person].filter(Boolean).join(" · ")),
    ...(hop.note ? [element("p", {}, hop.note)] : []),
    ...(checks.length ? [element("h3", {}, "What was checked"), element("ul", {}, ...checks)] : []),
    ...part("What was sent", hop.sent),
    ...part("What was answered", hop.answered),
    ...part(lines, hop.audit.join("\n")),
  ];
}

export function outcome(attack, told) {
  const steps = told.steps.map(({ who, does, result }) => element("li", {}, element("b", {}, who), ` ${does}`, element("small", {}, result)));
  const { stoppedBy } = told;
  const verdict = told.stopped ? `Stopped by: ${stoppedBy?.check ?? "a check"}` : "NOT stopped";
  const contents = [
    element("h2", {}, told.title),
    element("p", {}, attack.story),
    element("p", { class: told.stopped ? "verdict good" : "verdict bad" }, verdict),
    element("p", {}, stoppedBy ? `${stoppedBy.sentence} (${stoppedBy.code}, ${told.row})` : told.row),
    element("h3", {}, "What was done"),
    element("ol", {}, ...steps),
  ];
  return { verdict, contents };
}
