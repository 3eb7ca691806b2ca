// What a store's phone keeps of tasks: in one database that all its tabs share.

export const DATABASE = "loopline-tasks";
export const VERSION = 1;

export function make(db) {
  db.createObjectStore("facts"); // clock, person, sender
  db.createObjectStore("kept", { keyPath: "task_id" }); // tasks with the pages they will show, of no customer
  db.createObjectStore("steps", { keyPath: "id" }); // steps that the server does not have yet, in the order of their ids
}
