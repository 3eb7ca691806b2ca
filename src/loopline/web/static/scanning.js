// A list of goods that scanning counts: one more of the row that a code names; where the list may grow, its row is asked for.

const form = document.getElementById("scanning");
const field = document.getElementById("scan");
const said = form.querySelector(".scan-said");
const rows = document.getElementById("rows");

function tell(text, tone) {
  said.textContent = text;
  said.dataset.tone = tone;
  navigator.vibrate?.(tone === "bad" ? [80, 60, 80] : 40);
}

function oneMore(row) {
  const units = row.querySelector(".arrive-came");
  units.value = String((Number.parseInt(units.value, 10) || 0) + 1);
  tell(`${row.querySelector("b").textContent} ${units.value}${row.dataset.due ? ` / ${row.dataset.due}` : ""}`, "good");
}

async function scanned(code) {
  const wanted = code.normalize("NFKC").trim().toUpperCase();
  const digits = /^\d+$/.test(wanted) ? wanted.padStart(14, "0") : wanted;
  const fits = [...rows.querySelectorAll("[data-scans]")].filter((row) => row.dataset.scans.split(" ").some((one) => one.toUpperCase() === wanted || one === digits));
  // Of several lots of one SKU the first that still misses some.
  const row = fits.find((one) => Number(one.querySelector(".arrive-came").value) < Number(one.dataset.due ?? Infinity)) ?? fits[0];
  if (row !== undefined) return oneMore(row);
  const response = form.dataset.rowPath ? await fetch(`${form.dataset.rowPath}?code=${encodeURIComponent(wanted)}`).catch(() => null) : null;
  if (!response?.ok) return tell(field.dataset.wordUnknown.replace("{code}", code), "bad");
  const made = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-scans]");
  const same = [...rows.children].find((one) => one.dataset.scans === made.dataset.scans);
  if (same !== undefined) return oneMore(same);
  rows.prepend(made);
  return tell(`${made.querySelector("b").textContent} 1`, "good");
}

let turn = Promise.resolve();
field.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return; // a hand scanner types the code and ends it with Enter
  event.preventDefault();
  const code = field.value.trim();
  field.value = "";
  if (code !== "") turn = turn.then(() => scanned(code));
});

const all = document.getElementById("all-came");
if (all !== null) {
  all.hidden = false;
  all.addEventListener("click", () => {
    for (const row of rows.querySelectorAll("[data-due]")) row.querySelector(".arrive-came").value = row.dataset.due;
  });
}
