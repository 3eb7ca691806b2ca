// How a round stands: what the server said last, with what this phone knows since. Pure.

/** The stops of a round with what this phone has not sent yet; the least urgent box goes short, as the server decides. */
export function standing(round, boxed, missing) {
  const here = new Map(boxed.map((one) => [one.key, one.units]));
  const stops = round.stops.map((stop) => ({
    ...stop,
    shares: stop.shares.map((share) => ({ ...share, boxed: here.get(share.key) ?? share.boxed })),
  }));
  for (const one of missing) {
    let rest = one.units;
    for (const share of [...(stops.find((stop) => stop.sku === one.sku)?.shares ?? [])].reverse()) {
      const units = Math.min(rest, share.units);
      share.units -= units;
      rest -= units;
    }
  }
  return stops;
}

export const wanted = (stop) => stop.shares.reduce((sum, share) => sum + share.units, 0);
export const inBoxes = (stop) => stop.shares.reduce((sum, share) => sum + Math.min(share.boxed, share.units), 0);
export const isDone = (stop) => inBoxes(stop) === wanted(stop);
/** What lies in a box and is no longer wanted there. */
export const overs = (stop) => stop.shares.filter((share) => share.boxed > share.units);

/** The share that the next unit goes into: the most urgent that is not full. */
export const nextShare = (stop) => stop.shares.find((share) => share.boxed < share.units);

/** The stop that a code names: the one at hand before others, since one thing may be fetched anywhere. */
export function stopOf(stops, code, at) {
  const typed = code.normalize("NFKC").trim().toUpperCase();
  const digits = /^\d+$/.test(typed) ? typed.padStart(14, "0") : typed;
  const fits = stops.filter((stop) => stop.scans.split(" ").some((one) => one.toUpperCase() === typed || one === digits));
  return fits.find((stop) => stop.sku === at) ?? fits[0];
}

/** How full a box is: units in it, and units it wants. */
export function filling(stops, box) {
  const shares = stops.flatMap((stop) => stop.shares).filter((share) => share.box === box);
  return {
    boxed: shares.reduce((sum, share) => sum + Math.min(share.boxed, share.units), 0),
    units: shares.reduce((sum, share) => sum + share.units, 0),
    isClean: shares.every((share) => share.boxed <= share.units),
  };
}
