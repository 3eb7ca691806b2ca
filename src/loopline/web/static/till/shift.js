// The shift that is open at this till, as the server said last: who answers for the drawer, and since when.

import { got, reading, writing } from "./keeping.js";

/** Ask which shift is open here; without a network what was heard last stays. */
export async function learnShift(db, till) {
  try {
    const answer = await fetch(`/store/till/shift-now?till=${till}`, { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    const shift = await answer.json();
    await writing(db, ["facts"], async (store) => store("facts").put(shift, "shift"));
  } catch {
    // what was heard last stays
  }
}

/** The shift that is open here; undefined where it was never asked for. */
export function knownShift(db) {
  return reading(db, ["facts"], (store) => got(store("facts").get("shift")));
}
