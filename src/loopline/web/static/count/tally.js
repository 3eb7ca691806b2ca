// Counts on this device: what was counted, how many, when, and step by step, so that a step can be taken back. Each step
// is on the disk before it is shown. A line is { units, at, isSent }: units null were taken back, and the server is told.

import { got, reading, writing } from "./keeping.js";
import { momentOf, uuid7 } from "./moments.js";

const STEPS_KEPT = 200;

async function momentNow(store) {
  const facts = store("facts");
  const clock = await got(facts.get("clock"));
  const moment = momentOf(clock, Date.now());
  facts.put({ ahead: clock?.ahead ?? 0, last: moment }, "clock");
  return moment;
}

/** Begin a count; `listed` are the codes to be counted, null where whatever is scanned is. */
export function begin(db, { site, title, listed }) {
  return writing(db, ["facts", "counts"], async (store) => {
    const moment = await momentNow(store);
    const count = { id: uuid7(moment), site, title, listed, begun: new Date(moment).toISOString(), state: "open" };
    store("counts").add(count);
    return count;
  });
}

/** Go on with a count that was begun elsewhere: what the server knows of it, and what this device has not sent of it. */
export function join(db, seen, { site, title }) {
  return writing(db, ["counts", "lines"], async (store) => {
    const mine = await got(store("counts").get(seen.id));
    const count = { id: seen.id, site, title, listed: null, begun: seen.begun_at, ...mine, state: "open" };
    store("counts").put(count);
    for (const one of seen.lines) {
      const at = new Date(one.seen_at).toISOString(); // written as moments are here, so that they can be compared
      const kept = await got(store("lines").get([seen.id, one.code]));
      if (kept !== undefined && (!kept.isSent || kept.at >= at)) continue;
      const { code, name, variety, units, by } = one;
      store("lines").put({ count: seen.id, code, name, variety, units, at, by, isSent: true });
    }
    return count;
  });
}

/** Count a thing: some more of it (`add`) or so many of it (`set`). Resolves with its line. */
export function change(db, count, good, { add = 0, set = null }) {
  return writing(db, ["facts", "lines", "steps"], async (store) => {
    const before = await got(store("lines").get([count.id, good.code]));
    const from = before !== undefined && !isToCountAgain(count, before) ? (before.units ?? 0) : 0;
    const units = Math.min(1_000_000, Math.max(0, set ?? from + add));
    const at = new Date(await momentNow(store)).toISOString();
    const line = { count: count.id, code: good.code, name: good.name, variety: good.variety, units, at, isSent: false };
    store("lines").put(line);
    store("steps").add({ count: count.id, code: good.code, before: before?.units ?? null });
    const steps = await got(store("steps").index("count").getAllKeys(count.id));
    for (const n of steps.slice(0, -STEPS_KEPT)) store("steps").delete(n);
    return line;
  });
}

/** Take the last step of a count back; resolves with the line as it is then, undefined where there was no step. */
export function undo(db, count) {
  return writing(db, ["facts", "lines", "steps"], async (store) => {
    const [n] = (await got(store("steps").index("count").getAllKeys(count.id))).slice(-1);
    if (n === undefined) return undefined;
    const step = await got(store("steps").get(n));
    store("steps").delete(n);
    const line = await got(store("lines").get([count.id, step.code]));
    const at = new Date(await momentNow(store)).toISOString();
    const now = { ...line, units: step.before, at, isSent: false };
    store("lines").put(now);
    return now;
  });
}

/** Count chosen things again: what was said of them is asked for anew. */
export function countAgain(db, count, codes) {
  return writing(db, ["facts", "counts"], async (store) => {
    const againAt = new Date(await momentNow(store)).toISOString();
    const again = { ...count, listed: codes, againAt, state: "open" };
    store("counts").put(again);
    return again;
  });
}

/** Tell whether a line is of before its thing was asked for again. */
export function isToCountAgain(count, line) {
  return count.againAt !== undefined && line.at <= count.againAt && count.listed.includes(line.code);
}

/** Write down of a count that is handed over, ended elsewhere, or done with. */
export function mark(db, id, changes) {
  return writing(db, ["counts"], async (store) => {
    const count = await got(store("counts").get(id));
    if (count !== undefined) store("counts").put({ ...count, ...changes });
  });
}

/** Forget a count with all that was counted in it. */
export function forget(db, id) {
  return writing(db, ["counts", "lines", "steps"], async (store) => {
    store("counts").delete(id);
    for (const key of await got(store("lines").index("count").getAllKeys(id))) store("lines").delete(key);
    for (const key of await got(store("steps").index("count").getAllKeys(id))) store("steps").delete(key);
  });
}

export async function countsOf(db) {
  const kept = await reading(db, ["counts"], (store) => got(store("counts").getAll()));
  return kept.sort((one, other) => (one.id < other.id ? 1 : -1));
}

/** What is counted in a count, what was counted last first; what was taken back is there until the server knows. */
export async function linesOf(db, id) {
  const kept = await reading(db, ["lines"], (store) => got(store("lines").index("count").getAll(id)));
  return kept.sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0));
}

/** Write down what the server said of lines: [line as it was sent, its problem, undefined for none]. */
export function settle(db, outcomes) {
  return writing(db, ["lines"], async (store) => {
    for (const [sent, problem] of outcomes) {
      const kept = await got(store("lines").get([sent.count, sent.code]));
      if (kept === undefined || kept.at !== sent.at) continue; // counted on meanwhile
      if (problem === undefined && sent.units === null) store("lines").delete([sent.count, sent.code]);
      else store("lines").put({ ...kept, isSent: problem === undefined, problem });
    }
  });
}
