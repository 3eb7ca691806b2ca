// The page of the till: a cart, what is paid, and what is not yet sent. Nobody is told "done" before the sale is on the
// disk of this device.

import { known, readAhead } from "./book.js";
import { couponsOf, isUnsaid } from "./coupon.js";
import { button, made, showRows } from "./elements.js";
import { find } from "./goods.js";
import { open } from "./keeping.js";
import { findMember, isCode } from "./member.js";
import { DATABASE, VERSION, make } from "./stores.js";
import { CHANNEL, ringUp, saleOfCart, sales, tillId } from "./outbox.js";
import { park, parked, takeUp } from "./parked.js";
import { pricesOf } from "./price.js";
import { putRight } from "./put_right.js";
import { showReceipt } from "./receipt.js";
import { saleRow } from "./sale_row.js";
import { send } from "./sender.js";
import { commands } from "./server.js";
import { knownShift, learnShift, shiftShown } from "./shift.js";
import { keepPage } from "./staying.js";
import { canPay, takeBack, walletPayer, walletRow } from "./wallet.js";
import { amountOf, sumOf, wholeAsker } from "./whole.js";

const root = document.getElementById("till");
const words = JSON.parse(document.getElementById("till-words").textContent);
const byId = (id) => document.getElementById(id);
const AGAIN_MS = 15_000;
const BOOK_MS = 10 * 60_000;
const SHOWN_SENT = 8;
const CART = "loopline-till-cart";
const PATIENCE_MS = 2_500; // for what the cashier waits for with the customer

let db;
let till; // its id
let who;
let book;
let cart = { id: crypto.getRandomValues(new Uint32Array(4)).join("-"), lines: [] };
let stands = "idle";
let isRinging = false;
let isLooking = false; // for a member
let rungUp; // the number of the sale that was rung up last
let whole; // asks what the cart comes to
let command;
let payer; // has wallets pay
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
  whole.forget();
  keepCart();
}

/** The cart is another: what it comes to is asked anew, and nothing is paid before the answer, or none, is there. */
function cartChanged() {
  for (const line of cart.lines) delete line.told;
  coupons.forget();
  if (cart.lines.length > 0) whole.ask(cart);
  else whole.forget();
  keepCart();
  showCart();
}

function cartTold(answer) {
  for (const [place, told] of (answer?.lines ?? []).entries()) cart.lines[place].told = { ...told, at: answer.now };
  coupons.hear(answer);
  keepCart();
  showSums();
}

async function lookFor(text) {
  const { id } = cart;
  isLooking = true;
  showSums();
  const { member, refused } = await findMember(command, text);
  isLooking = false;
  if (cart.id === id && member !== undefined) {
    cart.member = member;
    byId("till-who").value = "";
    tell(word(member.id ? "member_found" : "member_kept", { name: member.name }), "good");
  } else if (cart.id === id) tell(refused || word("no_member"), "bad");
  cartChanged();
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
  cartChanged();
}

async function typed(text) {
  if (isCode(text)) {
    await lookFor(text);
    return;
  }
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
  byId("till-cart").dataset.units = cart.lines.reduce((all, line) => all + line.units, 0);
  showSums();
}

/** Show what things come to, in the rows there are: somebody may be pressing a button of them. */
function showSums() {
  for (const [place, row] of [...byId("till-cart").children].entries()) priceLine(row, cart.lines[place]);
  byId("till-cart-card").hidden = cart.lines.length === 0;
  const isAwaited = whole.isAwaited || isLooking;
  byId("till-total").textContent = book ? money(sumOf(cart.lines)) : "";
  byId("till-total").ariaBusy = String(isAwaited);
  byId("till-alone").hidden = isAwaited || cart.lines.every((line) => line.told);
  byId("till-member").hidden = cart.member === undefined;
  byId("till-member-name").textContent = cart.member ? word(cart.member.points === undefined ? "member" : "member_points", cart.member) : "";
  coupons.show(isAwaited);
  const ring = byId("till-ring");
  const isUnsure = isAwaited || isUnsaid(cart) || cart.lines.some((line) => line.asked);
  ring.disabled = cart.lines.length === 0 || !who || !book || isRinging || isUnsure;
  prices.watch();
  ring.textContent = cart.lines.length === 0 ? word("ring") : word("ring_amount", { amount: money(sumOf(cart.lines)) });
}

function cartLine(line) {
  const row = made("li", "good till-line");
  const goods = made("span");
  goods.append(made("b", "", line.name));
  if (line.variety) goods.append(made("span", "variety", line.variety));
  goods.append(made("span", "quiet good-code"));
  const count = made("span", "till-count");
  const change = (by) => {
    if (!prices.mayHave(line, line.units + by)) return;
    line.units += by;
    cart.lines = cart.lines.filter((one) => one.units > 0);
    cartChanged();
  };
  const fewer = button("btn till-step", "−", () => change(-1));
  fewer.setAttribute("aria-label", word("fewer", { name: line.name }));
  const more = button("btn till-step", "+", () => change(1));
  more.setAttribute("aria-label", word("more", { name: line.name }));
  count.append(fewer, made("b", "number till-units", String(line.units)), more);
  row.append(goods, count, prices.of(line), made("b", "number till-amount"));
  return row;
}

function priceLine(row, line) {
  const code = row.querySelector(".good-code");
  const list = line.told ? line.told.list_minor : line.list;
  const each = line.told ? line.told.amount_minor / line.units : line.unit;
  code.textContent = line.told && list ? `${line.code} · ` : `${line.code} · ${money(each)} `;
  if (list) code.append(made("s", "", money(list)), ` ${line.told ? line.told.why : line.why}`);
  row.querySelector(".till-amount").textContent = money(amountOf(line));
}

const prices = pricesOf({
  ...{ word, money, typedMinor, tell, made, button, changed: cartChanged },
  db: () => db,
  id: () => till,
  book: () => book,
  lines: () => cart.lines,
});

const coupons = couponsOf({ ...{ word, money, changed: cartChanged }, cart: () => cart });

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
    cart = { id: found.id, lines: found.lines, member: found.member, coupon: found.coupon };
  }
  tell("", "");
  cartChanged();
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
      said.append(made("span", "quiet good-code", [one.member?.name, one.by, clock].filter(Boolean).join(" · ")));
      row.append(said, made("b", "number till-amount", money(sumOf(one.lines))), button("btn", word("resume"), () => resume(one.id)));
      return row;
    }),
  );
}

async function ring() {
  if (isRinging || isLooking || whole.isAwaited || isUnsaid(cart) || cart.lines.length === 0 || !prices.isReady()) return;
  isRinging = true;
  showCart();
  try {
    const method = document.querySelector('[name="method"]:checked').value;
    const field = byId(method === "stored_value" ? "till-value" : "till-wallet");
    const code = field.value.trim();
    const isByWallet = (method === "wallet" || method === "stored_value") && sumOf(cart.lines) > 0;
    if (isByWallet && !(canPay(method, code) && navigator.onLine)) {
      tell(word(navigator.onLine ? `no_${method}_code` : `${method}_offline`), "bad");
      field.focus();
      return;
    }
    const ofIt = method === "stored_value" ? byId("till-value-part").value.trim() : "";
    const part = ofIt === "" ? 0 : typedMinor(ofIt);
    if (part === null) return tell(word("no_price"), "bad");
    const state = isByWallet ? "unpaid" : "waiting";
    const sale = await ringUp(db, { cart: cart.id, member: cart.member, coupon: cart.coupon, who, site: book.site, currency: book.currency, lines: cart.lines, method, part, state });
    newCart();
    if (isByWallet) payWith(sale, code);
    else done(sale);
  } catch {
    tell(word("not_kept"), "bad");
  } finally {
    isRinging = false;
    showCart();
  }
  changed();
  again();
}

function payWith(sale, code) {
  for (const id of ["till-wallet", "till-value", "till-value-part"]) byId(id).value = "";
  byId("till-done").hidden = true;
  tell("", "");
  payer.pay(sale, code);
}

/** Show what wallets are paying; the sale that was paid last is done. */
function showPaying(kept) {
  const open = kept.filter((sale) => sale.state === "paying" || sale.state === "unpaid");
  byId("till-paying").hidden = open.length === 0;
  showRows(byId("till-paying-list"), open, outboxRow);
  const paid = kept.find((sale) => sale.attempt && sale.state === "sent");
  if (paid !== undefined && shownPaid.has(paid.number)) {
    shownPaid.delete(paid.number);
    done(paid);
  }
  for (const sale of open) shownPaid.add(sale.number);
}
const shownPaid = new Set(); // sales that were seen being paid

async function putBack(sale) {
  if (!(await setAside())) return;
  const found = await takeBack(db, sale.number);
  if (found !== undefined) cart = { id: found.cart, lines: found.goods.lines, member: found.goods.member, coupon: found.goods.coupon };
  cartChanged();
  changed();
}

function done(sale) {
  const said = byId("till-done");
  said.querySelector("h2").textContent = word("done", { amount: money(sale.amount, sale.said.currency) });
  said.querySelector("p").textContent = sale.state === "sent" ? (sale.left ?? "") : word("done_number", { number: sale.number });
  said.hidden = false;
  rungUp = sale.number;
  showReceipt(said, sale, { who, word, money });
  tell("", "");
  byId("till-unlisted").hidden = true;
}

// -------------------------------------------------------------------------------------------------------------- outbox

async function show() {
  const kept = await sales(db);
  const unsent = kept.filter((sale) => sale.state === "waiting" || sale.state === "attention");
  showPaying(kept);
  const refused = kept.filter((sale) => sale.state === "attention");
  const pulse = byId("till-pulse");
  pulse.dataset.state = refused.length > 0 ? "refused" : unsent.length > 0 ? "unsent" : "sent";
  const unpaid = kept.filter((sale) => sale.state === "paying" || sale.state === "unpaid").length;
  if (unpaid > 0 && refused.length === 0) pulse.dataset.state = "unsent";
  pulse.textContent = unsent.length + unpaid > 0 ? word("unsent", { count: unsent.length + unpaid }) : word("all_sent");
  byId("till-stands").textContent = unsent.length > refused.length ? (words[`stands_${stands}`] ?? "") : "";
  const shown = [...refused, ...unsent.filter((sale) => sale.state === "waiting")];
  const others = kept.filter((sale) => sale.state === "sent" || sale.state === "handed").slice(0, SHOWN_SENT);
  showRows(byId("till-outbox"), [...shown, ...others], outboxRow);
  byId("till-outbox-card").hidden = kept.length === 0;
  showReceipt(byId("till-done"), kept.find((sale) => sale.number === rungUp), { who, word, money });
}

function outboxRow(sale) {
  const ways = [];
  if (sale.state === "paying" || sale.state === "unpaid") ways.push(walletRow(sale, { word, payer, back: putBack }));
  if (sale.state === "attention") ways.push(putRight(sale, { db, word, done: settled, stood: (how) => (stands = how) }));
  return saleRow(sale, { word, money, ways });
}

function settled() {
  changed();
  again();
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

async function showShift() {
  const unsent = (await sales(db)).filter((sale) => sale.state === "waiting" || sale.state === "attention").length;
  shiftShown(byId("till-shift"), await knownShift(db), { word, way: `/store/till/shift?till=${till}&unsent=${unsent}` });
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
  command = commands(db, "/store/till/token", PATIENCE_MS);
  whole = wholeAsker(command, cartTold);
  payer = walletPayer(db, commands(db, "/store/till/token"), settled);
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
  payer.askAll(await sales(db));
  cartChanged();
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
byId("till-member-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("till-who").value.trim();
  if (text !== "" && !isLooking) lookFor(text);
});
byId("till-member-drop").addEventListener("click", () => {
  delete cart.member;
  cartChanged();
});
byId("till-ring").addEventListener("click", ring);
byId("till-park").addEventListener("click", setAside);
if (tabs !== null) {
  tabs.onmessage = () => {
    show();
    showParked();
  };
}
window.addEventListener("online", () => {
  again();
  whole?.wake();
  if (whole !== undefined && !isRinging) cartChanged();
});
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && db && again());
setInterval(() => db && again(), AGAIN_MS);
setInterval(() => db && learn(), BOOK_MS);
await start();
if (matchMedia("(pointer: fine)").matches) scan.focus({ preventScroll: true });
