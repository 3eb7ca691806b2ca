// Photos in a form are made small before they are sent; without scripts, or where one cannot be drawn here, they go as they
// are, and the server says what it cannot take.
document.addEventListener("change", async (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || !field.matches("[data-shrink]")) return;
  const chosen = field.files;
  const { smaller } = await import(field.dataset.shrink);
  const kept = new DataTransfer();
  for (const file of chosen) {
    const blob = await smaller(file).then((one) => one.blob, () => undefined);
    kept.items.add(blob === undefined ? file : new File([blob], "photo", { type: blob.type }));
  }
  if (field.files === chosen) field.files = kept.files; // not where others were chosen meanwhile
});
