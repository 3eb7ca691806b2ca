// What a phone that picks keeps: in one database that all its tabs share.

export const DATABASE = "loopline-round";
export const VERSION = 1;

export function make(db) {
  db.createObjectStore("facts"); // book, clock: one value per name
  db.createObjectStore("boxed", { keyPath: ["round", "key"] }); // what was not sent yet of what lies in the boxes
  db.createObjectStore("missing", { keyPath: "id" }); // what was not sent yet of what cannot be brought
}
