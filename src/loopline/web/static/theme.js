// Light or dark, before anything is drawn: what the person chose here, else what the machine says.
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null; // storage is closed to us: follow the machine
  }
}

function apply() {
  const theme = chosen() ?? (dark.matches ? "dark" : "light");
  document.documentElement.dataset.bsTheme = theme;
  document.dispatchEvent(new CustomEvent("theme", { detail: theme }));
}

apply();
dark.addEventListener("change", apply);
document.addEventListener("DOMContentLoaded", () => {
  document.getElementById("theme")?.addEventListener("click", () => {
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("theme", next);
    } catch {
      // not kept, but shown
    }
    document.documentElement.dataset.bsTheme = next;
    document.dispatchEvent(new CustomEvent("theme", { detail: next }));
  });
});
