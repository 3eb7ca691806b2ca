// Tasks through a network that comes and goes. A step is on the disk of this phone before anything is shown of it, and sent
// at once or as soon as there is a network; meanwhile the task goes on, by pages that were kept while there was one.

import { open } from "./keeping.js";
import { TOKEN_PATH, discard, forgetTasks, keepStep, keepTask, keptTask, keptTasks, send, settleIn, standing, waiting } from "./outbox.js";
import { ask } from "./server.js";
import { keepPage } from "./staying.js";
import { DATABASE, VERSION, make } from "./stores.js";

const PATH = "/store";
const AGAIN_MS = 15_000;
const KEPT_MOST = 20;
const TASK = /^\/store\/tasks\/([0-9a-f-]{36})$/;
const STEP = /^\/store\/tasks\/([0-9a-f-]{36})\/(accept|pick|check|pack|hand-over|refuse)$/;

const root = document.getElementById("step-outbox");
const words = JSON.parse(document.getElementById("step-words").textContent);
const byId = (id) => document.getElementById(id);
const here = TASK.exec(location.pathname)?.[1];
const isShell = byId("step-page")?.dataset.shell !== undefined;

let db;
let person;
let stands = "sent";
let isLeaving = false;

function word(name, fields = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, field) => fields[field]);
}

function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// ------------------------------------------------------------------------------------------------------------- showing

async function showWaiting() {
  const steps = await waiting(db, person);
  const refused = steps.filter((one) => one.refused !== undefined);
  const pulse = byId("step-pulse");
  pulse.hidden = steps.length === 0;
  pulse.dataset.state = refused.length > 0 ? "refused" : "unsent";
  pulse.textContent = word("unsent", { count: steps.length.toLocaleString(document.documentElement.lang) });
  const said = steps.length > refused.length ? (words[`stands_${stands}`] ?? "") : "";
  byId("step-stands").textContent = said;
  byId("step-stands").hidden = said === "";
  byId("step-refused").replaceChildren(
    ...refused.map((one) => {
      const row = made("li", "refusal");
      const button = made("button", "btn", word("discard"));
      button.type = "button";
      button.addEventListener("click", () => run(async () => {
        await discard(db, person, one.task);
        if (one.task === here) location.reload();
        else await showWaiting();
      }));
      row.append(made("span", "", word("refused", { number: one.number, step: word(`step_${one.step}`), reason: one.refused })), button);
      return row;
    }),
  );
}

/** Show a task as it stands with what waits of it, from what was kept. Resolves with whether something was. */
async function showKept(task) {
  const kept = await keptTask(db, task);
  const mine = (await waiting(db, person)).filter((one) => one.task === task);
  if (kept === undefined) return false;
  const state = standing(kept.state, mine);
  const found = kept.pages.find((one) => one.state === state);
  const page = byId("step-page");
  page.dataset.state = state;
  if (found === undefined) {
    const card = made("section", "card nothing-here");
    const ways = made("p", "nothing-ways");
    const way = made("a", "btn btn-primary", word("to_today"));
    way.href = PATH;
    ways.append(way);
    card.append(made("h2", "", kept.number), made("p", "quiet", kept.goods), made("p", "", word("rest_later")), ways);
    page.replaceChildren(card);
  } else {
    page.innerHTML = found.html; // the server wrote it, for this page
    for (const form of page.querySelectorAll("form")) form.hidden = !STEP.test(new URL(form.action).pathname);
    // Addresses and labels are the server's to tell.
    for (const one of page.querySelectorAll(".card.label, section:has([formaction])")) one.hidden = true;
    page.prepend(made("p", "note", word("kept_note")));
    await equipped(page);
    if (isShell && byId("photo-words") !== null) await import(root.dataset.photos).catch(() => {});
  }
  return true;
}

/** Tell the other scripts that a page is shown anew, and load the scanner where it wants one. */
async function equipped(page) {
  document.dispatchEvent(new Event("shown"));
  if (page.querySelector("[data-camera]") !== null) await import(root.dataset.scanner).catch(() => {});
}

/** In place of Today: the tasks there are on this phone. */
async function showKeptTasks() {
  const [tasks, steps] = [await keptTasks(db), await waiting(db, person)];
  byId("step-kept").replaceChildren(
    ...tasks.map((one) => {
      const mine = steps.filter((step) => step.task === one.task_id);
      const state = standing(one.state, mine);
      const row = made("li", "card task");
      const way = made("a", "task-open");
      way.href = `${PATH}/tasks/${one.task_id}`;
      const top = made("span", "task-top");
      top.append(made("b", "task-number", one.number), made("span", "quiet task-when", mine.length > 0 ? word("unsent", { count: mine.length }) : ""));
      const line = made("span", "task-line");
      line.append(made("span", "state", words[`state_${state}`] ?? ""));
      way.append(top, made("span", "task-goods", one.goods), line);
      row.append(way);
      return row;
    }),
  );
  byId("step-none").hidden = tasks.length > 0;
}

// --------------------------------------------------------------------------------------------------------------- steps

function fieldsOf(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) if (typeof value === "string" && name !== "_csrf_token" && name !== "command_id") (fields[name] ??= []).push(value);
  return fields;
}

async function take(form, task, step, fields) {
  const number = document.querySelector(".task-page h1")?.textContent ?? form.closest("[data-item]")?.querySelector(".task-number")?.textContent ?? "";
  try {
    await keepStep(db, { person, task, number, step, fields });
  } catch {
    tell(word("not_kept"));
    return;
  }
  await sendAndShow(task);
}

/** Send what waits, and show how it stands. `task`: whose next page is wanted. */
async function sendAndShow(task) {
  const { stands: now, taken } = await send(db, person);
  stands = now;
  const mine = (await waiting(db, person)).filter((one) => one.task === (task ?? here));
  const isRefused = mine.some((one) => one.refused !== undefined);
  await showWaiting();
  if (mine.length === 0 && (task !== undefined || taken.has(here))) {
    go(`${PATH}/tasks/${task ?? here}`); // as the server has it by now
    return;
  }
  if (isShell && here === undefined && taken.size > 0) {
    location.reload();
  } else if (isRefused && mine.length === 1 && task !== undefined) {
    // Just done, and nothing waits behind it: said at once, and nothing to put right later.
    await discard(db, person, task);
    await showWaiting();
    refuse(mine[0].refused);
    await showAnew();
  } else if (isRefused) {
    byId("step-refused").scrollIntoView({ block: "nearest" });
  } else if (task !== undefined && task === here) {
    await showKept(task);
  } else if (task !== undefined) {
    go(`${PATH}/tasks/${task}`);
  }
}

function go(path) {
  isLeaving = true;
  location.assign(path);
}

/** Where the task stands otherwise by now than this page shows: show it so, below what was said. */
async function showAnew() {
  const page = byId("step-page");
  if (isShell || page === null) return;
  const response = await ask(location.pathname, { headers: { accept: "text/html" } }).catch(() => undefined);
  if (!response?.ok) return;
  const next = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("step-page");
  if (next === null || (next.dataset.state === page.dataset.state && waysOn(next) === waysOn(page))) return;
  page.replaceWith(next);
  await equipped(next);
}

/** What can be done on a page: of an offer that ran out, nothing. */
function waysOn(page) {
  return [...page.querySelectorAll("form")].map((one) => new URL(one.action).pathname).join();
}

function refuse(text) {
  const said = document.querySelector("#step-said") ?? made("div", "refusal");
  said.id = "step-said";
  said.setAttribute("role", "alert");
  said.textContent = text;
  for (const one of document.querySelectorAll(".refusal:not(#step-said)")) if (one.closest("#step-refused") === null) one.remove();
  root.after(said);
  said.scrollIntoView({ block: "center" });
}

function tell(text) {
  const said = byId("step-stands");
  said.textContent = text;
  said.hidden = text === "";
  said.scrollIntoView({ block: "nearest" });
}

// Before any other script hears of it: what is kept here is not sent by the browser as well.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const found = STEP.exec(new URL(form.action).pathname);
  if (found === null || db === undefined || person === undefined || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  const [, task, step] = found;
  const unticked = step === "check" ? form.querySelector(".tick-box:not(:checked)") : null;
  if (unticked !== null) {
    refuse(word(form.querySelector("[name=have]:not(:checked)") === null ? "look_first" : "tick_first"));
    return;
  }
  const fields = fieldsOf(form);
  hold(form, true); // touched twice, it is one step; and what is typed meanwhile would be lost with this page
  run(() => take(form, task, step, fields)).finally(() => hold(form, isLeaving));
}, { capture: true });

/** Let nothing of a task's page, or of a task in the list, be touched while a step is taken, or let it be again. */
function hold(form, isHeld) {
  for (const button of form.querySelectorAll("button")) button.disabled = isHeld;
  (byId("step-page") ?? form).inert = isHeld;
}

// ------------------------------------------------------------------------------------------------------------- keeping

let keeping = Promise.resolve(); // beside the steps: nobody who takes one waits for what is kept
function keep(work) {
  keeping = keeping.then(work).catch(() => {}); // the network went, or there is no room: what is kept stays
}

/** Keep what this page shows, and what is needed to open it without a network. */
async function keepAll() {
  if (isShell || person === undefined) return;
  if (here !== undefined) await keepTask(db, here);
  else await keepShown();
  await keepPage(PATH, DATABASE, root.dataset.mark, [root.dataset.scanner, root.dataset.photos]);
  root.dataset.kept = "yes";
}

/** Keep the tasks that Today shows, as they stand there; what it shows no more goes, unless something waits of it. */
async function keepShown() {
  const shown = new Map([...document.querySelectorAll("#today .task[data-state]")].map((one) => [one.dataset.item, one.dataset.state]));
  const have = new Map((await keptTasks(db)).map((one) => [one.task_id, one.state]));
  if (document.querySelector("#today [data-whole]") !== null) {
    const held = new Set((await waiting(db, person)).map((one) => one.task));
    const gone = [...have.keys()].filter((one) => !shown.has(one) && !held.has(one));
    if (gone.length > 0) await forgetTasks(db, gone);
  }
  const most = [...shown].slice(0, KEPT_MOST);
  for (const [task, state] of most) if (have.get(task) !== state && !(await keepTask(db, task))) return;
}

// ---------------------------------------------------------------------------------------------------------------- start

let turn = Promise.resolve(); // one thing after the other
function run(work) {
  const done = turn.then(work);
  turn = done.catch(() => {});
  return done;
}

async function start() {
  db = await open(DATABASE, VERSION, make);
  navigator.storage?.persist?.();
  person = await settleIn(db, root.dataset.person);
  if (person === undefined) {
    if (isShell) byId("step-none").hidden = false;
    return;
  }
  await showWaiting();
  if (isShell) {
    if (here === undefined) await showKeptTasks();
    else if (!(await showKept(here))) byId("step-none").hidden = false;
  }
  root.dataset.ready = "yes";
  if ((await waiting(db, person)).length > 0) await sendAndShow();
}

/** Send what waits; from a page that was kept go to the one there is now, as soon as the server answers. */
async function again() {
  if (person === undefined) return;
  if ((await waiting(db, person)).some((one) => one.refused === undefined)) await sendAndShow();
  if (isShell && (await ask(TOKEN_PATH).then((answer) => answer.ok, () => false))) location.reload();
}

window.addEventListener("pageshow", () => {
  isLeaving = false;
  if (byId("step-page") !== null) byId("step-page").inert = false;
});
window.addEventListener("online", () => run(again));
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && run(again));
setInterval(() => run(again), AGAIN_MS);
document.body.addEventListener("htmx:afterSettle", () => keep(async () => {
  if (db !== undefined && person !== undefined && byId("today") !== null) await keepShown();
}));

run(start).then(() => keep(keepAll));
