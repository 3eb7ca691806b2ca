// Who buys: a member, by phone or by the code on their page. The server says who that is; where it cannot be asked, what was
// typed stays with the sale, and leaves this device with it.

const CODE = /^9\d{15}$/;
const PHONE = /^\+?[\d\s()-]{6,24}$/;

/** Whether what was scanned is a member's code, and no goods. */
export function isCode(text) {
  return CODE.test(text.replace(/\s/g, ""));
}

/**
 * Find a member: { member } to be put on the cart, named or as it was typed; or { refused } with the server's word, which
 * is empty for what is no phone and no code.
 */
export async function findMember(command, typed) {
  const said = typed.normalize("NFKC").trim();
  if (!isCode(said) && !PHONE.test(said)) return { refused: "" };
  const kept = { member: { said, name: `•••${said.slice(-4)}` } };
  if (!navigator.onLine) return kept;
  try {
    const { said: found, problem } = await command("/store/till/member", { said });
    if (found !== undefined) return { member: found };
    return problem?.status === 404 || problem?.status === 429 || problem?.status === 400 ? { refused: problem.title } : kept;
  } catch {
    return kept;
  }
}

/** Whose a sale is, as the server is told. */
export function memberSaid(member) {
  if (member === undefined) return {};
  return { member: member.id ? { id: member.id } : { said: member.said } };
}

/** A sale without what was typed of its member: once the server has it, this device needs it no more. */
export function withoutTyped(said) {
  const { member, ...rest } = said;
  return member?.id ? said : rest;
}
