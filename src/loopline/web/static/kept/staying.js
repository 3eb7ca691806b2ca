// Lets a page open without a network: registers its worker, and keeps its shell with all that it is made of.

/** Keep the page at `path` under a mark that changes with it; `more` are addresses that the shell does not name. */
export async function keepPage(path, cacheName, mark, more = []) {
  if (!("serviceWorker" in navigator) || !("caches" in window)) return;
  await navigator.serviceWorker.register(`${path}/worker.js`, { scope: path });
  const response = await fetch(`${path}/shell`, { cache: "no-store" });
  if (!response.ok) return;
  const shell = new DOMParser().parseFromString(await response.clone().text(), "text/html");
  const pieces = [...shell.querySelectorAll("link[href], script[src], img[src]")].map((one) => one.getAttribute("href") ?? one.getAttribute("src"));
  const name = `${cacheName} ${mark}`;
  const cache = await caches.open(name);
  await cache.addAll([...new Set([...pieces, ...more])]);
  await cache.put(`${path}/shell`, response);
  for (const other of await caches.keys()) if (other.startsWith(cacheName) && other !== name) await caches.delete(other);
}
