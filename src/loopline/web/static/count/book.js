// The goods there are, read ahead, so that a count goes on without a network; the counts begun at this site, and what is asked there.

import { readPages } from "./goods.js";
import { got, reading, writing } from "./keeping.js";
import { hear } from "./server.js";

/** Read the book anew; resolves with whether it came. What was kept stays until all of the new one is here. */
export async function readAhead(db) {
  let counts = [];
  let asked = [];
  const read = await readPages("/store/count/book", (page) => {
    ({ counts, asked } = page);
    return hear(db, Date.parse(page.now));
  });
  if (read === undefined) return false;
  const { goods, page } = read;
  await writing(db, ["facts", "goods"], async (store) => {
    store("goods").clear();
    for (const one of goods) store("goods").put(one);
    store("facts").put({ id: page.person_id, name: page.person_name }, "who");
    store("facts").put({ site: { code: page.site_code, name: page.site_name }, mayPost: page.may_post, counts, asked }, "book");
  });
  return true;
}

/** Who counts where, and what was read ahead; undefined for what is not known. */
export function known(db) {
  return reading(db, ["facts"], async (store) => {
    const who = got(store("facts").get("who"));
    const book = got(store("facts").get("book"));
    return { who: await who, book: await book };
  });
}

/** The goods of a category, or of codes in the order given; what is not known of these is in `missing`. */
export function goodsOf(db, { category, codes }) {
  return reading(db, ["goods"], async (store) => {
    if (category !== undefined) {
      const all = await got(store("goods").getAll());
      return { goods: all.filter((one) => one.category === category), missing: [] };
    }
    const found = [];
    for (const code of codes) found.push((await got(store("goods").get(code))) ?? (await got(store("goods").index("gtin").get(code))));
    return { goods: found.filter((one) => one !== undefined), missing: codes.filter((_, place) => found[place] === undefined) };
  });
}

/** The categories there are, each with how many SKUs it has. */
export async function categories(db) {
  const all = await reading(db, ["goods"], (store) => got(store("goods").getAll()));
  const sizes = new Map();
  for (const { category } of all) if (category) sizes.set(category, (sizes.get(category) ?? 0) + 1);
  return [...sizes].sort(([one], [other]) => one.localeCompare(other, document.documentElement.lang));
}
