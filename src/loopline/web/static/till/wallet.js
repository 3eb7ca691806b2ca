// The customer's wallet or stored value pays: the code on their phone is scanned once (of who has stored value their member
// code, or their phone number), and the server is asked until it knows. A sale is kept before anything is asked, as
//   paying    asked for, not known to be paid; nothing else may be taken for it
//   unpaid    known to be not paid, for good: another code, another way, or back into the cart

import { got, reading, writing } from "./keeping.js";
import { button, made } from "./elements.js";
import { isCode } from "./member.js";
import { settle } from "./outbox.js";
import { outcomeOf } from "./sender.js";

const CODE = /^(1[0-5]\d{16}|(2[5-9]|30)\d{14,22})$/;
const ASK_MS = 3_000; // as often as wallets want to be asked while their customer types a password
const WAYS = { wallet: "/store/till/wallet", stored_value: "/store/till/stored-value" };

/** Whether a text is the code of a wallet: WeChat Pay's, or Alipay's. */
export function isWalletCode(text) {
  return CODE.test(text.replace(/\s/g, ""));
}

/** Whether a text can pay by a method: a wallet's code; of who has stored value their code, or a phone. */
export function canPay(method, text) {
  return method === "wallet" ? isWalletCode(text) : isCode(text) || /^\+?[\d\s()-]{6,24}$/.test(text);
}

/** By which method a sale is paid that is not paid by hand. */
function methodOf(sale) {
  return sale.said.payments.find((one) => one.method in WAYS)?.method ?? "wallet";
}

/** Make the payer of a till. `told()` is called whenever a sale stands otherwise than before. */
export function walletPayer(db, command, told) {
  const asking = new Set(); // the numbers of sales that somebody here is asking about

  async function put(sale, act, code) {
    let now = { state: "paying", isAway: true };
    try {
      const { said, problem } = await command(WAYS[methodOf(sale)], {
        sale: sale.said,
        attempt_id: sale.attempt,
        act,
        ...(code ? { code: code.replace(/\s/g, "") } : {}),
      });
      if (said !== undefined) now = became(said, sale);
      else if (problem?.code) now = { state: "paying", reason: { act, code: problem.code, title: [problem.title, problem.detail].filter(Boolean).join(" ") } };
    } catch {
      // nobody answered: it is asked for
    }
    await settle(db, [[sale, now]]);
    told();
    return now;
  }

  /** Put it once, then ask until it is known; one asker per sale, and whoever calls it off ends the asking. */
  async function until(sale, act, code) {
    if (asking.has(sale.number)) return;
    asking.add(sale.number);
    try {
      let now = await put(sale, act, code);
      while (now.state === "paying") {
        // Stored value is never waited for: why it was refused is known, and whether it may still come is asked at once.
        const isKnown = methodOf(sale) === "stored_value" && now.reason?.act === "pay"; // a question refused is asked anew in time
        await new Promise((again) => setTimeout(again, isKnown ? 0 : ASK_MS));
        const standing = await saleOf(db, sale.number);
        if (standing?.state !== "paying" || standing.attempt !== sale.attempt) break;
        now = await put(standing, "ask");
      }
    } finally {
      asking.delete(sale.number);
    }
  }

  return {
    /** Have a kept sale paid by a code; each code is an attempt of its own. */
    async pay(sale, code) {
      const attempt = { ...sale, state: "paying", attempt: crypto.randomUUID(), isWaiting: undefined, isAway: undefined, reason: undefined };
      if (!(await begin(db, attempt))) return;
      told();
      await until(attempt, "pay", code);
    },
    /** Ask what became of every sale that is being paid: this page may have been closed in the middle of it. */
    async askAll(sales) {
      await Promise.all(sales.filter((sale) => sale.state === "paying").map((sale) => until(sale, "ask")));
    },
    /** Call an attempt off; it may turn out to be paid. */
    cancel: (sale) => put(sale, "cancel"),
    /** Let a sale that was not paid be paid by hand. */
    async otherwise(sale, method) {
      const said = { ...sale.said, payments: paidBy(method, sale) };
      await settle(db, [[sale, { state: "waiting", said, reason: undefined }]]);
      told();
    },
  };
}

/** Keep that a sale is being paid, unless it is already or was settled: only who kept it may ask. */
function begin(db, attempt) {
  return writing(db, ["sales"], async (store) => {
    const kept = await got(store("sales").get(attempt.number));
    if (kept?.state !== "unpaid") return false;
    store("sales").put(attempt);
    return true;
  });
}

function paidBy(method, sale) {
  return [{ method, amount_minor: sale.amount }];
}

function saleOf(db, number) {
  return reading(db, ["sales"], (store) => got(store("sales").get(number)));
}

/** What a sale is after the server's word: paid with its order, or paid and to be put right; not paid; or still open. */
function became(said, sale) {
  // Why no wallet was asked stays with the sale: whoever stands there has to know what to change.
  if (said.state === "not_paid") return { state: "unpaid", isAway: undefined, reason: sale.reason?.act === "pay" ? sale.reason : undefined };
  if (said.state === "waiting") return { state: "paying", isAway: undefined, isWaiting: true, reason: undefined };
  const now = outcomeOf(said.sale, sale);
  return now.state === "sent" ? { ...now, left: said.left } : { ...now, state: "attention" };
}

/** Take a sale that was not paid out of the outbox: nobody paid, and its goods are in the cart again. */
export function takeBack(db, number) {
  return writing(db, ["sales"], async (store) => {
    const sale = await got(store("sales").get(number));
    if (sale?.state !== "unpaid") return undefined;
    store("sales").delete(number);
    return sale;
  });
}

/** What can be done about a sale that a wallet pays or did not pay. */
export function walletRow(sale, { word, payer, back }) {
  const ways = made("div", "till-right");
  const buttons = made("div", "till-buttons");
  if (sale.state === "paying") {
    ways.append(made("p", "till-reason", sale.reason?.title ?? word(sale.isAway ? "wallet_away" : sale.isWaiting ? "wallet_waits" : "wallet_asked")));
    buttons.append(button("btn", word("wallet_cancel"), () => payer.cancel(sale)));
  } else {
    const field = made("input", "form-control till-again-code");
    field.inputMode = "numeric";
    const isOwn = methodOf(sale) === "stored_value";
    field.placeholder = word(isOwn ? "stored_value_code" : "wallet_code");
    field.setAttribute("aria-label", field.placeholder);
    const again = () => {
      const code = field.value;
      if (!canPay(methodOf(sale), code.trim())) return field.focus();
      field.value = "";
      return payer.pay(sale, code);
    };
    field.addEventListener("keydown", (event) => event.key === "Enter" && again());
    const isSaid = isOwn && sale.reason !== undefined; // the row says why
    ways.append(...(isSaid ? [] : [made("p", "till-reason", word(isOwn ? "stored_value_not_paid" : "wallet_not_paid"))]), field);
    buttons.append(
      button("btn btn-primary", word("wallet_again"), again),
      button("btn", word("by_cash"), () => payer.otherwise(sale, "cash")),
      button("btn", word("by_card"), () => payer.otherwise(sale, "card_terminal")),
      button("btn", word("into_cart"), () => back(sale)),
    );
  }
  ways.append(buttons);
  return ways;
}
