// The book: goods and prices read ahead, so that the till sells without a network. Kept by page; a page that is read
// anew takes the place of the old one only when the whole book is there.

import { got, reading, writing } from "./keeping.js";
import { ask, hear } from "./sender.js";

/** Read the book anew; resolves with whether it came. What was kept stays until all of the new one is here. */
export async function readAhead(db) {
  const goods = [];
  let page;
  let after = "";
  try {
    do {
      const response = await ask(`/store/till/book?after=${encodeURIComponent(after)}`);
      if (!response.ok) return false;
      page = await response.json();
      if (after === "") await hear(db, Date.parse(page.now));
      goods.push(...page.goods);
      after = page.after;
    } while (after !== null);
  } catch {
    return false;
  }
  await writing(db, ["facts", "goods"], async (store) => {
    store("goods").clear();
    for (const one of goods) store("goods").put(one);
    store("facts").put({ id: page.person_id, name: page.person_name }, "who");
    store("facts").put(
      { site: { code: page.site_code, name: page.site_name }, currency: page.currency, read: page.now },
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

/** The goods of a code or of the number under the bars, in whatever spelling; undefined for none. */
export function find(db, typed) {
  const code = typed.normalize("NFKC").trim().toUpperCase();
  const gtin = code.replace(/^0(?=\d{13}$)/, "");
  return reading(db, ["goods"], async (store) => {
    const goods = store("goods");
    const byCode = got(goods.get(code));
    const byGtin = got(goods.index("gtin").get(gtin));
    return (await byCode) ?? (gtin === "" ? undefined : await byGtin);
  });
}
