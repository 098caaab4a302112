// The hops that are known, which of them are shown, and how long they took.

/** As many as the inspector itself keeps. */
const KEPT = 2_000;
const known = new Map();
const filter = { flow: "", person: "" };

/** A hop that is new, or better known than before. */
export function hear(hop) {
  known.set(hop.number, hop);
  if (known.size > KEPT) known.delete(known.keys().next().value);
}
export const remove = (number) => known.delete(number);
export const forget = () => known.clear();
export const get = (number) => known.get(number);
export const show = (chosen) => Object.assign(filter, chosen);

export function shown() {
  const isShown = (hop) => Object.entries(filter).every(([name, value]) => !value || hop[name] === value);
  return [...known.values()].filter(isShown).sort((one, other) => one.number - other.number);
}

/** Each flow and each person that one can choose, with its label. */
export function choices() {
  const [flow, person] = [new Map(), new Map()];
  for (const hop of known.values()) {
    if (hop.person) person.set(hop.person, hop.person);
    // A flow that the agent alone knows of has not been offered to anybody.
    if (hop.flow && hop.from !== "agent") flow.set(hop.flow, [hop.flow.slice(0, 8), hop.person ?? flow.get(hop.flow)?.[1]]);
  }
  for (const [name, parts] of flow) flow.set(name, parts.filter(Boolean).join(" · "));
  return { flow, person };
}

/** How many there are, how long they took, and how much of that was the person's own time. */
export function figures(hops) {
  const ended = (hop) => hop.at + (hop.milliseconds ?? 0);
  let [end, own, answered] = [0, 0, Infinity];
  for (const hop of hops) {
    end = Math.max(end, ended(hop));
    if (hop.from !== "browser") continue;
    own += Math.max(0, hop.at - answered);
    answered = Math.max(answered === Infinity ? 0 : answered, ended(hop));
  }
  const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;
  const number = hops.length === 1 ? "1 hop" : `${hops.length} hops`;
  return hops.length ? `${number} · ${seconds(end - hops[0].at)} (${seconds(own)} yours)` : "";
}
