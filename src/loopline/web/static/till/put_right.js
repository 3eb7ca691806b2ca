// A refused sale and what can be done about it.

import { button, made } from "./elements.js";
import { correct, isPaidByWallet } from "./outbox.js";
import { handOver } from "./sender.js";

/** What can be done about a refused sale: other codes, another day, or somebody else's hands. */
export function putRight(sale, { db, word, done, stood }) {
  const form = made("form", "till-right");
  const fields = sale.said.lines.map((line) => {
    const label = made("label", "till-code");
    label.append(made("span", "", `${sale.names[line.sku_code] ?? line.sku_code} × ${line.units}`));
    const field = made("input", "form-control");
    field.value = field.dataset.said = line.sku_code;
    field.maxLength = 64;
    field.spellcheck = false;
    label.append(field);
    return [label, field];
  });
  const isLate = sale.reason?.code === "order_id_outside_window" || sale.reason?.code === "placed_outside_window";
  const isTooOld = isLate && !isPaidByWallet(sale); // of what a wallet paid headquarters decide
  form.append(...fields.map(([label]) => label));
  const buttons = made("div", "till-buttons");
  const settle = async (work) => {
    document.activeElement?.blur();
    for (const one of buttons.children) one.disabled = true;
    await work();
    for (const one of buttons.children) one.disabled = false;
    done();
  };
  const other = (options) => () =>
    settle(() => correct(db, sale.number, { codes: fields.map(([, field]) => field.value.normalize("NFKC").trim().toUpperCase()), ...options }));
  buttons.append(button("btn btn-primary", word(isTooOld ? "as_of_now" : "send_again"), other({ isOfNow: isTooOld })));
  buttons.append(
    button("btn", word("hand_over"), () =>
      settle(async () => {
        const how = await handOver(db, sale);
        if (how !== "done") stood(how);
      }),
    ),
  );
  form.append(buttons);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    other({ isOfNow: isTooOld })();
  });
  return form;
}
