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

/** Show who answers for the drawer, and the way to the shift; nothing is said where it was never asked for. */
export function shiftShown(bar, shift, { word, way: leads }) {
  const isOpen = Boolean(shift?.shift_id);
  const [said, way] = [bar.querySelector("#till-shift-said"), bar.querySelector("#till-shift-way")];
  bar.dataset.open = shift === undefined ? "unknown" : isOpen ? "yes" : "no";
  const since = isOpen ? new Date(shift.opened_at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" }) : "";
  said.textContent = isOpen ? word("shift_open", { name: shift.opened_by, moment: since }) : shift === undefined ? "" : word("shift_none");
  way.textContent = isOpen || shift === undefined ? word("shift_way") : word("shift_begin");
  way.href = leads;
}
