// What a till keeps: in one database that all its tabs share.

export const DATABASE = "loopline-till";
export const VERSION = 1;

export function make(db) {
  db.createObjectStore("facts"); // till, who, book, clock, sender: one value per name
  const sales = db.createObjectStore("sales", { keyPath: "number" });
  sales.createIndex("state", "state");
  sales.createIndex("cart", "cart", { unique: true });
  const goods = db.createObjectStore("goods", { keyPath: "code" });
  goods.createIndex("gtin", "gtin");
}
