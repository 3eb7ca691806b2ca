// A line at another price: at once within what one may give alone; beyond it when somebody else has approved it. What is
// asked for stands on its line while the cart goes on, and is asked after until there is an answer.

import { uuid7 } from "./moments.js";
import { ask, commands } from "./server.js";

const TOKEN = "/store/till/token";
const ASKS = "/store/till/price-asks";
const AGAIN_MS = 2_000;

/** Whether somebody may give a price alone: it is no more than so many per cent below what it costs. */
export function isWithin(before, unit, percent) {
  return (before - unit) * 100 <= percent * before;
}

/** What one of a line costs as it stands: of what the server told for all of them, where nobody typed a price. */
function eachOf(line) {
  return line.told && !line.reason ? line.told.amount_minor / line.units : (line.before ?? line.unit);
}

/**
 * The changed prices of a page's cart. `till` gives `db()`, `id()`, `book()` and `lines()` as they are, the page's `word`,
 * `money`, `typedMinor`, `tell`, `made` and `button`, and is told by `changed()`.
 */
export function pricesOf(till) {
  const byId = (id) => document.getElementById(id);
  const pad = byId("till-change");
  let line; // whose price is being changed
  let command;
  let timer;
  let isAsking = false;

  async function send(path, body = {}) {
    try {
      command ??= commands(till.db(), TOKEN);
      return await command(path, body);
    } catch {
      return {};
    }
  }

  function begin(of) {
    line = of;
    byId("till-change-name").textContent = `${line.name} · ${till.money(eachOf(line))}`;
    byId("till-change-alone").textContent = till.word("alone", { percent: till.book().percent ?? 0 });
    byId("till-change-unit").value = "";
    byId("till-change-said").textContent = "";
    pad.showModal();
    byId("till-change-unit").focus();
  }

  function back(of) {
    Object.assign(of, { unit: of.before ?? of.unit, before: undefined, reason: undefined, ask: undefined, approved: undefined, until: undefined });
  }

  async function want(event) {
    event.preventDefault();
    const of = line;
    const unit = till.typedMinor(byId("till-change-unit").value);
    const before = of.before ?? of.unit;
    const reason = byId("till-change-why").value;
    const percent = till.book().percent ?? 0;
    if (unit === null || unit > before || (unit < before && unit >= eachOf(of))) {
      byId("till-change-said").textContent = till.word("lower_only");
      return;
    }
    if (of.asked) leave(of);
    back(of);
    if (unit < before && !isWithin(before, unit, percent)) {
      if (!(await askFor(of, unit, reason, percent))) return;
    } else if (unit < before) Object.assign(of, { before, unit, reason });
    pad.close();
    till.changed();
  }

  /** Ask somebody else; resolves with whether it was heard. */
  async function askFor(of, unit, reason, percent) {
    const id = uuid7(Date.now());
    const submit = pad.querySelector(".btn-primary");
    submit.disabled = true;
    const wanted = { id, till_id: till.id(), sku_code: of.code, units: of.units, unit_minor: unit, reason, priced_at: of.read };
    const answer = await send(ASKS, wanted);
    submit.disabled = false;
    if (answer.said === undefined) {
      byId("till-change-said").textContent = answer.problem?.title ?? till.word("needs_network", { percent });
      till.changed();
      return false;
    }
    of.asked = { id, unit, reason, units: wanted.units };
    return true;
  }

  /** Wait no more for what was asked for. */
  function leave(of) {
    send(`${ASKS}/${of.asked.id}/withdraw`);
    of.asked = undefined;
  }

  /** Ask after what is waited for; nothing is heard twice at once. */
  async function look() {
    const waiting = till.lines().filter((of) => of.asked);
    if (isAsking || waiting.length === 0) return;
    isAsking = true;
    try {
      const ids = waiting.map((of) => of.asked.id);
      const response = await ask(`${ASKS}-now?ids=${ids.join(",")}`);
      if (!response.ok) return;
      const { asks, now } = await response.json();
      const standing = waiting.map((of, place) => [of, ids[place]]).filter(([of, id]) => of.asked?.id === id); // not left meanwhile
      const isHeard = standing.map(([of, id]) => hear(of, asks.find((one) => one.id === id), now)).some(Boolean);
      if (isHeard) till.changed();
    } catch {
      // no network just now: asked again
    } finally {
      isAsking = false;
    }
  }

  /** Take in what was said of a line's price; returns whether anything was. */
  function hear(of, stands, now) {
    if (stands?.state === "open") return false;
    const { id, unit, reason, units } = of.asked;
    of.asked = undefined;
    if (stands?.state === "approved") {
      const until = Date.now() + Date.parse(stands.good_until) - Date.parse(now);
      Object.assign(of, { before: of.unit, unit, reason, ask: id, approved: units, until });
      till.tell(till.word("approved_by", { name: stands.decided_by, goods: of.name }), "good");
      navigator.vibrate?.(40);
    } else if (stands?.state === "declined") {
      till.tell(till.word("declined_by", { name: stands.decided_by, note: stands.note }), "bad");
      navigator.vibrate?.([80, 60, 80]);
    } else till.tell(till.word("unanswered", { goods: of.name }), "bad");
    return true;
  }

  byId("till-change-form").addEventListener("submit", want);
  byId("till-change-leave").addEventListener("click", () => pad.close());

  return {
    /** What a line shows of its price, and the way to change it. */
    of(one) {
      const row = till.made("span", "till-price");
      if (one.before !== undefined) {
        row.append(till.made("span", "quiet", till.word("was", { amount: till.money(one.before), reason: till.word(`why_${one.reason}`) })));
      }
      if (one.asked) {
        row.append(till.made("span", "till-waits", till.word("waits", { amount: till.money(one.asked.unit) })));
        row.append(
          till.button("btn btn-quiet", till.word("wait_no_more"), () => {
            leave(one);
            till.changed();
          }),
        );
        return row;
      }
      if (one.read === undefined) return row;
      const change = till.button("btn btn-quiet till-reprice", till.word("reprice"), () => begin(one));
      change.setAttribute("aria-label", till.word("reprice_of", { name: one.name }));
      row.append(change);
      return row;
    },
    /** Whether a line may have so many units; says so where a price was asked for fewer. */
    mayHave(one, units) {
      const most = one.asked?.units ?? one.approved ?? units;
      if (units > most) till.tell(till.word("approved_for", { count: most }), "bad");
      if (units === 0 && one.asked) leave(one);
      return units <= most;
    },
    /** Whether the cart may be rung up; a price that was approved too long ago is taken back, and said. */
    isReady() {
      const late = till.lines().filter((one) => one.until < Date.now());
      for (const one of late) back(one);
      if (late.length > 0) {
        till.tell(till.word("too_late", { goods: late[0].name }), "bad");
        till.changed();
      }
      return late.length === 0 && !till.lines().some((one) => one.asked);
    },
    /** Ask after answers as long as something waits for one. */
    watch() {
      const isWaiting = till.lines().some((one) => one.asked);
      if (isWaiting) timer ??= setInterval(look, AGAIN_MS);
      else timer = void clearInterval(timer);
    },
  };
}
