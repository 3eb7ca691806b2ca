// What a phone keeps of photos that the server does not have yet: in one database that all its tabs share.

export const DATABASE = "loopline-photos";
export const VERSION = 1;

export function make(db) {
  db.createObjectStore("facts"); // clock
  db.createObjectStore("waiting", { keyPath: "id" }); // photos: whose, of which line, as they are sent, and a small one to show
}
