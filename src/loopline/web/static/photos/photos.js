// Photos of goods: made small, kept on this phone, and sent as soon as there is a network, from whatever page of the store
// is open then. Sent twice, a photo is kept once: its id is made here.

import { got, open, reading, writing } from "./keeping.js";
import { momentOf, uuid7 } from "./moments.js";
import { commands } from "./server.js";
import { shrunk } from "./shrinking.js";
import { DATABASE, VERSION, make } from "./stores.js";

const AGAIN_MS = 15_000;
const ANSWER_MS = 180_000; // a photo takes its time on a weak network
const TOKEN_PATH = "/store/photos/token";

const words = JSON.parse(document.getElementById("photo-words").textContent);
const person = document.getElementById("photo-outbox").dataset.person;
const board = () => document.getElementById("photos"); // the page may be shown anew

let db;
let command;

function word(name, fields = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, field) => fields[field]);
}

function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

// ------------------------------------------------------------------------------------------------------------- keeping

async function mine() {
  const all = await reading(db, ["waiting"], (store) => got(store("waiting").getAll()));
  return all.filter((one) => one.person === person); // a colleague's wait until they are back
}

async function keep(task, key, file) {
  const { content, small } = await shrunk(file);
  const clock = await reading(db, ["facts"], (store) => got(store("facts").get("clock")));
  const moment = momentOf(clock, Date.now());
  const photo = { id: uuid7(moment), person, task, key, at: new Date(moment).toISOString(), content, small };
  await writing(db, ["waiting"], async (store) => {
    store("waiting").put(photo);
  });
  return photo;
}

function drop(id) {
  return writing(db, ["waiting"], async (store) => {
    store("waiting").delete(id);
  });
}

// ------------------------------------------------------------------------------------------------------------- showing

function lineOf(photo) {
  if (board()?.dataset.task !== photo.task) return null;
  return board().querySelector(`[data-photo-line="${CSS.escape(photo.key)}"]`);
}

function showPhoto(photo, state) {
  const line = lineOf(photo);
  if (line === null) return;
  let row = line.querySelector(`[data-photo-id="${photo.id}"]`);
  if (row === null) {
    row = made("li", "photo-own");
    row.dataset.photoId = photo.id;
    const picture = made("img");
    picture.src = photo.small;
    picture.alt = "";
    row.append(picture, made("span", "photo-state"));
    line.querySelector("[data-photo-strip]").append(row);
  }
  row.dataset.state = state;
  row.querySelector(".photo-state").textContent = word(state);
  if (state !== "sent") return;
  const mark = line.querySelector("[data-photo-mark]");
  if (mark !== null) {
    mark.className = "photo-mark photo-there";
    mark.textContent = "✓";
  }
  line.removeAttribute("data-lacking");
  line.querySelector("[data-photo-none]")?.remove();
}

function tell(text) {
  const said = document.getElementById("photo-waiting");
  said.hidden = text === "";
  said.textContent = text;
}

async function show(stands = "") {
  const photos = await mine();
  for (const photo of photos) if (photo.refused === undefined) showPhoto(photo, "kept");
  const count = photos.filter((one) => one.refused === undefined).length;
  const waits = count === 1 ? word("one_waiting") : word("waiting", { count });
  tell(count === 0 ? "" : stands === "signed-out" ? word("signed_out") : waits);
  document.getElementById("photo-refused").replaceChildren(
    ...photos.filter((one) => one.refused !== undefined).map((photo) => {
      const row = made("li", "refusal photo-refusal");
      const picture = made("img");
      picture.src = photo.small;
      picture.alt = "";
      const discard = made("button", "btn", word("discard"));
      discard.type = "button";
      discard.addEventListener("click", () => run(async () => {
        await drop(photo.id);
        board()?.querySelector(`[data-photo-id="${photo.id}"]`)?.remove();
        await show();
      }));
      row.append(picture, made("span", "", word("refused", { reason: photo.refused })), discard);
      return row;
    }),
  );
}

// -------------------------------------------------------------------------------------------------------------- sending

async function send() {
  command ??= commands(db, TOKEN_PATH, ANSWER_MS);
  for (const photo of await mine()) {
    if (photo.refused !== undefined) continue;
    const { id, task, key, at, content } = photo;
    let answer;
    try {
      answer = await command("/store/photos", { id, person, task_id: task, key, at, content });
    } catch {
      return "offline";
    }
    if (answer.said !== undefined) {
      await drop(id);
      showPhoto(photo, "sent");
    } else if (isFinal(answer)) {
      await writing(db, ["waiting"], async (store) => {
        store("waiting").put({ ...photo, refused: answer.problem.title });
      });
    } else {
      return answer.status === 401 || answer.status === 403 ? "signed-out" : "later";
    }
  }
  return "sent";
}

/** Whether the server will never take it: a refusal has a code, and is no want of a session, of time or of room. */
function isFinal({ status, problem }) {
  return status >= 400 && status < 500 && status !== 401 && status !== 429 && problem?.code !== undefined;
}

async function sendAndShow() {
  await show(await send());
}

// ---------------------------------------------------------------------------------------------------------------- start

let turn = Promise.resolve(); // one thing after the other
function run(work) {
  const done = turn.then(work);
  turn = done.catch(() => {});
  return done;
}

const opened = open(DATABASE, VERSION, make).then((one) => {
  db = one;
});

// What is taken is kept at once, however long what was taken before is under way.
document.addEventListener("change", async (event) => {
  const { target } = event;
  if (!(target instanceof HTMLInputElement) || target.dataset.photo === undefined || !target.files?.length) return;
  const [file] = target.files;
  const key = target.dataset.photo;
  let photo;
  try {
    await opened;
    photo = await keep(board().dataset.task, key, file);
  } catch (error) {
    tell(word(error instanceof DOMException && error.name === "QuotaExceededError" ? "not_kept" : "unreadable"));
    return;
  } finally {
    target.value = "";
  }
  showPhoto(photo, "kept");
  run(sendAndShow);
});

window.addEventListener("online", () => run(sendAndShow));
setInterval(() => run(async () => {
  if ((await mine()).some((one) => one.refused === undefined)) await sendAndShow();
}), AGAIN_MS);

run(async () => {
  await opened;
  navigator.storage?.persist?.();
  await show();
  if ((await mine()).some((one) => one.refused === undefined)) await sendAndShow();
  document.getElementById("photo-outbox").dataset.ready = "yes";
});
