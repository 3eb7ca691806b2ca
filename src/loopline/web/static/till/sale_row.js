// A sale of this device as a row: what it came to, whose it is, how it stands, and what can be done about it.

import { made } from "./elements.js";

/** Make the row of a sale; `ways` are what can be done, ready made. */
export function saleRow(sale, { word, money, ways }) {
  const row = made("li", `till-sale till-sale-${sale.state}`);
  row.dataset.number = sale.number;
  const top = made("div", "task-top");
  top.append(made("b", "number", word("number", { number: sale.number })));
  top.append(made("span", "number", money(sale.amount, sale.said.currency)));
  const line = made("div", "task-line quiet");
  const clock = new Date(sale.said.rung_up_at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
  line.append(made("span", "", `${clock} · ${sale.who.name} · ${sale.siteName}`));
  line.append(made("span", "till-state", word(`state_${sale.state}`)));
  row.append(top, line);
  if (sale.reason && sale.state !== "sent" && sale.state !== "paying") row.append(made("p", "till-reason", sale.reason.title));
  if (sale.member) {
    const isNobody = sale.state === "sent" && !sale.isOfMember;
    row.append(made("p", "quiet till-order", word(isNobody ? "member_unknown" : "member", { name: sale.member })));
  }
  if (sale.coupon) {
    const amount = money(sale.coupon.off, sale.said.currency);
    row.append(made("p", "quiet till-order", word("coupon_on", { name: sale.coupon.name, amount })));
  }
  row.append(...ways);
  if (sale.state === "sent") row.append(orderOf(sale, word));
  return row;
}

function orderOf(sale, word) {
  const order = made("p", "quiet till-order", sale.order);
  if (sale.receipt) {
    const receipt = made("a", "", word("receipt"));
    receipt.href = `/r/${sale.receipt}`;
    order.append(" · ", receipt);
  }
  return order;
}
