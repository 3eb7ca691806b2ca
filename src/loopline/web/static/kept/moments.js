// Moments and ids as a till makes them.

/** A UUIDv7 (RFC 9562) of a moment in milliseconds. */
export function uuid7(milliseconds) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let place = 5, rest = milliseconds; place >= 0; place -= 1, rest = Math.floor(rest / 256)) bytes[place] = rest % 256;
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * The moment it is, as far as this till can know: its own clock, corrected by what the server's last was ahead of it,
 * and never before a moment that has been: a clock that lost its battery starts in another year.
 */
export function momentOf(clock, now) {
  return Math.max(now + (clock?.ahead ?? 0), (clock?.last ?? 0) + 1);
}

/** What is known of the clock after the server said its moment. */
export function clockHeard(server, now) {
  return { ahead: server - now, last: server };
}
