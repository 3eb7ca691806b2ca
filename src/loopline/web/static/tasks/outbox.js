// Steps of tasks that wait on this phone: kept before anything is shown of them, sent one after the other, each taken once
// by the id that was made here. What the server refuses holds up its own task alone, until somebody throws it away.

import { alone } from "./alone.js";
import { got, reading, writing } from "./keeping.js";
import { momentOf, uuid7 } from "./moments.js";
import { ask, commands } from "./server.js";

const LOCK = "loopline-task-sender";
export const TOKEN_PATH = "/store/photos/token"; // what is sent of tasks carries the token of their photos
const KEPT_MS = 2 * 24 * 3600_000;
const AFTER = { accept: "accepted", pick: "picking", check: "checked", pack: "packed" };
let command; // gives commands, with a token that is asked for once

/** Keep a step of a task; resolves with it when it is on the disk. */
export function keepStep(db, { person, task, number, step, fields }) {
  return writing(db, ["facts", "steps"], async (store) => {
    const clock = await got(store("facts").get("clock"));
    const moment = momentOf(clock, Date.now());
    const made = { id: uuid7(moment), person, task, number, step, fields };
    store("facts").put({ ahead: clock?.ahead ?? 0, last: moment }, "clock");
    store("steps").add(made);
    return made;
  });
}

/** The steps of somebody that wait, in the order they were done: a colleague's wait until they are back. */
export async function waiting(db, person) {
  const all = await reading(db, ["steps"], (store) => got(store("steps").getAll()));
  return all.filter((one) => one.person === person);
}

/** Throw away what waits of a task. */
export function discard(db, person, task) {
  return writing(db, ["steps"], async (store) => {
    for (const one of await got(store("steps").getAll())) if (one.task === task && one.person === person) store("steps").delete(one.id);
  });
}

/** Where a task stands by its kept state and the steps that wait: a state, or "rest" where the server says how it goes on. */
export function standing(state, steps) {
  return steps.reduce((now, one) => AFTER[one.step] ?? "rest", state);
}

/**
 * Send what waits. Resolves with how it stands ("sent", "offline", "signed-out", "later") and of which tasks something
 * was taken.
 */
export async function send(db, person) {
  return (await alone(db, LOCK, () => sendAll(db, person))) ?? { stands: "later", taken: new Set() };
}

async function sendAll(db, person) {
  command ??= commands(db, TOKEN_PATH);
  const taken = new Set();
  for (;;) {
    const steps = await waiting(db, person);
    const heldUp = new Set(steps.filter((one) => one.refused !== undefined).map((one) => one.task));
    const next = steps.find((one) => !heldUp.has(one.task));
    if (next === undefined) return { stands: "sent", taken };
    let answer;
    try {
      answer = await command("/store/tasks/steps", { id: next.id, person, task_id: next.task, step: next.step, fields: next.fields });
    } catch {
      return { stands: "offline", taken };
    }
    const refused = answer.said === undefined ? isFinal(answer) && answer.problem.title : answer.said.refused;
    if (refused) {
      await writing(db, ["steps"], async (store) => {
        // Thrown away meanwhile, in another tab: nothing is to be said of it.
        if ((await got(store("steps").get(next.id))) !== undefined) store("steps").put({ ...next, refused });
      });
    } else if (answer.said !== undefined) {
      await writing(db, ["steps"], async (store) => {
        store("steps").delete(next.id);
      });
      taken.add(next.task);
    } else {
      return { stands: answer.status === 401 || answer.status === 403 ? "signed-out" : "later", taken };
    }
  }
}

/** Whether the server will never take it: a refusal has a code, and is no want of a session, of time or of room. */
function isFinal({ status, problem }) {
  return status >= 400 && status < 500 && status !== 401 && status !== 429 && problem?.code !== undefined;
}

/** Keep a task with its pages, as the server tells it, or forget it where it has ended; resolves with whether the server answered. */
export async function keepTask(db, task) {
  try {
    const response = await ask(`/store/tasks/${task}/kept`);
    if (!response.ok) return true; // of this one, not of those behind it
    const kept = await response.json();
    await writing(db, ["kept"], async (store) => {
      if (kept.pages.length > 0) store("kept").put({ ...kept, at: Date.now() });
      else store("kept").delete(task);
    });
    return true;
  } catch {
    return false;
  }
}

/** Forget kept tasks. */
export function forgetTasks(db, tasks) {
  return writing(db, ["kept"], async (store) => {
    for (const one of tasks) store("kept").delete(one);
  });
}

export async function keptTask(db, task) {
  return reading(db, ["kept"], (store) => got(store("kept").get(task)));
}

export async function keptTasks(db) {
  return reading(db, ["kept"], (store) => got(store("kept").getAll()));
}

/** Whose phone this is now: what was kept for somebody else goes, and what is old. Resolves with who it is. */
export function settleIn(db, person) {
  return writing(db, ["facts", "kept"], async (store) => {
    const before = await got(store("facts").get("person"));
    if (person === undefined) return before;
    if (before !== person) store("kept").clear();
    store("facts").put(person, "person");
    for (const one of await got(store("kept").getAll())) if (one.at < Date.now() - KEPT_MS) store("kept").delete(one.task_id);
    return person;
  });
}
