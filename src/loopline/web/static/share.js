// Sends an address by whatever the phone has for it, or copies it.

for (const card of document.querySelectorAll("[data-share]")) {
  const { address, title, wordCopied } = card.dataset;
  const said = card.querySelector("[data-share-said]");
  const send = card.querySelector("[data-share-send]");
  send.hidden = navigator.share === undefined;
  send.addEventListener("click", async () => {
    try {
      await navigator.share({ title, text: title, url: address });
    } catch {
      // put away without sending: nothing to say
    }
  });
  card.querySelector("[data-share-copy]").addEventListener("click", async () => {
    const field = card.querySelector("input");
    field.select();
    try {
      await navigator.clipboard.writeText(address);
    } catch {
      document.execCommand("copy"); // where the page is not served over HTTPS
    }
    said.textContent = wordCopied;
  });
}
