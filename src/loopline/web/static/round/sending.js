// Keeps what a picker does on the disk of the phone, and sends it: by moment and id, so that all may come twice.

import { got, reading, writing } from "./keeping.js";
import { momentOf, uuid7 } from "./moments.js";
import { ask, commands, hear } from "./server.js";

const PATH = "/store/round";
const BATCH = 200;
let command; // gives commands, with a token that is asked for once

async function momentNow(store) {
  const clock = await got(store("facts").get("clock"));
  const moment = momentOf(clock, Date.now());
  store("facts").put({ ahead: clock?.ahead ?? 0, last: moment }, "clock");
  return moment;
}

/** What is kept: the book as the server told it last, and what it was not told yet. */
export function kept(db) {
  return reading(db, ["facts", "boxed", "missing"], async (store) => {
    const book = got(store("facts").get("book"));
    const boxed = got(store("boxed").getAll());
    const missing = got(store("missing").getAll());
    return { book: await book, boxed: await boxed, missing: await missing };
  });
}

/** So many units lie in a box now. */
export function putInto(db, round, key, units) {
  return writing(db, ["facts", "boxed"], async (store) => {
    store("boxed").put({ round, key, units, at: new Date(await momentNow(store)).toISOString() });
  });
}

/** Units of a SKU cannot be brought. */
export function lack(db, round, { sku, units, reason }) {
  return writing(db, ["facts", "missing"], async (store) => {
    store("missing").add({ id: uuid7(await momentNow(store)), round, sku, units, reason });
  });
}

/** Keep a book; with it goes what the server has been told by now. */
async function keepBook(db, book, { boxed = [], missing = [] } = {}) {
  await hear(db, Date.parse(book.now));
  await writing(db, ["facts", "boxed", "missing"], async (store) => {
    store("facts").put(book, "book");
    for (const one of boxed) {
      const now = await got(store("boxed").get([one.round, one.key]));
      if (now?.at === one.at) store("boxed").delete([one.round, one.key]); // else it changed while it was sent
    }
    for (const one of missing) store("missing").delete(one.id);
  });
}

/** Forget what was not sent of a round that is somebody else's by now; resolves with how much it was. */
export function forget(db, round) {
  return writing(db, ["boxed", "missing"], async (store) => {
    const boxed = (await got(store("boxed").getAll())).filter((one) => one.round === round);
    const missing = (await got(store("missing").getAll())).filter((one) => one.round === round);
    for (const one of boxed) store("boxed").delete([one.round, one.key]);
    for (const one of missing) store("missing").delete(one.id);
    return boxed.length + missing.length;
  });
}

/** Read the book anew; resolves with "sent", or why not. */
export async function learn(db, wanted) {
  try {
    const response = await ask(`${PATH}/book${wanted ? `?wanted=${wanted}` : ""}`);
    if (!response.ok) return standingOf({ status: response.status });
    await keepBook(db, await response.json());
    return "sent";
  } catch {
    return "offline";
  }
}

/** Do a command of a round: resolves with { book }, or with how it stands and what the server says of it. */
export async function order(db, name, body) {
  command ??= commands(db, `${PATH}/token`);
  try {
    const answer = await command(`${PATH}/${name}`, body);
    if (answer.said === undefined) return { stands: standingOf(answer), problem: answer.problem };
    await keepBook(db, answer.said);
    return { book: answer.said, stands: "sent" };
  } catch {
    return { stands: "offline" };
  }
}

/** Send what waits of a round: resolves with how it stands ("taken": somebody else has it now), and which boxes go short. */
export async function send(db, round) {
  command ??= commands(db, `${PATH}/token`);
  const short = [];
  for (;;) {
    const all = await kept(db);
    const boxed = all.boxed.filter((one) => one.round === round).slice(0, BATCH);
    const missing = all.missing.filter((one) => one.round === round).slice(0, BATCH);
    if (boxed.length + missing.length === 0) return { stands: "sent", short };
    let answer;
    try {
      answer = await command(`${PATH}/notes`, {
        round_id: round,
        boxed: boxed.map(({ key, units, at }) => ({ key, units, at })),
        missing: missing.map(({ id, sku, units, reason }) => ({ id, sku, units, reason })),
      });
    } catch {
      return { stands: "offline", short };
    }
    if (answer.said === undefined) return { stands: standingOf(answer), short };
    await keepBook(db, answer.said, { boxed, missing });
    short.push(...answer.said.short);
  }
}

function standingOf({ status, problem }) {
  if (problem?.code === "round_is_anothers" || problem?.code === "round_unknown") return "taken";
  if (status === 401) return "signed-out";
  if (status === 403) return problem?.code === undefined ? "signed-out" : "stuck";
  return status >= 500 || status === 429 ? "later" : "stuck";
}
