// What a till keeps by itself, in one IndexedDB that all its tabs share. Written strictly: a transaction is done when
// it is on the disk, so that what the cashier was told survives a loss of power.

const NAME = "loopline-till";
const VERSION = 1;

export function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      const db = asked.result;
      db.createObjectStore("facts"); // till, who, book, clock, sender: one value per name
      const sales = db.createObjectStore("sales", { keyPath: "number" });
      sales.createIndex("state", "state");
      sales.createIndex("cart", "cart", { unique: true });
      const goods = db.createObjectStore("goods", { keyPath: "code" });
      goods.createIndex("gtin", "gtin");
    };
    asked.onsuccess = () => {
      // A later version of the till waits for nobody: this tab lets go and says so by failing its next step.
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
}

/** Read in a transaction of its own: `work` gets `store(name)` and may await `got(request)` only. */
export function reading(db, stores, work) {
  return within(db, stores, "readonly", work);
}

/** Write in a transaction of its own; resolves when it is on the disk, rejects when nothing of it is. */
export function writing(db, stores, work) {
  return within(db, stores, "readwrite", work);
}

async function within(db, stores, mode, work) {
  const transaction = db.transaction(stores, mode, mode === "readwrite" ? { durability: "strict" } : undefined);
  const ended = new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was given up"));
    transaction.onerror = () => {}; // onabort follows
  });
  ended.catch(() => {}); // awaited below, after the work
  let result;
  try {
    result = await work((name) => transaction.objectStore(name));
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // it has ended already
    }
    throw error;
  }
  await ended;
  return result;
}

export function got(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      event.preventDefault();
      reject(request.error);
    };
  });
}
