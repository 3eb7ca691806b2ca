// Talks to the server from a page that may have been opened without it: commands carry a token asked for when needed,
// and what the server's clock says is kept under "clock" in the store "facts".

import { writing } from "./keeping.js";
import { clockHeard } from "./moments.js";

const ANSWER_MS = 30_000;

/** Ask the server; throws for no network and for no answer in time. */
export async function ask(path, options = {}, patience = ANSWER_MS) {
  const response = await fetch(path, {
    ...options,
    headers: { accept: "application/json", ...options.headers },
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(patience),
  });
  return response;
}

/** Keep what the server's clock says. */
export function hear(db, server) {
  return writing(db, ["facts"], async (store) => {
    store("facts").put(clockHeard(server, Date.now()), "clock");
  });
}

/** Make the giver of commands of a page; `tokenPath` tells what they carry, the page may be older than its own. */
export function commands(db, tokenPath, patience = ANSWER_MS) {
  let token = null;
  return async (path, body) => {
    for (const isFresh of [token === null, true]) {
      if (isFresh) {
        const response = await ask(tokenPath, {}, patience);
        const said = await response.json().catch(() => ({}));
        if (!response.ok) return { status: response.status };
        token = said.token;
        await hear(db, Date.parse(said.now));
      }
      const response = await ask(path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", "x-csrftoken": token },
      }, patience);
      const said = await response.json().catch(() => ({}));
      if (response.ok) return { status: response.status, said };
      // A refusal has a code; an old token is refused without one.
      if (response.status !== 403 || said.code !== undefined || isFresh) return { status: response.status, problem: said };
    }
    throw new Error("unreachable: the second token is fresh");
  };
}
