// The page of a round: the next shelf in large letters, the box that a scanned unit goes into in larger ones. Nothing is
// shown before it is on the disk of this phone; the server is told as soon as there is a network.

import { open } from "./keeping.js";
import { uuid7 } from "./moments.js";
import { forget, kept, lack, learn, order, putInto, send } from "./sending.js";
import { ask } from "./server.js";
import { filling, inBoxes, isDone, nextShare, overs, standing, stopOf, wanted } from "./standing.js";
import { keepPage } from "./staying.js";
import { DATABASE, VERSION, make } from "./stores.js";

const PATH = "/store/round";
const AGAIN_MS = 15_000;
const QUIET_MS = 1_000; // a scan is sent when no other has followed for so long

const root = document.getElementById("round");
const words = JSON.parse(document.getElementById("round-words").textContent);
const byId = (id) => document.getElementById(id);

let db;
let book; // as the server told it last
let stops = []; // of the round at hand, with what this phone did since
let unsent = 0;
let at; // the SKU of the stop at hand
let last; // what was put where last: { sku, key, box, name }
let stands = "sent";
const skipped = new Set();

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

function tell(text, tone) {
  byId("round-said").textContent = text;
  byId("round-said").dataset.tone = tone;
  if (tone) navigator.vibrate?.(tone === "bad" ? [80, 60, 80] : 40);
}

// ------------------------------------------------------------------------------------------------------------- showing

async function show() {
  const all = await kept(db);
  book = all.book;
  const round = book?.round ?? null;
  const isMine = round !== null && round.is_mine;
  byId("round-closed").hidden = book !== undefined;
  // A round that only waits for the carrier keeps nobody from the next one.
  byId("round-begin").hidden = book === undefined || (isMine && book.waiting === 0 && !book.others.some((one) => one.is_mine));
  byId("round-open").hidden = !isMine;
  if (book === undefined) return;
  const boxed = all.boxed.filter((one) => one.round === round?.id);
  const missing = all.missing.filter((one) => one.round === round?.id);
  unsent = boxed.length + missing.length;
  stops = round === null ? [] : standing(round, boxed, missing);
  showPulse();
  showBegin();
  if (!isMine) return;
  showStop();
  showOvers();
  byId("round-stops").replaceChildren(...stops.filter((stop) => wanted(stop) > 0).map(stopRow));
  byId("round-stops-card").hidden = byId("round-stops").children.length === 0;
  byId("round-boxes").replaceChildren(...round.boxes.map(boxRow));
  byId("round-labels").hidden = !round.boxes.some((one) => one.is_labelled);
  byId("round-hand-over").hidden = !round.boxes.some((one) => one.may_hand_over);
  byId("round-put-back").hidden = !round.boxes.some((one) => one.is_open);
  byId("round-cold").hidden = round.cold === "";
  byId("round-cold").textContent = round.cold;
  byId("round-cold").className = `cold cold-${round.cold_class}`;
}

function showBegin() {
  const { waiting, others, round } = book;
  byId("round-waiting").textContent = waiting === 0 ? word("none_waiting") : waiting === 1 ? word("one_waiting") : word("waiting", { count: number(waiting) });
  byId("round-begin-form").hidden = waiting === 0;
  byId("round-nothing").hidden = waiting > 0 || (round !== null && round.is_mine);
  const shown = round === null ? others : round.is_mine ? others.filter((one) => one.is_mine) : [{ id: round.id, picker: round.picker, begun: "" }, ...others];
  byId("round-others").replaceChildren(
    ...shown.map((one) => {
      const row = made("li", "card count-one");
      const top = made("div", "task-top");
      top.append(made("b", "", one.picker), made("span", "quiet", one.begun ? word("began", { moment: one.begun }) : ""));
      const ways = made("div", "count-ways");
      ways.append(button("btn btn-primary", word(one.is_mine ? "look" : "take_over"), () => command("take-over", { round_id: one.id })));
      row.append(top, ways);
      return row;
    }),
  );
  byId("round-others-card").hidden = shown.length === 0;
}

function current() {
  const open = stops.filter((stop) => !isDone(stop));
  const found = open.find((stop) => stop.sku === at) ?? open.find((stop) => !skipped.has(stop.sku));
  if (found === undefined) skipped.clear(); // what was left for later comes now
  return found ?? open[0];
}

function showStop() {
  const stop = current();
  at = stop?.sku;
  byId("round-stop").hidden = stop === undefined;
  byId("round-all-in").hidden = stop !== undefined;
  byId("round-undo").hidden = last === undefined;
  for (const id of ["round-later", "round-missing"]) byId(id).hidden = stop === undefined;
  byId("round-ask").hidden = stop === undefined;
  byId("round-all-in-said").textContent = word(book.round.boxes.some((one) => one.is_open) ? "all_in" : "all_checked");
  if (stop === undefined) return;
  byId("round-place").textContent = stop.place || word("no_place");
  byId("round-place").classList.toggle("quiet", stop.place === "");
  byId("round-name").textContent = stop.name;
  byId("round-variety").textContent = stop.variety;
  byId("round-variety").hidden = !stop.variety;
  const more = [stop.sku, stop.gtin, stop.lots && word("lots", { lot: stop.lots }), stop.is_fragile && words.fragile];
  byId("round-code").textContent = more.filter(Boolean).join(" · ");
  byId("round-units").textContent = `×${number(wanted(stop) - inBoxes(stop))}`;
  byId("round-shares").replaceChildren(
    ...stop.shares.filter((share) => share.units > 0).map((share) => {
      const chip = made("li", share.boxed >= share.units ? "round-share round-share-full" : "round-share", word("box", { box: share.box }));
      chip.append(" ", made("b", "number", share.units > 1 ? `${number(share.boxed)} / ${number(share.units)}` : share.boxed ? "✓" : "×1"));
      return chip;
    }),
  );
}

function showOvers() {
  const rows = stops.flatMap((stop) =>
    overs(stop).map((share) => {
      const row = made("li", "round-over");
      const count = number(share.boxed - share.units);
      row.append(
        made("span", "", word("take_out", { count, name: stop.name, box: share.box })),
        button("btn", word("taken_out"), () => run(() => put(stop, share, share.units))),
      );
      return row;
    }),
  );
  byId("round-overs").replaceChildren(...rows);
  byId("round-overs").hidden = rows.length === 0;
}

function stopRow(stop) {
  const row = made("li", stop.sku === at ? "good round-row round-row-now" : "good round-row");
  const choose = button("count-choose", "", () => {
    skipped.delete(stop.sku);
    at = stop.sku;
    run(show);
    byId("round-stop").scrollIntoView({ block: "nearest" });
  });
  const goods = made("span");
  goods.append(made("b", "round-row-place", stop.place || "–"), " ", made("span", "", stop.name));
  if (stop.variety) goods.append(made("span", "variety", stop.variety));
  choose.append(goods, made("b", isDone(stop) ? "number round-full" : "number", word("units", { boxed: number(inBoxes(stop)), count: number(wanted(stop)) })));
  row.append(choose);
  return row;
}

function boxRow(one) {
  const { boxed, units, isClean } = filling(stops, one.box);
  const row = made("li", "good round-box");
  const name = made("span");
  name.append(made("b", "", word("box", { box: one.box })), made("span", "quiet good-code", [one.number, one.leaves_by && word("leaves_by", { moment: one.leaves_by })].filter(Boolean).join(" · ")));
  const isFull = one.is_open && units > 0 && boxed === units && isClean && unsent === 0;
  const state = one.is_open ? (boxed === units ? word("complete") : word("units", { boxed: number(boxed), count: number(units) })) : one.state;
  const end = made("span", "round-box-end");
  end.append(made("span", boxed === units ? "number round-full" : "number", state));
  if (isFull || !one.is_open) {
    const way = made("a", isFull ? "btn btn-primary" : "btn", word(isFull ? "check" : "look"));
    way.href = one.path;
    end.append(way);
  }
  row.append(name, end);
  row.dataset.box = one.box;
  return row;
}

function showPulse() {
  const pulse = byId("round-pulse");
  pulse.hidden = !book?.round?.is_mine;
  pulse.dataset.state = unsent > 0 ? "unsent" : "sent";
  pulse.textContent = unsent > 0 ? word("unsent", { count: number(unsent) }) : word("all_sent");
  byId("round-stands").textContent = unsent > 0 ? (words[`stands_${stands}`] ?? "") : "";
}

// ------------------------------------------------------------------------------------------------------------- picking

async function put(stop, share, units) {
  try {
    await putInto(db, book.round.id, share.key, units);
  } catch {
    tell(word("not_kept"), "bad");
    return false;
  }
  await show();
  sendSoon();
  return true;
}

async function scanned(code) {
  const stop = stopOf(stops.filter((one) => wanted(one) > 0), code, at);
  byId("round-into").hidden = true;
  if (stop === undefined) return tell(word("unknown", { code }), "bad");
  const share = nextShare(stop);
  if (share === undefined) return tell(word("enough", { name: stop.name }), "bad");
  at = stop.sku;
  last = { sku: stop.sku, key: share.key, box: share.box, name: stop.name };
  if (!(await put(stop, share, share.boxed + 1))) return;
  byId("round-into").textContent = word("into", { box: share.box });
  byId("round-into").hidden = false;
  tell(stop.name, "good");
}

async function takeBack() {
  const stop = stops.find((one) => one.sku === last?.sku);
  const share = stop?.shares.find((one) => one.key === last.key);
  byId("round-into").hidden = true;
  if (share === undefined || share.boxed === 0) return;
  const { box, name } = last;
  last = undefined;
  at = stop.sku;
  if (await put(stop, share, share.boxed - 1)) tell(word("taken_back", { box, name }), "good");
}

function later() {
  if (at !== undefined) skipped.add(at);
  at = undefined;
  return show();
}

// -------------------------------------------------------------------------------------------------------------- sending

let soon;
function sendSoon() {
  clearTimeout(soon);
  soon = setTimeout(() => run(sendNow), QUIET_MS);
}

async function sendNow() {
  const round = book?.round;
  if (!round?.is_mine) return;
  if (unsent === 0) {
    await learn(db); // somebody may have called off an order meanwhile
    return show();
  }
  const { stands: now, short } = await send(db, round.id);
  stands = now;
  if (short.length > 0) tell(word("short", { boxes: [...new Set(short)].join(", ") }), "bad");
  if (now === "taken") {
    const lost = await forget(db, round.id);
    byId("round-taken").hidden = false;
    byId("round-taken-lost").hidden = lost === 0;
    await learn(db);
  }
  await show();
}

async function command(name, body) {
  const answer = await order(db, name, body);
  byId("round-taken").hidden = true;
  const said = answer.book === undefined ? (answer.problem?.title ?? word("needs_network")) : "";
  byId("round-begin-said").textContent = said;
  tell(said, said ? "bad" : "");
  last = undefined;
  await show();
  return answer;
}

// ---------------------------------------------------------------------------------------------------------------- start

async function start() {
  db = await open(DATABASE, VERSION, make);
  navigator.storage?.persist?.();
  const query = new URLSearchParams(location.search).get("round");
  history.replaceState(null, "", PATH);
  book = (await kept(db)).book;
  const isOther = root.dataset.person !== undefined && (root.dataset.person !== book?.person_id || root.dataset.site !== book?.site_code);
  if (!isOther) {
    await show();
    root.dataset.ready = "yes";
    if (book?.round?.is_mine) await sendNow();
  }
  if (isOther || query !== null || !book?.round?.is_mine) await learn(db, query);
  await show();
  root.dataset.ready = "yes";
  keepPage(PATH, DATABASE, root.dataset.mark).then(
    () => (root.dataset.kept = "yes"),
    () => {},
  );
  if (matchMedia("(pointer: fine)").matches) byId("round-scan").focus({ preventScroll: true });
}

let turn = Promise.resolve(); // one thing after the other: scans are faster than disks
function run(work) {
  const done = turn.then(work);
  turn = done.catch(() => {}); // one thing that fails holds up no other
  return done;
}

const scan = byId("round-scan");
function take() {
  const text = scan.value.trim();
  scan.value = "";
  if (text !== "") run(() => scanned(text));
}
scan.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return; // a hand scanner types the code and ends it with Enter
  event.preventDefault();
  take();
});
byId("round-add").addEventListener("click", take);
byId("round-undo").addEventListener("click", () => run(takeBack));
byId("round-later").addEventListener("click", () => run(later));
byId("round-begin-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const size = Number(new FormData(event.target).get("at_most"));
  run(() => command("begin", { round_id: uuid7(Date.now()), at_most: size }));
});
byId("round-hand-over").addEventListener("click", () => {
  const count = book.round.boxes.filter((one) => one.may_hand_over).length;
  run(() => command("hand-over", { round_id: book.round.id })).then((answer) => answer?.book && tell(word("hand_over", { count: number(count) }), "good"));
});

const putBack = byId("round-sure");
byId("round-put-back").addEventListener("click", () => putBack.showModal());
byId("round-sure-leave").addEventListener("click", () => putBack.close());
byId("round-sure-form").addEventListener("submit", (event) => {
  event.preventDefault();
  putBack.close();
  run(() => command("put-back", { round_id: book.round.id }));
});

const pad = byId("round-pad");
let asked; // what the pad was opened for: the round may move on behind it
byId("round-missing").addEventListener("click", () => {
  const stop = stops.find((one) => one.sku === at);
  if (stop === undefined) return;
  byId("round-pad-name").textContent = word("missing_of", { name: stop.name });
  const left = wanted(stop) - inBoxes(stop);
  const choice = byId("round-pad-units");
  choice.replaceChildren(...Array.from({ length: wanted(stop) }, (_, place) => Object.assign(made("option", "", number(place + 1)), { value: place + 1 })));
  choice.value = String(Math.max(1, left));
  asked = { sku: stop.sku, round: book.round.id };
  pad.showModal();
});
byId("round-pad-leave").addEventListener("click", () => pad.close());
byId("round-pad-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = new FormData(event.target);
  const { sku, round } = asked;
  const one = { sku, units: Number(said.get("units")), reason: said.get("reason") };
  pad.close();
  byId("round-into").hidden = true;
  last = undefined;
  run(() => lack(db, round, one).then(show, () => tell(word("not_kept"), "bad"))).then(sendSoon);
});

for (const form of document.querySelectorAll(".round-print")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // The page may be older than the token: labels are asked for with a new one.
    const response = await ask(`${PATH}/token`).catch(() => undefined);
    if (!response?.ok) return tell(word("needs_network"), "bad");
    form.elements._csrf_token.value = (await response.json()).token;
    form.elements.round_id.value = book.round.id;
    form.submit();
  });
}

window.addEventListener("online", () => db && run(sendNow));
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && db && run(sendNow));
window.addEventListener("pageshow", (event) => event.persisted && db && run(sendNow));
setInterval(() => db && document.visibilityState === "visible" && run(sendNow), AGAIN_MS);
await start();
