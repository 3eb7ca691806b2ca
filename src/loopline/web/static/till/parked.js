// Carts that were set aside for a while: on this device, for all its tabs. A cart is taken up by one of them alone.

import { got, reading, writing } from "./keeping.js";

const PARKED = "parked";

/** Set a cart aside; resolves when it is on the disk. */
export function park(db, cart) {
  return writing(db, ["facts"], async (store) => {
    const kept = (await got(store("facts").get(PARKED))) ?? [];
    store("facts").put([...kept.filter((one) => one.id !== cart.id), cart], PARKED);
  });
}

/** The carts that are set aside, the first one first. */
export async function parked(db) {
  return (await reading(db, ["facts"], (store) => got(store("facts").get(PARKED)))) ?? [];
}

/** Take a cart up again; resolves with undefined where another tab was faster. */
export function takeUp(db, id) {
  return writing(db, ["facts"], async (store) => {
    const kept = (await got(store("facts").get(PARKED))) ?? [];
    store("facts").put(kept.filter((one) => one.id !== id), PARKED);
    return kept.find((one) => one.id === id);
  });
}
