// What is known of one hop, and of an attack that was run.

import { PLACES } from "./diagram.js";
import { element } from "./dom.js";

const MARKS = new Map([[true, ["passed", "passed"]], [false, ["failed", "failed"]], [null, ["skipped", "not reached"]]]);

function part(title, text) {
  return text ? [element("h3", {}, title), element("pre", { tabindex: "0" }, text)] : [];
}

export function detail(hop) {
  const took = hop.milliseconds === null ? "under way" : `${hop.status ?? ""} after ${hop.milliseconds} ms`;
  const checks = hop.checks.map(({ name, passed, detail }) => {
    const [mark, words] = MARKS.get(passed);
    return element("li", { class: mark }, `${name}: ${words}`, element("small", {}, detail));
  });
  return [
    element("h2", {}, `${PLACES[hop.from]} → ${PLACES[hop.to]}`),
    element("p", {}, `${hop.title} · ${took}`),
    hop.note ? element("p", {}, hop.note) : "",
    ...(checks.length ? [element("h3", {}, "What was checked"), element("ul", {}, ...checks)] : []),
    ...part("What was sent", hop.sent),
    ...part("What was answered", hop.answered),
    ...part(hop.audit.length > 1 ? "On AWS these are lines in CloudWatch" : "On AWS this is one line in CloudWatch", hop.audit.join("\n")),
  ];
}

export function outcome(attack, told) {
  const steps = told.steps.map(({ who, does, result }) => element("li", {}, element("b", {}, who), ` ${does}`, element("small", {}, result)));
  const { stoppedBy } = told;
  const verdict = told.stopped ? `Stopped by: ${stoppedBy?.check ?? "a check"}` : "NOT stopped";
  return [
    element("h2", {}, told.title),
    element("p", {}, attack.story),
    element("ol", {}, ...steps),
    element("p", { class: told.stopped ? "verdict" : "verdict bad", role: "status" }, verdict),
    element("p", {}, stoppedBy ? `${stoppedBy.sentence} (${stoppedBy.code}, ${told.row})` : `Row ${told.row}`),
  ];
}
