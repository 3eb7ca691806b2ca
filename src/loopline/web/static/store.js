// Makes the pages of stores quick: clocks that run, codes that tick what was fetched, buttons that are touched once.
// Without it everything works, a little slower.

// ------------------------------------------------------------------------------------------------------------- clocks

let ahead = 0; // how far the server's clock is ahead of this phone's

function readClock() {
  const moment = document.querySelector(".moment");
  if (moment !== null) ahead = Date.parse(moment.dataset.now) - Date.now();
}

function two(number) {
  return String(number).padStart(2, "0");
}

function tick() {
  const late = document.querySelector(".moment")?.dataset.wordLate ?? "";
  for (const one of document.querySelectorAll("[data-until]")) {
    const left = Math.floor((Date.parse(one.dataset.until) - Date.now() - ahead) / 1000);
    one.toggleAttribute("data-soon", left < 120);
    if (left < 0) {
      one.textContent = late;
      continue;
    }
    const hours = Math.floor(left / 3600);
    const minutes = Math.floor(left / 60) % 60;
    one.textContent = hours > 0 ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
  }
}

readClock();
tick();
setInterval(tick, 1000);

// -------------------------------------------------------------------------------------------------- the list that moves

const today = document.querySelector("#today, #earned-figures");
const pulse = document.getElementById("pulse");
let known = null;
let figures = new Map();

function remember() {
  known = new Set([...today.querySelectorAll("[data-item]")].map((one) => one.dataset.item));
  figures = new Map([...today.querySelectorAll("[data-key]")].map((one) => [one.dataset.key, one.textContent]));
}

function say(state) {
  if (pulse === null) return;
  pulse.dataset.state = state;
  pulse.lastElementChild.textContent = state === "live" ? pulse.dataset.wordLive : pulse.dataset.wordLost;
}

if (today !== null) {
  remember();
  say("live");
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target !== today) return;
    // Signed out: the answer is another page. Go there.
    if (event.detail.xhr.responseURL.includes("/sign-in")) {
      event.detail.shouldSwap = false;
      location.reload();
    }
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target !== today) return;
    readClock();
    tick();
    for (const one of today.querySelectorAll("[data-item]")) {
      if (!known.has(one.dataset.item)) one.classList.add("arrived");
    }
    for (const one of today.querySelectorAll("[data-key]")) {
      const was = figures.get(one.dataset.key);
      if (was !== undefined && was !== one.textContent) one.classList.add("moved");
    }
    remember();
    say("live");
  });
  for (const name of ["htmx:sendError", "htmx:responseError"]) {
    document.body.addEventListener(name, () => say("lost"));
  }
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") document.body.dispatchEvent(new Event("again"));
  });
}

// ------------------------------------------------------------------------------------------------------ scanning to pick

function plain(text) {
  return text.normalize("NFKC").trim().toUpperCase();
}

function equipPicking() {
  const picking = document.getElementById("picking");
  if (picking === null) return;
  const field = document.getElementById("scan");
  const said = picking.querySelector(".scan-said");
  const boxes = [...picking.querySelectorAll('[name="have"]')];
  const task = document.querySelector("[data-task]").dataset.task;
  const place = `picked ${task}`;
  const counts = new Map();
  field.parentElement.hidden = false;

  const keep = () => {
    try {
      const ticked = [...picking.querySelectorAll(".tick-box:checked")].map((one) => `${one.name} ${one.value}`);
      sessionStorage.setItem(place, JSON.stringify({ ticked, counts: [...counts] }));
    } catch {
      // not kept over a reload, that is all
    }
  };
  const show = (box) => {
    const count = counts.get(box.value) ?? 0;
    const units = Number(box.dataset.units);
    box.closest(".tick").querySelector(".counted").textContent = count > 0 && count < units ? String(count) : "";
  };
  const tell = (text, tone) => {
    said.textContent = text;
    said.dataset.tone = tone;
  };
  const scanned = (code) => {
    const wanted = plain(code);
    const digits = wanted.padStart(14, "0");
    const fits = boxes.filter((box) => box.dataset.scans.split(" ").some((one) => plain(one) === wanted || one === digits));
    if (fits.length === 0) {
      tell(field.dataset.wordUnknown.replace("{code}", code), "bad");
      navigator.vibrate?.([80, 60, 80]);
      return;
    }
    const box = fits.find((one) => !one.checked);
    if (box === undefined) {
      tell(field.dataset.wordEnough.replace("{code}", code), "bad");
      return;
    }
    const count = (counts.get(box.value) ?? 0) + 1;
    counts.set(box.value, count);
    box.checked = count >= Number(box.dataset.units);
    show(box);
    tell(`${box.closest(".tick").querySelector("b").textContent} ${count} / ${box.dataset.units}`, "good");
    navigator.vibrate?.(40);
    keep();
  };

  // A hand scanner types the code and ends it with Enter.
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (field.value.trim() !== "") scanned(field.value.trim());
    field.value = "";
  });
  picking.addEventListener("change", keep);
  try {
    const kept = JSON.parse(sessionStorage.getItem(place) ?? "null");
    for (const [key, count] of kept?.counts ?? []) counts.set(key, count);
    for (const box of kept === null ? [] : picking.querySelectorAll(".tick-box")) {
      box.checked = kept.ticked.includes(`${box.name} ${box.value}`);
    }
    boxes.forEach(show);
  } catch {
    // begin with nothing ticked
  }
  if (matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
}

equipPicking();
document.addEventListener("shown", () => {
  readClock();
  tick();
  equipPicking();
});

// ------------------------------------------------------------------------------------------------------------- buttons

// A second touch before the answer does no harm on the server; here it is not even sent.
document.addEventListener("submit", (event) => {
  // What opens beside this page may be had again.
  if (event.defaultPrevented || (event.submitter?.formTarget || event.target.target) === "_blank") return;
  if (event.target.dataset.sent === "yes") {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
for (const button of document.querySelectorAll(".btn-print")) button.hidden = false;
document.addEventListener("click", (event) => {
  if (event.target.closest?.(".btn-print")) window.print();
});
