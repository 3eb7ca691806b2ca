// The outbox: sales that were rung up, until the server has them. A sale is
//   waiting    rung up, not known to be with the server
//   attention  refused by the server; kept, with its reason, until somebody corrects it or hands it over
//   sent       an order at the server
//   paying, unpaid   a wallet is asked for its money (wallet.js)
//   handed     with those who put refused sales right
// Nothing but time ever takes a sale out, and only one that is sent or handed.

import { couponSaid } from "./coupon.js";
import { got, reading, writing } from "./keeping.js";
import { memberSaid } from "./member.js";
import { momentOf, uuid7 } from "./moments.js";
import { lineSaid, sumOf } from "./whole.js";

const KEPT_SENT = 30;

export const CHANNEL = "loopline-till";

/** Keep a sale; resolves with it when it is on the disk. The same cart again is the sale it made before. */
export function ringUp(db, { cart, member, coupon, who, site, currency, lines, method, part = 0, state = "waiting" }) {
  return writing(db, ["facts", "sales"], async (store) => {
    const before = await got(store("sales").index("cart").get(cart));
    if (before !== undefined) return before;
    const facts = store("facts");
    const clock = await got(facts.get("clock"));
    const moment = momentOf(clock, Date.now());
    const till = (await got(facts.get("till"))) ?? { id: uuid7(moment), next: 1 };
    const amount = sumOf(lines);
    const sale = {
      number: till.next,
      cart,
      state,
      tried: 0,
      who,
      siteName: site.name,
      names: Object.fromEntries(lines.map((line) => [line.code, line.name])),
      amount,
      member: member?.name,
      ...(coupon?.off === undefined ? {} : { coupon: { name: coupon.name, off: coupon.off } }),
      ...(state === "unpaid" ? { goods: { lines, member, coupon } } : {}),
      said: {
        id: uuid7(moment),
        till_id: till.id,
        number: till.next,
        site_code: site.code,
        rung_up_by: who.id,
        rung_up_at: new Date(moment).toISOString(),
        currency,
        lines: lines.map(lineSaid),
        payments: paidIn(method, amount, part),
        ...memberSaid(member),
        ...couponSaid(coupon),
      },
    };
    facts.put({ ...till, next: till.next + 1 }, "till");
    facts.put({ ahead: clock?.ahead ?? 0, last: moment }, "clock");
    store("sales").add(sale);
    return sale;
  });
}

/** How a sale is paid: by one method, or a part of it, and the rest in cash. */
function paidIn(method, amount, part) {
  if (amount <= 0) return [];
  if (part <= 0 || part >= amount) return [{ method, amount_minor: amount }];
  return [{ method, amount_minor: part }, { method: "cash", amount_minor: amount - part }];
}

/** Whether a wallet or stored value paid a sale: its money is with the server under the sale's id. */
export function isPaidByWallet(sale) {
  return sale.said.payments.some((one) => one.method === "wallet" || one.method === "stored_value");
}

/** The id of this till, made once. */
export function tillId(db) {
  return writing(db, ["facts"], async (store) => {
    const facts = store("facts");
    const known = await got(facts.get("till"));
    if (known !== undefined) return known.id;
    const made = { id: uuid7(momentOf(await got(facts.get("clock")), Date.now())), next: 1 };
    facts.put(made, "till");
    return made.id;
  });
}

/** The sale a cart became, if it did. */
export function saleOfCart(db, cart) {
  return reading(db, ["sales"], (store) => got(store("sales").index("cart").get(cart)));
}

/** All sales that are kept, the newest first. */
export async function sales(db) {
  const kept = await reading(db, ["sales"], (store) => got(store("sales").getAll()));
  return kept.reverse();
}

/** The next sales to send but those `gone` already: first those tried least, so that none holds back another. */
export async function nextToSend(db, atMost, gone) {
  const waiting = await reading(db, ["sales"], (store) => got(store("sales").index("state").getAll("waiting")));
  return waiting
    .filter((sale) => !gone.has(sale.number))
    .sort((one, other) => one.tried - other.tried || one.number - other.number)
    .slice(0, atMost);
}

/** Write down what the server said of sales: [sale as it was sent, what it is now]. */
export function settle(db, outcomes) {
  return writing(db, ["sales"], async (store) => {
    for (const [sent, now] of outcomes) {
      const kept = await got(store("sales").get(sent.number));
      // Corrected or settled meanwhile, by another tab: what was heard is of what it was before.
      if (kept === undefined || kept.state !== sent.state || kept.said.id !== sent.said.id) continue;
      store("sales").put({ ...kept, ...now });
    }
    await forgetOldest(store);
  });
}

async function forgetOldest(store) {
  for (const state of ["sent", "handed"]) {
    const numbers = await got(store("sales").index("state").getAllKeys(state));
    for (const number of numbers.sort((one, other) => one - other).slice(0, -KEPT_SENT)) store("sales").delete(number);
  }
}

/**
 * Correct what is said of a refused sale, and let it go again under its own number. `codes` are other codes by line;
 * `isOfNow` gives it a new id and the moment it is now, for one that the server finds too old. What a wallet paid it paid
 * under the id there is: such a sale keeps it.
 */
export function correct(db, number, { codes = [], isOfNow = false } = {}) {
  return writing(db, ["facts", "sales"], async (store) => {
    const sale = await got(store("sales").get(number));
    if (sale === undefined || sale.state !== "attention") return sale;
    const lines = sale.said.lines.map((line, place) => ({ ...line, sku_code: codes[place] || line.sku_code }));
    const said = { ...sale.said, lines };
    if (isOfNow && !isPaidByWallet(sale)) {
      const moment = momentOf(await got(store("facts").get("clock")), Date.now());
      said.id = uuid7(moment);
      said.rung_up_at = new Date(moment).toISOString();
    }
    const corrected = { ...sale, said, state: "waiting", tried: 0, reason: undefined };
    store("sales").put(corrected);
    return corrected;
  });
}
