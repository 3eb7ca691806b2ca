// What the page of the till is made of, and lists whose rows stay while somebody types in them.

/** Make an element. */
export function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Make a button that does something. */
export function button(className, text, pressed) {
  const element = made("button", className, text);
  element.type = "button";
  element.addEventListener("click", pressed);
  return element;
}

const shownAs = new WeakMap(); // row → the sale as it shows it

/** Show a row for each sale, touching none that shows it already: what somebody types in or is pressing stays. */
export function showRows(list, kept, rowOf) {
  const standing = new Map([...list.children].map((row) => [shownAs.get(row), row]));
  const rows = kept.map((sale) => {
    const said = JSON.stringify(sale);
    const row = standing.get(said) ?? keepTyped(list, rowOf(sale));
    shownAs.set(row, said);
    return row;
  });
  for (const row of [...list.children]) if (!rows.includes(row)) row.remove();
  for (const [place, row] of rows.entries()) {
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  }
}

/** Carry over what somebody typed into the row that this one takes the place of. */
function keepTyped(list, row) {
  const before = [...list.children].find((one) => one.dataset.number === row.dataset.number);
  const typed = before?.querySelectorAll("input") ?? [];
  for (const [place, field] of row.querySelectorAll("input").entries()) {
    const old = typed[place];
    if (old !== undefined && old.value !== old.dataset.said) field.value = old.value;
  }
  return row;
}
