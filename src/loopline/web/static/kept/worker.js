// Opens a page without a network: gives it, and what it is made of, from what the page itself has kept. The page is the
// one this worker is registered for, and with it those of tasks, where it is the store's. What the page knows and keeps
// is in its own store, not in a cache.

const PATIENCE_MS = 5_000;
const HERE = new URL(self.registration.scope).pathname;
const TASK = new RegExp(`^${HERE}/tasks/[0-9a-f-]{36}$`);

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (url.pathname === HERE || TASK.test(url.pathname)) event.respondWith(page(request));
  } else if (url.pathname.startsWith("/static/") || (url.pathname.startsWith(`${HERE}/`) && url.pathname.includes("/code/"))) {
    event.respondWith(piece(request));
  }
});

/** The page as it is now, or its shell where the server does not answer in time or cannot. */
async function page(request) {
  const shell = () => caches.match(`${HERE}/shell`, { ignoreVary: true });
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.status >= 500 ? ((await shell()) ?? response) : response;
  } catch (error) {
    const kept = await shell();
    if (kept === undefined) throw error;
    return kept;
  }
}

/** What pages are made of is named by its content: what is kept under an address is what is there. */
async function piece(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
