// Makes the shop smoother; every page works without it.

// A choice changes only part of its page: that part is fetched and put in place.
async function swap(response) {
  const next = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const name of ["[data-swap-target]", "[data-swap-bar]"]) {
    const here = document.querySelector(name);
    const there = next.querySelector(name);
    if (!here || !there) return false;
    here.replaceWith(there);
  }
  document.title = next.title;
  offerWhere();
  return true;
}

// Choices are made one after the other, each by its name: where the second leads depends on the first.
let choices = 0;
let made = Promise.resolve();

async function choose(name) {
  const link = document.querySelector(`a[data-swap="${CSS.escape(name)}"]`);
  if (!link) return; // the choice before left no such thing: what is there now is on the page
  try {
    const response = await fetch(link.href, { headers: { Accept: "text/html" } });
    if (response.ok && (await swap(response))) {
      history.replaceState(null, "", link.href);
      return;
    }
  } catch {
    // no network: let the browser say so
  }
  location.assign(link.href);
}

// What was touched shows it at once, however slow the network.
function mark(link) {
  for (const one of link.parentElement.querySelectorAll("a[data-swap]")) {
    one.removeAttribute("aria-current");
  }
  link.setAttribute("aria-current", "true");
}

document.addEventListener("click", async (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-swap], [data-swap-bar] a") : null;
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.matches("a[data-swap]")) {
    event.preventDefault();
    mark(link);
    choices += 1;
    made = made.then(() => choose(link.dataset.swap)).finally(() => (choices -= 1));
  } else if (choices) {
    // Whoever buys means what was just chosen, not what still stands here.
    event.preventDefault();
    await made;
    document.querySelector("[data-swap-bar] a")?.click();
  }
});

// What was sent once is not sent again while the answer is on its way.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  });
});
// Back from the next page, a form may be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
});

// Pictures of a review are made small before they are sent, and shown; without scripts they are sent as they are.
document.addEventListener("change", async (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !field.matches("[data-shrink]")) return;
  const [chosen, said] = ["[data-chosen]", "[data-word-many]"].map((one) => field.form.querySelector(one));
  const files = [...field.files];
  const most = Number(field.dataset.most);
  const kept = new DataTransfer();
  const shown = [];
  let why = files.length > most ? said.dataset.wordMany : "";
  const { smaller } = await import(field.dataset.shrink);
  for (const file of files.slice(0, most)) {
    try {
      const { blob, small } = await smaller(file);
      kept.items.add(new File([blob], "picture", { type: blob.type }));
      shown.push(Object.assign(new Image(80, 80), { src: small, alt: file.name }));
    } catch {
      why = said.dataset.wordUnreadable;
    }
  }
  field.files = kept.files;
  chosen.replaceChildren(...shown);
  chosen.hidden = shown.length === 0;
  said.textContent = why;
  said.hidden = why === "";
});

// Where somebody is, asked only when they want it, and no more exactly than about a kilometre.
function offerWhere() {
  for (const button of document.querySelectorAll("[data-where]")) button.hidden = navigator.geolocation === undefined;
}
offerWhere();
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-where]") : null;
  if (!button) return;
  const said = document.querySelector("[data-where-said]");
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      button.form.elements.near.value = `${coords.latitude.toFixed(2)},${coords.longitude.toFixed(2)}`;
      button.form.requestSubmit();
    },
    () => {
      said.textContent = button.dataset.wordDenied;
      said.hidden = false;
    },
    { maximumAge: 600_000, timeout: 15_000 },
  );
});

// A choice that leads on by itself.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field instanceof HTMLElement && field.matches("[data-go]")) field.form.requestSubmit();
});

// What is to be paid follows where the goods go, or which store they are collected at.
function showSum() {
  const chosen = document.querySelector("#buy [name=site]:checked, #buy [name=address]:checked");
  const sums = [...document.querySelectorAll("[data-sum]")];
  if (!chosen || !sums.some((one) => one.dataset.sum === chosen.value)) return;
  for (const one of sums) one.hidden = one.dataset.sum !== chosen.value;
}
document.addEventListener("change", showSum);
addEventListener("pageshow", showSum); // a browser that goes back chooses again what was chosen

// What is live asks now and then, and only while somebody looks; a form that is being filled in is left alone.
const LIVE_MILLISECONDS = 2500;
const live = document.querySelector("[data-live]");
async function renew() {
  const busy = document.hidden || live.contains(document.activeElement) || live.querySelector("details[open]");
  if (!busy) {
    try {
      const response = await fetch(live.dataset.live, { headers: { Accept: "text/html" } });
      if (response.ok) {
        const mark = response.headers.get("X-Mark");
        if (mark !== live.dataset.mark) {
          live.innerHTML = await response.text();
          live.dataset.mark = mark;
          live.classList.add("arrived");
          setTimeout(() => live.classList.remove("arrived"), 1600);
        }
        if (response.headers.get("X-Over") === "yes") return;
      }
    } catch {
      // tried again in a moment
    }
  }
  setTimeout(renew, LIVE_MILLISECONDS);
}
if (live) renew();
