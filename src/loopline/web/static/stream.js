// Keeps a live board moving: a stream of messages, and a question every few seconds where no stream passes.
// A message is complete: missing one loses nothing. Panels are filled here; a board's own script draws its charts, told
// of each message by the event "message" of the board's element.

const SILENCE_MILLISECONDS = 25_000; // more than two heartbeats: the stream is broken, whatever the browser thinks
const POLL_MILLISECONDS = 4_000;
const RETRY_STREAM_MILLISECONDS = 20_000;

const board = document.querySelector("[data-stream]");
const pulse = document.getElementById("pulse");

// ------------------------------------------------------------------------------------------------------------ panels

function showPanel(name, html) {
  const panel = board.querySelector(`[data-panel="${name}"]`);
  if (panel === null || panel.dataset.shown === html) return;
  const before = new Map([...panel.querySelectorAll("[data-key]")].map((one) => [one.dataset.key, one.textContent]));
  const known = new Set([...panel.querySelectorAll("[data-item]")].map((one) => one.dataset.item));
  panel.innerHTML = html;
  panel.dataset.shown = html;
  for (const one of panel.querySelectorAll("[data-key]")) {
    const was = before.get(one.dataset.key);
    if (was !== undefined && was !== one.textContent) one.classList.add("moved");
  }
  if (known.size > 0) {
    for (const one of panel.querySelectorAll("[data-item]")) {
      if (!known.has(one.dataset.item)) one.classList.add("arrived");
    }
  }
}

function show(message) {
  for (const one of board.querySelectorAll("[data-when]")) {
    one.hidden = (one.dataset.when === "empty") !== message.is_empty;
  }
  for (const [name, html] of Object.entries(message.panels)) showPanel(name, html);
  board.dispatchEvent(new CustomEvent("message", { detail: message }));
}

// ------------------------------------------------------------------------------------------------------ stream or poll

let stream = null;
let polling = null;
let lastHeard = Date.now();

function say(state, word) {
  pulse.dataset.state = state;
  pulse.lastElementChild.textContent = word;
}

function heard() {
  lastHeard = Date.now();
  if (polling !== null) {
    clearInterval(polling);
    polling = null;
  }
  say("live", board.dataset.wordLive);
}

async function poll() {
  try {
    const answer = await fetch(board.dataset.now, { headers: { accept: "application/json" } });
    if (answer.status === 401) {
      location.reload(); // signed out: the sign-in page leads back here
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    if (polling !== null) say("polling", board.dataset.wordPolling);
  } catch {
    say("lost", board.dataset.wordLost);
  }
}

function listen() {
  stream?.close();
  lastHeard = Date.now();
  stream = new EventSource(board.dataset.stream);
  stream.addEventListener("open", heard);
  stream.addEventListener("beat", heard);
  stream.addEventListener("board", (event) => {
    heard();
    show(JSON.parse(event.data));
  });
  stream.addEventListener("error", fallBack);
}

function fallBack() {
  if (polling !== null) return;
  polling = setInterval(poll, POLL_MILLISECONDS);
  poll();
}

setInterval(() => {
  const silent = Date.now() - lastHeard;
  if (silent > SILENCE_MILLISECONDS) fallBack();
  if (silent > RETRY_STREAM_MILLISECONDS && polling !== null) listen();
}, 5_000);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && Date.now() - lastHeard > SILENCE_MILLISECONDS) listen();
});

show(JSON.parse(document.getElementById("first").textContent));
listen();
