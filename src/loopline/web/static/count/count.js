// The page of a count: what was scanned last in large letters, one more and one less under the thumb. Nothing is shown
// before it is on the disk of this device, and nothing is said of how many there should be.

import { categories, goodsOf, known, readAhead } from "./book.js";
import { find } from "./goods.js";
import { open } from "./keeping.js";
import { send } from "./sending.js";
import { keepPage } from "./staying.js";
import { DATABASE, VERSION, make } from "./stores.js";
import { begin, change, countAgain, countsOf, forget, isToCountAgain, join, linesOf, mark, undo } from "./tally.js";
import { ask } from "./server.js";

const PATH = "/store/count";
const AGAIN_MS = 15_000;
const QUIET_MS = 1_500; // a scan is sent when no other has followed for so long
const SHOWN_MAX = 60;

const root = document.getElementById("count");
const words = JSON.parse(document.getElementById("count-words").textContent);
const byId = (id) => document.getElementById(id);

let db;
let who;
let book;
let count; // the one that is being counted
let lines = []; // of it, what was counted last first
let now; // the code under the thumb
let stands = "sent";

function word(name, fields = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, field) => fields[field]);
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

function number(value) {
  return value.toLocaleString(document.documentElement.lang);
}

function moment(iso) {
  return new Date(iso).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
}

function tell(text, tone) {
  const said = byId("count-said");
  said.textContent = text;
  said.dataset.tone = tone;
}

// ------------------------------------------------------------------------------------------------------------ counting

async function scanned(text) {
  const good = await find(db, text);
  if (good === undefined) {
    tell(word("unknown", { code: text }), "bad");
    navigator.vibrate?.([80, 60, 80]);
    return;
  }
  await step(good, { add: 1 });
  const isListed = count.listed === null || count.listed.includes(good.code);
  tell(isListed ? "" : word("not_listed"), isListed ? "good" : "bad");
  navigator.vibrate?.(isListed ? 40 : [40, 40, 40]);
}

async function step(good, how) {
  try {
    const line = await change(db, count, good, how);
    now = line.code;
  } catch {
    tell(word("not_kept"), "bad");
    return;
  }
  await show();
  sendSoon();
}

async function takeBack() {
  const line = await undo(db, count);
  if (line === undefined) return;
  now = line.code;
  tell(word("undone", { name: line.name }), "good");
  await show();
  sendSoon();
}

function counted() {
  return lines.filter((line) => line.units !== null && !isToCountAgain(count, line));
}

async function show() {
  lines = count === undefined ? [] : await linesOf(db, count.id);
  const isOpen = who !== undefined && book !== undefined;
  byId("count-closed").hidden = isOpen;
  byId("count-begin").hidden = !isOpen || count !== undefined;
  byId("count-open").hidden = !isOpen || count === undefined;
  showPulse();
  if (count === undefined) return;
  const done = counted();
  byId("count-title").textContent = count.title;
  byId("count-skus").textContent = number(done.length);
  byId("count-units").textContent = number(done.reduce((sum, line) => sum + line.units, 0));
  showLast(done);
  await showRest(done);
  const rows = done.slice(0, SHOWN_MAX).map(lineRow);
  if (done.length > SHOWN_MAX) rows.push(made("li", "quiet", word("more", { count: number(done.length - SHOWN_MAX) })));
  byId("count-lines").replaceChildren(...rows);
  byId("count-lines-card").hidden = done.length === 0;
}

function showLast(done) {
  const line = done.find((one) => one.code === now) ?? done[0];
  now = line?.code;
  byId("count-last").hidden = line === undefined;
  byId("count-hint").hidden = line !== undefined;
  if (line === undefined) return;
  byId("count-last-name").textContent = line.name;
  byId("count-last-variety").textContent = line.variety;
  byId("count-last-variety").hidden = !line.variety;
  byId("count-last-code").textContent = line.by ? `${line.code} · ${word("by", { name: line.by })}` : line.code;
  byId("count-number").textContent = number(line.units);
  byId("count-number").setAttribute("aria-label", word("so_many", { name: line.name, count: number(line.units) }));
}

async function showRest(done) {
  const rest = byId("count-rest-card");
  rest.hidden = count.listed === null;
  if (count.listed === null) return;
  const seen = new Set(done.map((line) => line.code));
  const { goods } = await goodsOf(db, { codes: count.listed });
  const left = goods.filter((one) => !seen.has(one.code));
  byId("count-rest-title").textContent = word("left", { count: number(left.length), all: number(goods.length) });
  byId("count-rest").replaceChildren(
    ...left.slice(0, SHOWN_MAX).map((one) => {
      const row = made("li", "good");
      row.append(goodsOfRow(one), button("btn count-none", word("none_there"), () => step(one, { set: 0 })));
      return row;
    }),
  );
}

function goodsOfRow(one) {
  const goods = made("span");
  goods.append(made("b", "", one.name));
  if (one.variety) goods.append(made("span", "variety", one.variety));
  goods.append(made("span", "quiet good-code", one.by ? `${one.code} · ${word("by", { name: one.by })}` : one.code));
  if (one.problem) goods.append(made("span", "count-problem", one.problem));
  return goods;
}

function lineRow(line) {
  const row = made("li", line.code === now ? "good count-line count-line-now" : "good count-line");
  const choose = button("count-choose", "", async () => {
    now = line.code;
    await show();
    byId("count-last").scrollIntoView({ block: "nearest" });
  });
  choose.append(goodsOfRow(line), made("b", "number good-units", number(line.units)));
  row.append(choose);
  return row;
}

function showPulse() {
  const pulse = byId("count-pulse");
  const unsent = lines.filter((line) => !line.isSent).length;
  pulse.hidden = count === undefined;
  pulse.dataset.state = unsent > 0 ? "unsent" : "sent";
  pulse.textContent = unsent > 0 ? word("unsent", { count: number(unsent) }) : word("all_sent");
  byId("count-stands").textContent = unsent > 0 ? (words[`stands_${stands}`] ?? "") : "";
}

// -------------------------------------------------------------------------------------------------------------- sending

let soon;
function sendSoon() {
  clearTimeout(soon);
  soon = setTimeout(sendNow, QUIET_MS);
}

let isSending = false;
/** Send what waits of the count at hand; resolves with how that stands. */
async function sendNow() {
  if (count === undefined || isSending) return stands;
  isSending = true;
  try {
    stands = await send(db, count);
  } finally {
    isSending = false;
  }
  if (stands === "ended") {
    byId("count-ended").hidden = false;
    count = undefined;
    await showBegin();
  }
  await show();
  return stands;
}

async function finish() {
  byId("count-finish").disabled = true;
  try {
    while (isSending) await new Promise((resolve) => setTimeout(resolve, 100));
    if ((await sendNow()) !== "sent") {
      tell(word("finish_later"), "bad");
      return;
    }
    const { id } = count;
    await mark(db, id, { state: "handed" });
    if (book.mayPost) {
      location.assign(`${PATH}/${id}`);
      return;
    }
    count = undefined;
    byId("count-handed").hidden = false;
    await readAhead(db).then((came) => came && known(db)).then((found) => found && ({ who, book } = found));
    await showBegin();
    await show();
  } finally {
    byId("count-finish").disabled = false;
  }
}

// ------------------------------------------------------------------------------------------------------------ beginning

async function showBegin() {
  if (book === undefined) return;
  const choice = byId("count-category");
  const found = await categories(db);
  choice.replaceChildren(
    ...found.map(([name, size]) => Object.assign(made("option", "", `${name} (${number(size)})`), { value: name })),
  );
  document.querySelector('[name="of"][value="category"]').closest("label").hidden = found.length === 0;
  const mine = (await countsOf(db)).filter((one) => one.site.code === book.site.code);
  const known = new Map(book.counts.map((one) => [one.id, one]));
  const open = [
    ...mine.filter((one) => one.state === "open" && !known.has(one.id)).map((one) => ({ ...one, isHere: true })),
    ...book.counts.map((one) => ({ ...one, ...mine.find((other) => other.id === one.id), ...one })),
  ];
  byId("count-going").replaceChildren(...(await Promise.all(open.map(goingRow))));
  byId("count-going-card").hidden = open.length === 0;
  showAsked();
  // What ended long ago, or elsewhere, is not asked for any more.
  for (const one of mine) if (one.state === "ended") await forget(db, one.id);
}

/** What somebody asked this site to count, all of it one count away. */
function showAsked() {
  const asked = book.asked ?? []; // a book that was read before there were any says nothing of them
  byId("count-asked").replaceChildren(...asked.slice(0, SHOWN_MAX).map(askedRow));
  byId("count-asked-card").hidden = asked.length === 0;
}

function askedRow(one) {
  const row = made("li", "good");
  const goods = goodsOfRow({ name: one.name, code: one.code });
  const who = one.by ? `${moment(one.at)} · ${one.by}` : moment(one.at);
  goods.append(made("span", "quiet good-code", one.note ? `${who} · ${one.note}` : who));
  row.append(goods);
  return row;
}

async function beginAsked() {
  const { goods } = await goodsOf(db, { codes: book.asked.map((one) => one.code) });
  if (goods.length === 0) return;
  count = await begin(db, { site: book.site, title: word("of_asked", { count: number(goods.length) }), listed: goods.map((one) => one.code) });
  await begun();
  sendSoon();
}

async function goingRow(one) {
  const here = await linesOf(db, one.id);
  const skus = Math.max(one.skus ?? 0, here.filter((line) => line.units !== null).length);
  const unsent = here.filter((line) => !line.isSent).length;
  const row = made("li", "card count-one");
  const top = made("div", "task-top");
  top.append(made("b", "", one.title ?? word("going")), made("span", "quiet number", word("skus", { count: number(skus) })));
  const by = one.begun_by ? `${moment(one.begun_at)} · ${one.begun_by}` : moment(one.begun ?? one.begun_at);
  row.append(top, made("div", "quiet task-line", unsent > 0 ? `${by} · ${word("unsent", { count: number(unsent) })}` : by));
  const ways = made("div", "count-ways");
  ways.append(button("btn btn-primary", word("go_on"), () => goOn(one)));
  if (book.mayPost && one.begun_at) {
    const look = made("a", "btn", word("review"));
    look.href = `${PATH}/${one.id}`;
    ways.append(look);
  }
  row.append(ways);
  return row;
}

/** Go on with a count: one of this device as it is here, with what others counted in it where there is a network. */
async function goOn(one, { codes } = {}) {
  const title = one.title ?? word("of_scanned");
  try {
    const response = await ask(`${PATH}/seen?count=${one.id}`);
    if (response.ok) count = await join(db, await response.json(), { site: book.site, title });
    else if (one.isHere) count = one;
    else if (response.status === 404) {
      await mark(db, one.id, { state: "ended" });
      byId("count-ended").hidden = false;
      return;
    }
  } catch {
    count = (await countsOf(db)).find((other) => other.id === one.id);
    if (count === undefined) tell(word("needs_network"), "bad");
  }
  if (count !== undefined && codes !== undefined) count = await countAgain(db, count, codes);
  await begun();
}

async function begun() {
  for (const id of ["count-handed", "count-ended"]) byId(id).hidden = true;
  now = undefined;
  tell("", "");
  if (count !== undefined) sessionStorage.setItem(DATABASE, count.id);
  await show();
  if (count !== undefined && matchMedia("(pointer: fine)").matches) byId("count-scan").focus({ preventScroll: true });
}

async function beginNew() {
  const of = new FormData(byId("count-form")).get("of");
  const said = byId("count-begin-said");
  said.textContent = "";
  let listed = null;
  let title = word("of_scanned");
  if (of === "category") {
    title = byId("count-category").value;
    listed = (await goodsOf(db, { category: title })).goods.map((one) => one.code);
  } else if (of === "list") {
    const codes = byId("count-codes").value.normalize("NFKC").toUpperCase().split(/[\s,;、，；]+/).filter((one) => one !== "");
    const { goods, missing } = await goodsOf(db, { codes: [...new Set(codes)] });
    if (goods.length === 0 || missing.length > 0) {
      said.textContent = missing.length > 0 ? word("unknown_codes", { codes: missing.slice(0, 5).join(", ") }) : word("no_codes");
      return;
    }
    title = word("of_list", { count: number(goods.length) });
    listed = goods.map((one) => one.code);
  }
  count = await begin(db, { site: book.site, title, listed });
  byId("count-codes").value = "";
  await begun();
  sendSoon();
}

async function leave() {
  count = undefined;
  sessionStorage.removeItem(DATABASE);
  await learn();
  await show();
}

// ---------------------------------------------------------------------------------------------------------------- start

async function learn() {
  if (await readAhead(db)) ({ who, book } = await known(db));
  await showBegin();
}

/** What the address asks for: some goods of a count to be counted again. */
function asked() {
  const query = new URLSearchParams(location.search);
  const id = query.get("count");
  history.replaceState(null, "", PATH);
  return id === null ? undefined : { id, codes: query.getAll("again") };
}

async function start() {
  db = await open(DATABASE, VERSION, make);
  navigator.storage?.persist?.();
  ({ who, book } = await known(db));
  const isOther = root.dataset.person !== undefined && root.dataset.person !== who?.id;
  const isElsewhere = root.dataset.site !== undefined && root.dataset.site !== book?.site.code;
  if (isOther || isElsewhere) who = undefined; // nothing is theirs before it is read for them
  const wanted = asked();
  if (who !== undefined && wanted === undefined) {
    const id = sessionStorage.getItem(DATABASE);
    count = (await countsOf(db)).find((one) => one.id === id && one.state === "open" && one.site.code === book.site.code);
    await showBegin();
  }
  await show();
  root.dataset.ready = "yes";
  if (who === undefined || navigator.onLine) await learn();
  if (wanted !== undefined && book !== undefined) {
    const mine = (await countsOf(db)).find((one) => one.id === wanted.id);
    await goOn(mine ?? { id: wanted.id }, { codes: wanted.codes.length > 0 ? wanted.codes : undefined });
  }
  await show();
  root.dataset.learnt = "yes";
  sendNow();
  keepPage(PATH, DATABASE, root.dataset.mark).then(
    () => (root.dataset.kept = "yes"),
    () => {},
  );
}

const scan = byId("count-scan");
let turn = Promise.resolve(); // scans follow each other faster than the disk: one after the other
function take() {
  const text = scan.value.trim();
  scan.value = "";
  if (text !== "") turn = turn.then(() => scanned(text));
}
scan.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return; // a hand scanner types the code and ends it with Enter
  event.preventDefault();
  take();
});
byId("count-add").addEventListener("click", take);
const last = () => lines.find((line) => line.code === now);
byId("count-more").addEventListener("click", () => (turn = turn.then(() => last() && step(last(), { add: 1 }))));
byId("count-fewer").addEventListener("click", () => (turn = turn.then(() => last() && step(last(), { add: -1 }))));
byId("count-undo").addEventListener("click", () => (turn = turn.then(takeBack)));
byId("count-finish").addEventListener("click", () => turn.then(finish));
byId("count-leave").addEventListener("click", () => turn.then(leave));
function beginOnce(work) {
  const done = turn.then(() => count === undefined && work()); // pressed twice is begun once
  turn = done.catch(() => {});
}
byId("count-form").addEventListener("submit", (event) => {
  event.preventDefault();
  beginOnce(beginNew);
});
byId("count-asked-begin").addEventListener("click", () => beginOnce(beginAsked));
for (const choice of document.querySelectorAll('[name="of"]')) {
  choice.addEventListener("change", () => {
    for (const part of document.querySelectorAll("[data-of]")) part.hidden = part.dataset.of !== choice.value;
  });
}

const pad = byId("count-pad");
const typed = byId("count-typed");
byId("count-number").addEventListener("click", () => {
  byId("count-pad-name").textContent = last()?.name ?? "";
  typed.value = "";
  pad.showModal();
});
byId("count-pad-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const units = Number.parseInt(typed.value, 10);
  pad.close();
  if (Number.isInteger(units) && last()) turn = turn.then(() => step(last(), { set: units }));
});
byId("count-pad-leave").addEventListener("click", () => pad.close());

window.addEventListener("online", () => db && sendNow());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && db && show().then(sendNow));
setInterval(() => db && sendNow(), AGAIN_MS);
await start();
