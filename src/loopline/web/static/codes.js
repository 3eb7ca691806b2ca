// The sheet of codes: choosing a place shows it at once, the button prints, retiring asks first.

for (const choice of document.querySelectorAll("[data-goes]")) {
  choice.addEventListener("change", () => choice.form.requestSubmit());
}

document.getElementById("print")?.addEventListener("click", () => window.print());

for (const button of document.querySelectorAll("[data-asks]")) {
  button.addEventListener("click", (event) => {
    if (!window.confirm(button.dataset.asks)) event.preventDefault();
  });
}
