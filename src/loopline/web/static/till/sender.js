// Sends the outbox: one sender at a time, whichever tab it is in. A sender that dies lets the next one begin again; the
// server knows a sale by its number, so what was sent twice is one order.

import { alone } from "./alone.js";
import { got, reading } from "./keeping.js";
import { withoutTyped } from "./member.js";
import { nextToSend, settle } from "./outbox.js";
import { commands } from "./server.js";

const LOCK = "loopline-till-sender";
const BATCH = 25;
const TOKEN = "/store/till/token";
let command; // gives commands, with a token that is asked for once

/**
 * Send what waits, until nothing does. Resolves with how it stands: "idle" (nothing waits), "offline", "signed-out",
 * "later" (the server cannot now), "stuck" (what waits is not ours to send),
 * "busy" (another tab is at it).
 */
export async function send(db, told) {
  const stands = await alone(db, LOCK, () => sendAll(db, told));
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
      command ??= commands(db, TOKEN);
      answer = await command("/store/till/sales", { sales: batch.map((sale) => sale.said) });
    } catch {
      return "offline";
    }
    if (answer.said === undefined) return standing(answer.status);
    await settle(db, answer.said.outcomes.map((outcome, place) => [batch[place], outcomeOf(outcome, batch[place])]));
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
export function outcomeOf(outcome, sale) {
  if (outcome.value !== undefined) {
    const { number, receipt_code: receipt, receipt_drawing: drawing, is_of_member: isOfMember, earned_minor: earned } = outcome.value;
    return { state: "sent", order: number, receipt, drawing, isOfMember, earned, said: withoutTyped(sale.said), reason: undefined };
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
    command ??= commands(db, TOKEN);
    answer = await command("/store/till/cases", { sale: sale.said });
  } catch {
    return "offline";
  }
  if (answer.said === undefined) return standing(answer.status);
  const now = outcomeOf(answer.said, sale);
  await settle(db, [[sale, now.state === "sent" ? now : { state: "handed", said: withoutTyped(sale.said), reason: now.reason }]]);
  return "done";
}
