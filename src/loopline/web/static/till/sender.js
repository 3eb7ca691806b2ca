// Sends the outbox: one sender at a time, whichever tab it is in. A sender that dies lets the next one begin again; the
// server knows a sale by its number, so what was sent twice is one order.

import { got, reading, writing } from "./keeping.js";
import { clockHeard } from "./moments.js";
import { nextToSend, settle } from "./outbox.js";

const LOCK = "loopline-till-sender";
const BATCH = 25;
const ANSWER_MS = 30_000;
const LEASE_MS = 60_000;

/** Do something as the only sender, when the one before has ended or died. */
function alone(db, work) {
  return navigator.locks === undefined ? withLease(db, work) : navigator.locks.request(LOCK, work);
}

/**
 * Without locks: a lease in the shared store, which a dead tab loses by time; resolves with undefined where another tab
 * has it. Two senders would do no harm either.
 */
async function withLease(db, work) {
  const mine = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const isMine = await writing(db, ["facts"], async (store) => {
    const held = await got(store("facts").get("sender"));
    if (held !== undefined && held.until > Date.now() && held.until < Date.now() + 2 * LEASE_MS) return false;
    store("facts").put({ by: mine, until: Date.now() + LEASE_MS }, "sender");
    return true;
  });
  if (!isMine) return undefined;
  try {
    return await work();
  } finally {
    await writing(db, ["facts"], async (store) => {
      const held = await got(store("facts").get("sender"));
      if (held?.by === mine) store("facts").delete("sender");
    });
  }
}

/** Ask the server; throws for no network and for no answer in time. */
export async function ask(path, options = {}) {
  const response = await fetch(path, {
    ...options,
    headers: { accept: "application/json", ...options.headers },
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  return response;
}

let token = null; // what commands carry; the page may be older than it

/** Give a command; with a token asked for anew when the last one is not taken. */
async function command(db, path, body) {
  for (const isFresh of [token === null, true]) {
    if (isFresh) {
      const response = await ask("/store/till/token");
      const said = await response.json().catch(() => ({}));
      if (!response.ok) return { status: response.status };
      token = said.token;
      await hear(db, Date.parse(said.now));
    }
    const response = await ask(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", "x-csrftoken": token },
    });
    const said = await response.json().catch(() => ({}));
    if (response.ok) return { status: response.status, said };
    // A refusal has a code; an old token is refused without one.
    if (response.status !== 403 || said.code !== undefined || isFresh) return { status: response.status };
  }
  throw new Error("unreachable: the second token is fresh");
}

/** Keep what the server's clock says. */
export function hear(db, server) {
  return writing(db, ["facts"], async (store) => {
    store("facts").put(clockHeard(server, Date.now()), "clock");
  });
}

/**
 * Send what waits, until nothing does. Resolves with how it stands: "idle" (nothing waits), "offline", "signed-out",
 * "later" (the server cannot now), "stuck" (what waits is not ours to send),
 * "busy" (another tab is at it).
 */
export async function send(db, told) {
  const stands = await alone(db, () => sendAll(db, told));
  return stands ?? "busy";
}

async function sendAll(db, told) {
  const gone = new Set(); // each sale goes once per round
  for (;;) {
    const batch = await nextToSend(db, BATCH, gone);
    if (batch.length === 0) return (await waitingCount(db)) === 0 ? "idle" : "stuck";
    for (const sale of batch) gone.add(sale.number);
    let answer;
    try {
      answer = await command(db, "/store/till/sales", { sales: batch.map((sale) => sale.said) });
    } catch {
      return "offline";
    }
    if (answer.said === undefined) return standing(answer.status);
    await settle(db, answer.said.outcomes.map((outcome, place) => [batch[place], became(outcome, batch[place])]));
    told();
    if (answer.said.outcomes.some((outcome) => outcome.problem?.status >= 500)) return "later";
  }
}

function standing(status) {
  return status === 401 || status === 403 ? "signed-out" : "later";
}

async function waitingCount(db) {
  return reading(db, ["sales"], (store) => got(store("sales").index("state").count("waiting")));
}

/** What a sale is after the server's word. What is the server's own fault, or another branch's to send, waits. */
function became(outcome, sale) {
  if (outcome.value !== undefined) {
    const { number, receipt_code: receipt } = outcome.value;
    return { state: "sent", order: number, receipt, reason: undefined };
  }
  const { status, code, title, detail } = outcome.problem;
  const reason = { code, title: detail ? `${title} ${detail}` : title };
  const state = status >= 500 || status === 403 ? "waiting" : "attention";
  return { state, tried: sale.tried + 1, reason };
}

/** Hand a refused sale over; resolves with "done", or with how things stand, as `send` does. */
export async function handOver(db, sale) {
  let answer;
  try {
    answer = await command(db, "/store/till/cases", { sale: sale.said });
  } catch {
    return "offline";
  }
  if (answer.said === undefined) return standing(answer.status);
  const now = became(answer.said, sale);
  await settle(db, [[sale, now.state === "sent" ? now : { state: "handed", reason: now.reason }]]);
  return "done";
}
