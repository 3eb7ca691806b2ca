// Sends what was counted. The server knows a look by its moment: what is sent twice, by two tabs or after an answer that
// was lost, is one look.

import { commands } from "./server.js";
import { linesOf, mark, settle } from "./tally.js";

const BATCH = 200;
const ENDED = new Set(["count_ended", "no_count_here", "count_taken"]);
let command; // gives commands, with a token that is asked for once

/**
 * Send what waits of a count; an empty one begins there too. Resolves with "sent", "offline", "signed-out", "later",
 * "ended" (somebody ended the count), or "stuck" (not ours to send, or the server refuses some of it).
 */
export async function send(db, count) {
  command ??= commands(db, "/store/count/token");
  const tried = new Set();
  for (;;) {
    const waiting = (await linesOf(db, count.id)).filter((line) => !line.isSent && !tried.has(line.code));
    const batch = waiting.slice(0, BATCH);
    if (batch.length === 0) break;
    for (const line of batch) tried.add(line.code);
    let answer;
    try {
      answer = await command("/store/count/looks", {
        count_id: count.id,
        site_code: count.site.code,
        looks: batch.map((line) => ({ sku_code: line.code, units: line.units, seen_at: line.at })),
      });
    } catch {
      return "offline";
    }
    if (answer.said === undefined) return standing(answer);
    const { outcomes } = answer.said;
    if (outcomes.some((one) => ENDED.has(one.problem?.code))) {
      await mark(db, count.id, { state: "ended" });
      return "ended";
    }
    await settle(db, outcomes.map((one, place) => [batch[place], one.problem?.title]));
  }
  return (await linesOf(db, count.id)).every((line) => line.isSent) ? "sent" : "stuck";
}

function standing({ status, problem }) {
  if (status === 401) return "signed-out";
  if (status === 403) return problem?.code === undefined ? "signed-out" : "stuck";
  return status >= 500 || status === 429 ? "later" : "stuck";
}
