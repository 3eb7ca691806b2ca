// Keeps the live board moving: a stream of messages, and a question every few seconds where no stream passes.
// A message is complete: missing one loses nothing.

const SILENCE_MILLISECONDS = 25_000; // more than two heartbeats: the stream is broken, whatever the browser thinks
const POLL_MILLISECONDS = 4_000;
const RETRY_STREAM_MILLISECONDS = 20_000;

const board = document.getElementById("board");
const pulse = document.getElementById("pulse");
let charts = null;
let span = board.querySelector('[data-span][aria-pressed="true"]').dataset.span;
let chart = null;

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
  charts = message.charts;
  if (!message.is_empty) draw();
}

// ------------------------------------------------------------------------------------------------------------- chart

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function shortNumber(value) {
  return new Intl.NumberFormat(document.documentElement.lang, { notation: "compact" }).format(value);
}

function draw() {
  if (charts === null || window.echarts === undefined) return;
  const place = document.getElementById("chart");
  chart ??= window.echarts.init(place, null, { renderer: "svg" });
  const shown = charts[span];
  const quiet = colour("--loop-quiet");
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  chart.setOption({
    animation: !still,
    animationDurationUpdate: 250,
    grid: { left: 4, right: 4, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      renderMode: "richText", // drawn, not written as HTML: the page allows no styles from elsewhere
      backgroundColor: colour("--loop-card"),
      borderColor: colour("--loop-line"),
      textStyle: { color: colour("--loop-text"), fontSize: 13 },
      axisPointer: { type: "shadow", shadowStyle: { color: colour("--loop-line"), opacity: 0.4 } },
      formatter: ([one]) => `${shown.labels[one.dataIndex]}\n${shown.texts[one.dataIndex]}`,
    },
    xAxis: {
      type: "category",
      data: shown.labels,
      axisLine: { lineStyle: { color: colour("--loop-line") } },
      axisTick: { show: false },
      axisLabel: { color: quiet, hideOverlap: true, showMaxLabel: true, alignMaxLabel: "right", fontSize: 11 },
    },
    yAxis: {
      type: "value",
      splitNumber: 3,
      axisLabel: { color: quiet, formatter: shortNumber, fontSize: 11 },
      splitLine: { lineStyle: { color: colour("--loop-line") } },
    },
    series: [{
      type: "bar",
      data: shown.values.map(Number),
      itemStyle: { color: colour("--loop-accent"), borderRadius: [2, 2, 0, 0] },
      barCategoryGap: "30%",
    }],
  });
}

for (const button of board.querySelectorAll("[data-span]")) {
  button.addEventListener("click", () => {
    span = button.dataset.span;
    for (const one of board.querySelectorAll("[data-span]")) {
      one.setAttribute("aria-pressed", String(one === button));
    }
    draw();
  });
}
window.addEventListener("resize", () => chart?.resize());
document.addEventListener("theme", draw);

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
