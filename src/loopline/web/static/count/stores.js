// What a phone that counts keeps: in one database that all its tabs share.

export const DATABASE = "loopline-count";
export const VERSION = 1;

export function make(db) {
  db.createObjectStore("facts"); // who, book, clock: one value per name
  const goods = db.createObjectStore("goods", { keyPath: "code" });
  goods.createIndex("gtin", "gtin");
  db.createObjectStore("counts", { keyPath: "id" });
  const lines = db.createObjectStore("lines", { keyPath: ["count", "code"] });
  lines.createIndex("count", "count");
  const steps = db.createObjectStore("steps", { keyPath: "n", autoIncrement: true });
  steps.createIndex("count", "count");
}
