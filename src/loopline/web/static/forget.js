// On the page where people sign in: nobody is signed in, so pages that work without a network forget who stood there and
// what they read ahead. What somebody did stays until the server has it, whoever did it.

const KEPT = ["loopline-till", "loopline-count"];

if ("caches" in window) {
  for (const name of await caches.keys()) if (KEPT.some((one) => name.startsWith(one))) await caches.delete(name);
}
const there = "databases" in indexedDB ? await indexedDB.databases() : [];
for (const { name } of there.filter((one) => KEPT.includes(one.name))) {
  const asked = indexedDB.open(name);
  asked.onsuccess = () => {
    const db = asked.result;
    if (!["facts", "goods"].every((store) => db.objectStoreNames.contains(store))) return;
    const transaction = db.transaction(["facts", "goods"], "readwrite");
    transaction.objectStore("facts").delete("who");
    transaction.objectStore("facts").delete("book");
    transaction.objectStore("goods").clear();
    transaction.oncomplete = () => db.close();
  };
}
