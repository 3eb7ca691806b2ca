// Sheets of the bar close when something else is touched, and by Escape, which leads back to what opened them.
const open = () => document.querySelectorAll(".bar details[open]");

document.addEventListener("click", (event) => {
  for (const one of open()) if (!one.contains(event.target)) one.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const one of open()) {
    one.open = false;
    one.querySelector("summary").focus();
  }
});
