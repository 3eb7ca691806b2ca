// One at a time, whichever tab it is in. Who dies lets the next one begin again.

import { got, writing } from "./keeping.js";

const LEASE_MS = 60_000;

/** Do something as the only one under a name, when the one before has ended or died; `db` keeps a store "facts". */
export function alone(db, name, work) {
  return navigator.locks === undefined ? withLease(db, work) : navigator.locks.request(name, work);
}

/**
 * Without locks: a lease in the shared store, which a dead tab loses by time; resolves with undefined where another tab
 * has it. Two at once would do no harm either.
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
