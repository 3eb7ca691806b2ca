// What the whole cart comes to, as the server says: thresholds, bundles, coupons and what is for members hold there. One
// question at a time: while one is under way only the last cart is remembered, and an answer of a cart that has changed is nobody's.

const QUIET_MS = 15_000; // after no answer: so long the till adds up by itself without asking

/**
 * Make the asker of a till. `command` puts a question; `told(answer)` hears what the lines of the cart asked last come to and
 * what became of its coupon, undefined where nobody answered.
 */
export function wholeAsker(command, told) {
  let wanted;
  let isAsking = false;
  let quietUntil = 0;

  async function answered(cart) {
    if (Date.now() < quietUntil || !navigator.onLine) return undefined;
    try {
      const answer = await command("/store/till/quote", {
        lines: cart.lines.map((line) => ({
          sku_code: line.code,
          units: line.units,
          ...(line.reason ? { unit_minor: line.unit } : {}),
        })),
        ...(cart.member?.id ? { member_id: cart.member.id } : {}),
        ...(cart.coupon ? { coupon: cart.coupon.code } : {}),
      });
      return answer.said;
    } catch {
      quietUntil = Date.now() + QUIET_MS;
      return undefined;
    }
  }

  async function work() {
    isAsking = true;
    try {
      while (wanted !== undefined) {
        const cart = wanted;
        const answer = await answered(cart);
        if (wanted !== cart) continue; // another cart by now, or none
        wanted = undefined;
        told(answer);
      }
    } finally {
      isAsking = false;
    }
  }

  return {
    /** Ask what a cart comes to; what was asked before is of no interest any more. */
    ask(cart) {
      wanted = structuredClone({ lines: cart.lines, member: cart.member, coupon: cart.coupon });
      if (!isAsking) work();
    },
    /** There is no cart to ask of. */
    forget() {
      wanted = undefined;
    },
    /** Whether an answer is awaited. */
    get isAwaited() {
      return wanted !== undefined;
    },
    /** There may be a network again. */
    wake() {
      quietUntil = 0;
    },
  };
}

/** What a line comes to: as the server said, else piece by piece. */
export function amountOf(line) {
  return line.told?.amount_minor ?? line.units * line.unit;
}

/** What a cart comes to. */
export function sumOf(lines) {
  return lines.reduce((sum, line) => sum + amountOf(line), 0);
}

/** A line as the sale says it. What somebody typed stays what was typed, whatever the server knows. */
export function lineSaid(line) {
  const said = { sku_code: line.code, units: line.units, unit_minor: line.unit, priced_at: line.read, reason: line.reason, ask_id: line.ask };
  if (line.told === undefined || line.reason) return said;
  const amount = line.told.amount_minor;
  return { ...said, priced_at: line.told.at, unit_minor: Math.floor(amount / line.units), amount_minor: amount };
}
