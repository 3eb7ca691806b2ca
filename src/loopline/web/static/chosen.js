// Chooses all that a list shows at once, and says how many are chosen.

const all = document.getElementById("all");
const boxes = [...document.querySelectorAll('input[type="checkbox"][form="bulk"]:not(#all)')];
const chosen = document.getElementById("chosen");

function tell() {
  const count = boxes.filter((one) => one.checked).length;
  chosen.textContent = count ? String(count) : "";
  all.checked = count > 0 && count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
}

if (all !== null) {
  all.addEventListener("change", () => {
    for (const one of boxes) one.checked = all.checked;
    tell();
  });
  for (const one of boxes) one.addEventListener("change", tell);
  tell();
}
