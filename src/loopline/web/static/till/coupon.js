// A coupon on the purchase: scanned, typed, or chosen of the member's. Only the server knows what one takes off, so without
// an answer of it nothing is sold with a coupon: what it would take off would be given for nothing.

import { button, made } from "./elements.js";

/** Whether a cart waits for the server to say what its coupon takes off. */
export function isUnsaid(cart) {
  return cart.coupon !== undefined && cart.coupon.off === undefined;
}

/** The coupon of a cart as the sale says it. */
export function couponSaid(coupon) {
  return coupon?.off === undefined ? {} : { coupon: coupon.code };
}

/**
 * The coupons of a page's cart. `till` gives `cart()` as it is, the page's `word` and `money`, and is told by `changed()`.
 */
export function couponsOf(till) {
  const byId = (id) => document.getElementById(id);

  function say(text) {
    byId("till-coupon-said").textContent = text;
  }

  function put(code) {
    till.cart().coupon = { code };
    say("");
    till.changed();
  }

  byId("till-coupon-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const code = byId("till-coupon-code").value.trim();
    byId("till-coupon-code").value = "";
    if (code !== "") put(code);
  });
  byId("till-coupon-drop").addEventListener("click", () => {
    delete till.cart().coupon;
    till.changed();
  });

  return {
    /** The cart is another: what its coupon took off is not known any more. */
    forget() {
      const { coupon } = till.cart();
      if (coupon !== undefined) till.cart().coupon = { code: coupon.code };
    },
    /** Hear what the server says of the cart's coupon; one that does not fit is taken off the cart, and why is said. */
    hear(answer) {
      const cart = till.cart();
      cart.own = answer?.own ?? [];
      if (cart.coupon === undefined || answer === undefined) return;
      if (answer.coupon) cart.coupon = { code: answer.coupon.code, name: answer.coupon.name, off: answer.coupon.off_minor };
      else {
        delete cart.coupon;
        say(answer.coupon_refused);
      }
    },
    /** Show the coupon of the cart, and those that its member could use; `isAwaited`: an answer is. */
    show(isAwaited) {
      const { coupon, own = [], lines } = till.cart();
      if (lines.length === 0) say("");
      byId("till-coupon-form").hidden = lines.length === 0 || coupon !== undefined;
      byId("till-coupon").hidden = coupon === undefined;
      const isOn = coupon?.off !== undefined;
      byId("till-coupon-name").textContent = isOn
        ? till.word("coupon_on", { name: coupon.name, amount: till.money(coupon.off) })
        : till.word(isAwaited ? "coupon_asked" : "coupon_offline");
      byId("till-coupon").dataset.on = isOn ? "yes" : "no";
      byId("till-coupon-own").hidden = coupon !== undefined || lines.length === 0 || own.length === 0;
      byId("till-coupon-list").replaceChildren(
        ...own.map((one) => {
          const row = made("li", "good till-line");
          row.append(made("b", "", one.name), button("btn", till.word("coupon_use", { amount: till.money(one.off_minor) }), () => put(one.code)));
          return row;
        }),
      );
    },
  };
}
