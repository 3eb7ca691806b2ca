// The page of the till: a cart, what is paid, and what is not yet sent. Nobody is told "done" before the sale is on the
// disk of this device.

import { known, readAhead } from "./book.js";
import { find } from "./goods.js";
import { open } from "./keeping.js";
import { DATABASE, VERSION, make } from "./stores.js";
import { CHANNEL, correct, ringUp, saleOfCart, sales, tillId } from "./outbox.js";
import { park, parked, takeUp } from "./parked.js";
import { pricesOf } from "./price.js";
import { handOver, send } from "./sender.js";
import { knownShift, learnShift } from "./shift.js";
import { keepPage } from "./staying.js";

const root = document.getElementById("till");
const words = JSON.parse(document.getElementById("till-words").textContent);
const byId = (id) => document.getElementById(id);
const AGAIN_MS = 15_000;
const BOOK_MS = 10 * 60_000;
const SHOWN_SENT = 8;
const CART = "loopline-till-cart";

let db;
let till; // its id
let who;
let book;
let cart = { id: crypto.getRandomValues(new Uint32Array(4)).join("-"), lines: [] };
let stands = "idle";
let isRinging = false;
const tabs = "BroadcastChannel" in window ? new BroadcastChannel(CHANNEL) : null;

function word(name, fields = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, field) => fields[field]);
}

function money(minor, currency = book?.currency) {
  const format = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** A price as somebody types it, in minor units; null for what is none. */
function typedMinor(text) {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency: book.currency }).resolvedOptions();
  const found = /^(\d{1,7})(?:[.,](\d+))?$/.exec(text.normalize("NFKC").trim());
  const part = found?.[2] ?? "";
  if (found === null || part.length > digits.maximumFractionDigits) return null;
  return Number(found[1] + part.padEnd(digits.maximumFractionDigits, "0"));
}

function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function button(className, text, pressed) {
  const element = made("button", className, text);
  element.type = "button";
  element.addEventListener("click", pressed);
  return element;
}

// --------------------------------------------------------------------------------------------------------------- cart

function keepCart() {
  try {
    sessionStorage.setItem(CART, JSON.stringify(cart));
  } catch {
    // not kept over a reload, that is all
  }
}

function newCart() {
  cart = { id: crypto.getRandomValues(new Uint32Array(4)).join("-"), lines: [] };
  keepCart();
}

function total() {
  return cart.lines.reduce((sum, line) => sum + line.units * line.unit, 0);
}

function tell(text, tone) {
  const said = byId("till-said");
  said.textContent = text;
  said.dataset.tone = tone;
}

function addLine(one) {
  const line = cart.lines.find((other) => other.code === one.code && other.unit === one.unit && other.reason === one.reason && !other.asked);
  if (line === undefined) cart.lines.push({ ...one, units: 1 });
  else line.units += 1;
  byId("till-done").hidden = true;
  keepCart();
  showCart();
}

async function typed(text) {
  const found = await find(db, text);
  byId("till-unlisted").hidden = true;
  if (found === undefined) {
    tell(word("unlisted", { code: text }), "bad");
    navigator.vibrate?.([80, 60, 80]);
    byId("till-unlisted").hidden = false;
    byId("till-unlisted").dataset.code = text.normalize("NFKC").trim().toUpperCase();
    return;
  }
  addLine({ code: found.code, name: found.name, variety: found.variety, unit: found.unit_minor, list: found.list_minor, why: found.why, read: book?.read });
  tell(`${found.name} ${money(found.unit_minor)}`, "good");
  navigator.vibrate?.(40);
}

function showCart() {
  byId("till-cart").replaceChildren(...cart.lines.map(cartLine));
  byId("till-cart-card").hidden = cart.lines.length === 0;
  byId("till-total").textContent = book ? money(total()) : "";
  const ring = byId("till-ring");
  ring.disabled = cart.lines.length === 0 || !who || !book || isRinging || cart.lines.some((line) => line.asked);
  prices.watch();
  ring.textContent = cart.lines.length === 0 ? word("ring") : word("ring_amount", { amount: money(total()) });
}

function cartLine(line) {
  const row = made("li", "good till-line");
  const goods = made("span");
  goods.append(made("b", "", line.name));
  if (line.variety) goods.append(made("span", "variety", line.variety));
  const code = made("span", "quiet good-code", `${line.code} · ${money(line.unit)}`);
  if (line.list) code.append(" ", made("s", "", money(line.list)), ` ${line.why}`);
  goods.append(code);
  const count = made("span", "till-count");
  const change = (by) => {
    if (!prices.mayHave(line, line.units + by)) return;
    line.units += by;
    cart.lines = cart.lines.filter((one) => one.units > 0);
    keepCart();
    showCart();
  };
  const fewer = button("btn till-step", "−", () => change(-1));
  fewer.setAttribute("aria-label", word("fewer", { name: line.name }));
  const more = button("btn till-step", "+", () => change(1));
  more.setAttribute("aria-label", word("more", { name: line.name }));
  count.append(fewer, made("b", "number till-units", String(line.units)), more);
  row.append(goods, count, prices.of(line), made("b", "number till-amount", money(line.units * line.unit)));
  return row;
}

const prices = pricesOf({
  ...{ word, money, typedMinor, tell, made, button },
  db: () => db,
  id: () => till,
  book: () => book,
  lines: () => cart.lines,
  changed: () => {
    keepCart();
    showCart();
  },
});

// -------------------------------------------------------------------------------------------------------- set aside

/** Set the cart in hand aside; resolves with whether it is, and nothing is in hand. */
async function setAside() {
  if (isRinging) return false;
  if (cart.lines.length === 0) return true;
  try {
    await park(db, { ...cart, by: who?.name ?? "", at: Date.now() });
  } catch {
    tell(word("not_parked"), "bad");
    return false;
  }
  newCart();
  tell(word("parked"), "good");
  showCart();
  tabs?.postMessage("changed");
  await showParked();
  return true;
}

/** Take a cart up; what is in hand is set aside for it. */
async function resume(id) {
  if (!(await setAside())) return;
  const found = await takeUp(db, id);
  if (found !== undefined) {
    cart = { id: found.id, lines: found.lines };
    keepCart();
  }
  tell("", "");
  showCart();
  tabs?.postMessage("changed");
  await showParked();
}

async function showParked() {
  const kept = await parked(db);
  byId("till-parked").hidden = kept.length === 0;
  byId("till-parked-list").replaceChildren(
    ...kept.map((one) => {
      const row = made("li", "good till-line");
      const said = made("span");
      said.append(made("b", "", one.lines.map((line) => `${line.name} × ${line.units}`).join(" · ")));
      const clock = new Date(one.at).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
      said.append(made("span", "quiet good-code", [one.by, clock].filter(Boolean).join(" · ")));
      const sum = one.lines.reduce((all, line) => all + line.units * line.unit, 0);
      row.append(said, made("b", "number till-amount", money(sum)), button("btn", word("resume"), () => resume(one.id)));
      return row;
    }),
  );
}

async function ring() {
  if (isRinging || cart.lines.length === 0 || !prices.isReady()) return;
  isRinging = true;
  showCart();
  try {
    const method = document.querySelector('[name="method"]:checked').value;
    const sale = await ringUp(db, { cart: cart.id, who, site: book.site, currency: book.currency, lines: cart.lines, method });
    newCart();
    done(sale);
  } catch {
    tell(word("not_kept"), "bad");
  } finally {
    isRinging = false;
    showCart();
  }
  changed();
  again();
}

function done(sale) {
  const said = byId("till-done");
  said.querySelector("h2").textContent = word("done", { amount: money(sale.amount, sale.said.currency) });
  said.querySelector("p").textContent = word("done_number", { number: sale.number });
  said.hidden = false;
  tell("", "");
  byId("till-unlisted").hidden = true;
}

// -------------------------------------------------------------------------------------------------------------- outbox

async function show() {
  const kept = await sales(db);
  const unsent = kept.filter((sale) => sale.state === "waiting" || sale.state === "attention");
  const refused = kept.filter((sale) => sale.state === "attention");
  const pulse = byId("till-pulse");
  pulse.dataset.state = refused.length > 0 ? "refused" : unsent.length > 0 ? "unsent" : "sent";
  pulse.textContent = unsent.length > 0 ? word("unsent", { count: unsent.length }) : word("all_sent");
  byId("till-stands").textContent = unsent.length > refused.length ? (words[`stands_${stands}`] ?? "") : "";
  const shown = [...refused, ...unsent.filter((sale) => sale.state === "waiting")];
  const others = kept.filter((sale) => sale.state === "sent" || sale.state === "handed").slice(0, SHOWN_SENT);
  showRows(byId("till-outbox"), [...shown, ...others]);
  byId("till-outbox-card").hidden = kept.length === 0;
}

const shownAs = new WeakMap(); // row → the sale as it shows it

/** Show a row for each sale, touching none that shows it already: what somebody types in or is pressing stays. */
function showRows(list, kept) {
  const standing = new Map([...list.children].map((row) => [shownAs.get(row), row]));
  const rows = kept.map((sale) => {
    const said = JSON.stringify(sale);
    const row = standing.get(said) ?? keepTyped(list, outboxRow(sale));
    shownAs.set(row, said);
    return row;
  });
  for (const row of [...list.children]) if (!rows.includes(row)) row.remove();
  for (const [place, row] of rows.entries()) {
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  }
}

/** Carry over what somebody typed into the row that this one takes the place of. */
function keepTyped(list, row) {
  const before = [...list.children].find((one) => one.dataset.number === row.dataset.number);
  const typed = before?.querySelectorAll("input") ?? [];
  for (const [place, field] of row.querySelectorAll("input").entries()) {
    const old = typed[place];
    if (old !== undefined && old.value !== old.dataset.said) field.value = old.value;
  }
  return row;
}

function outboxRow(sale) {
  const row = made("li", `till-sale till-sale-${sale.state}`);
  row.dataset.number = sale.number;
  const top = made("div", "task-top");
  top.append(made("b", "number", word("number", { number: sale.number })));
  top.append(made("span", "number", money(sale.amount, sale.said.currency)));
  const line = made("div", "task-line quiet");
  const clock = new Date(sale.said.rung_up_at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
  line.append(made("span", "", `${clock} · ${sale.who.name} · ${sale.siteName}`));
  line.append(made("span", "till-state", word(`state_${sale.state}`)));
  row.append(top, line);
  if (sale.reason && sale.state !== "sent") row.append(made("p", "till-reason", sale.reason.title));
  if (sale.state === "attention") row.append(putRight(sale));
  if (sale.state === "sent") {
    const order = made("p", "quiet till-order", sale.order);
    if (sale.receipt) {
      const receipt = made("a", "", word("receipt"));
      receipt.href = `/r/${sale.receipt}`;
      order.append(" · ", receipt);
    }
    row.append(order);
  }
  return row;
}

/** What can be done about a refused sale: other codes, another day, or somebody else's hands. */
function putRight(sale) {
  const form = made("form", "till-right");
  const fields = sale.said.lines.map((line) => {
    const label = made("label", "till-code");
    label.append(made("span", "", `${sale.names[line.sku_code] ?? line.sku_code} × ${line.units}`));
    const field = made("input", "form-control");
    field.value = field.dataset.said = line.sku_code;
    field.maxLength = 64;
    field.spellcheck = false;
    label.append(field);
    return [label, field];
  });
  const isTooOld = sale.reason?.code === "order_id_outside_window" || sale.reason?.code === "placed_outside_window";
  form.append(...fields.map(([label]) => label));
  const buttons = made("div", "till-buttons");
  const settle = async (work) => {
    document.activeElement?.blur();
    for (const one of buttons.children) one.disabled = true;
    await work();
    for (const one of buttons.children) one.disabled = false;
    changed();
    again();
  };
  const other = (options) => () =>
    settle(() => correct(db, sale.number, { codes: fields.map(([, field]) => field.value.normalize("NFKC").trim().toUpperCase()), ...options }));
  buttons.append(button("btn btn-primary", word(isTooOld ? "as_of_now" : "send_again"), other({ isOfNow: isTooOld })));
  buttons.append(
    button("btn", word("hand_over"), () =>
      settle(async () => {
        const how = await handOver(db, sale);
        if (how !== "done") stands = how;
      }),
    ),
  );
  form.append(buttons);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    other({ isOfNow: isTooOld })();
  });
  return form;
}

function changed() {
  tabs?.postMessage("changed");
  show();
  showShift();
}

let isSending = false;
async function again() {
  if (isSending) return;
  isSending = true;
  try {
    do {
      stands = await send(db, changed);
    } while (stands === "idle" && (await sales(db)).some((sale) => sale.state === "waiting"));
  } finally {
    isSending = false;
  }
  changed();
}

// --------------------------------------------------------------------------------------------------------------- start

async function learn() {
  await readAhead(db);
  await learnShift(db, till);
  ({ who, book } = await known(db));
  standHere();
  await showShift();
  await showParked();
}

/** Who answers for the drawer; selling goes on without anybody, and says so. */
async function showShift() {
  const shift = await knownShift(db);
  const isOpen = Boolean(shift?.shift_id);
  const bar = byId("till-shift");
  bar.dataset.open = shift === undefined ? "unknown" : isOpen ? "yes" : "no";
  const since = isOpen ? new Date(shift.opened_at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" }) : "";
  byId("till-shift-said").textContent = isOpen ? word("shift_open", { name: shift.opened_by, moment: since }) : shift === undefined ? "" : word("shift_none");
  const unsent = (await sales(db)).filter((sale) => sale.state === "waiting" || sale.state === "attention").length;
  const way = byId("till-shift-way");
  way.textContent = isOpen || shift === undefined ? word("shift_way") : word("shift_begin");
  way.href = `/store/till/shift?till=${till}&unsent=${unsent}`;
}

function standHere() {
  const isOpen = who !== undefined && book !== undefined;
  byId("till-closed").hidden = isOpen;
  byId("till-open").hidden = !isOpen;
  if (!isOpen) return;
  byId("till-where").textContent = word("where", { site: book.site.name, name: who.name });
  const read = new Date(book.read).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
  byId("till-read").textContent = word("read", { moment: read });
  showCart();
}

async function start() {
  db = await open(DATABASE, VERSION, make);
  till = await tillId(db);
  navigator.storage?.persist?.();
  try {
    const kept = JSON.parse(sessionStorage.getItem(CART) ?? "null");
    // A cart that was rung up, in a tab that died before it heard so, is rung up.
    if (kept !== null && (await saleOfCart(db, kept.id)) === undefined) cart = kept;
  } catch {
    // begin with an empty cart
  }
  ({ who, book } = await known(db));
  const isOther = root.dataset.person !== undefined && root.dataset.person !== who?.id;
  if (isOther) who = undefined; // somebody else is signed in now: nothing is theirs before it is read for them
  standHere();
  await showShift();
  await showParked();
  await show();
  root.dataset.ready = "yes";
  if (isOther || navigator.onLine) await learn();
  root.dataset.learnt = "yes";
  again();
  keepPage("/store/till", DATABASE, root.dataset.mark).then(
    () => (root.dataset.kept = "yes"),
    () => {},
  );
}

const scan = byId("till-scan");
scan.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return; // a hand scanner types the code and ends it with Enter
  event.preventDefault();
  const text = scan.value.trim();
  scan.value = "";
  if (text !== "") typed(text);
});
byId("till-add").addEventListener("click", () => {
  const text = scan.value.trim();
  scan.value = "";
  if (text !== "") typed(text);
  scan.focus({ preventScroll: true });
});
byId("till-unlisted").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const minor = typedMinor(byId("till-price").value);
  if (minor === null) {
    tell(word("no_price"), "bad");
    return;
  }
  addLine({ code: form.dataset.code, name: form.dataset.code, variety: "", unit: minor, reason: "not_in_book" });
  form.hidden = true;
  byId("till-price").value = "";
  tell(`${form.dataset.code} ${money(minor)}`, "good");
  scan.focus({ preventScroll: true });
});
byId("till-ring").addEventListener("click", ring);
byId("till-park").addEventListener("click", setAside);
if (tabs !== null) {
  tabs.onmessage = () => {
    show();
    showParked();
  };
}
window.addEventListener("online", again);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && db && again());
setInterval(() => db && again(), AGAIN_MS);
setInterval(() => db && learn(), BOOK_MS);
await start();
if (matchMedia("(pointer: fine)").matches) scan.focus({ preventScroll: true });
