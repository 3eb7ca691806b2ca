// The count of a drawer: what is typed is summed as it is typed.

for (const place of document.querySelectorAll(".count-pieces")) {
  const said = place.parentElement.querySelector(".count-sum");
  const format = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency: place.dataset.currency });
  const digits = format.resolvedOptions().maximumFractionDigits;
  const show = () => {
    const fields = [...place.querySelectorAll("input")];
    const sum = fields.reduce((all, field) => all + Number(field.dataset.worth) * (Number.parseInt(field.value, 10) || 0), 0);
    said.textContent = format.format(sum / 10 ** digits);
  };
  place.addEventListener("input", show);
  window.addEventListener("pageshow", show);
  show();
}
