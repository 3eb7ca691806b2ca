// The book: goods and prices read ahead, so that the till sells without a network. Kept by page; a page that is read
// anew takes the place of the old one only when the whole book is there.

import { readPages } from "./goods.js";
import { got, reading, writing } from "./keeping.js";
import { hear } from "./server.js";

/** Read the book anew; resolves with whether it came. What was kept stays until all of the new one is here. */
export async function readAhead(db) {
  const read = await readPages("/store/till/book", (page) => hear(db, Date.parse(page.now)));
  if (read === undefined) return false;
  const { goods, page } = read;
  await writing(db, ["facts", "goods"], async (store) => {
    store("goods").clear();
    for (const one of goods) store("goods").put(one);
    store("facts").put({ id: page.person_id, name: page.person_name }, "who");
    store("facts").put(
      { site: { code: page.site_code, name: page.site_name }, currency: page.currency, percent: page.percent, read: page.now },
      "book",
    );
  });
  return true;
}

/** Who stands here and what was read ahead; undefined for what is not known. */
export function known(db) {
  return reading(db, ["facts"], async (store) => {
    const who = got(store("facts").get("who"));
    const book = got(store("facts").get("book"));
    return { who: await who, book: await book };
  });
}
