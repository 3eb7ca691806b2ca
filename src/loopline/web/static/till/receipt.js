// The receipt of the sale that was rung up last: its code on the screen, for the customer to scan. It leads to the receipt on
// their own phone, and to saying how the goods are.

/** Show the code once the server has the sale; `drawing` is the server's. And what the sale earns who rang it up. */
export function showReceipt(card, sale, { who, word, money }) {
  const earned = card.querySelector(".till-earned");
  const isTold = sale?.state === "sent" && Number.isInteger(sale.earned) && sale.who.id === who?.id;
  earned.hidden = !isTold; // another who stands here now is not told
  earned.textContent = isTold ? word("earned", { amount: money(sale.earned, sale.said.currency) }) : "";
  const place = card.querySelector(".till-receipt");
  const isThere = sale?.state === "sent" && Boolean(sale.drawing);
  place.hidden = !isThere;
  card.querySelector("p.quiet").hidden = isThere && !sale.left; // it is no longer this device's alone
  if (!isThere || place.dataset.code === sale.receipt) return;
  place.dataset.code = sale.receipt;
  place.querySelector("a").href = `/r/${sale.receipt}`;
  place.querySelector(".till-receipt-code").innerHTML = sale.drawing;
}
