// Work that takes long: what began it says that it is under way, and cannot be begun twice from here. The page that
// answers takes its place; who comes back to this one finds it as it was.
function begin(place) {
  const note = document.getElementById(place.dataset.busy);
  place.setAttribute("aria-busy", "true");
  for (const button of place.querySelectorAll("button")) button.disabled = true;
  if (note) note.hidden = false;
}

function end() {
  for (const place of document.querySelectorAll("[data-busy][aria-busy]")) {
    place.removeAttribute("aria-busy");
    for (const button of place.querySelectorAll("button:not([data-shut])")) button.disabled = false;
    const note = document.getElementById(place.dataset.busy);
    if (note) note.hidden = true;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-busy]");
  if (!form) return;
  if (form.getAttribute("aria-busy")) event.preventDefault();
  else begin(form);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-busy]");
  if (link && event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey)) begin(link);
});
window.addEventListener("pageshow", (event) => event.persisted && end());
