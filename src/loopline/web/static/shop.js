// Makes the shop smoother; every page works without it.

// A link or form that changes only part of a page is fetched, and the part is put in place.
async function swap(response) {
  const next = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const name of ["[data-swap-target]", "[data-swap-bar]"]) {
    const here = document.querySelector(name);
    const there = next.querySelector(name);
    if (!here || !there) return false;
    here.replaceWith(there);
  }
  document.title = next.title;
  return true;
}

document.addEventListener("click", async (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-swap]") : null;
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
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

// A choice that leads on by itself.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field instanceof HTMLElement && field.matches("[data-go]")) field.form.requestSubmit();
});

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
