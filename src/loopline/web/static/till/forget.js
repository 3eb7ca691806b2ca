// On the page where people sign in: nobody is signed in, so the till forgets who stood at it and what it read ahead.
// Sales that were rung up stay until the server has them, whoever rang them up.

if ("caches" in window) {
  for (const name of await caches.keys()) if (name.startsWith("loopline-till")) await caches.delete(name);
}
if ("databases" in indexedDB && (await indexedDB.databases()).some((one) => one.name === "loopline-till")) {
  const asked = indexedDB.open("loopline-till");
  asked.onsuccess = () => {
    const db = asked.result;
    if (!["facts", "goods"].every((name) => db.objectStoreNames.contains(name))) return;
    const transaction = db.transaction(["facts", "goods"], "readwrite");
    transaction.objectStore("facts").delete("who");
    transaction.objectStore("facts").delete("book");
    transaction.objectStore("goods").clear();
    transaction.oncomplete = () => db.close();
  };
}
