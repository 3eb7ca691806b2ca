// Goods read ahead, in the store "goods": by code, with an index by the number under the bars.

import { got, reading } from "./keeping.js";
import { ask } from "./server.js";

/** Read all pages of a list of goods; resolves with the goods and the last page, undefined where one did not come. */
export async function readPages(path, heard) {
  const goods = [];
  let page;
  let after = "";
  try {
    do {
      const response = await ask(`${path}?after=${encodeURIComponent(after)}`);
      if (!response.ok) return undefined;
      page = await response.json();
      if (after === "") await heard(page);
      goods.push(...page.goods);
      after = page.after;
    } while (after !== null);
  } catch {
    return undefined;
  }
  return { goods, page };
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
