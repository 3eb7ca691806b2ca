// What a page keeps on its device, in an IndexedDB that all its tabs share. Written strictly: a transaction is done when
// it is on the disk, so that what somebody was told survives a loss of power.

/** Open a database; `make` gets it as it was and makes what it lacks. */
export function open(name, version, make) {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(name, version);
    asked.onupgradeneeded = () => make(asked.result);
    asked.onsuccess = () => {
      // A later version of the page waits for nobody: this tab lets go and says so by failing its next step.
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
