// Tells how far a file has come, and counts what is chosen.

// A file is sent in the background, so that its way can be told; without a script the form does the same.
function sendAsTold(form) {
  const bar = document.getElementById("progress");
  const said = document.getElementById("progress-said");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    bar.hidden = false;
    said.textContent = said.dataset.sending;
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (told) => {
      if (told.lengthComputable) bar.value = (100 * told.loaded) / told.total;
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      said.textContent = said.dataset.comparing;
    });
    request.addEventListener("load", () => {
      window.location.assign(request.responseURL);
    });
    request.addEventListener("error", () => {
      bar.hidden = true;
      button.disabled = false;
      said.textContent = said.dataset.failed;
    });
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}

function countChosen(form) {
  const all = document.getElementById("all");
  const told = document.getElementById("chosen");
  const boxes = [...form.querySelectorAll("input[name=difference]")];
  if (all === null) return;
  const count = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    told.textContent = chosen > 0 ? String(chosen) : "";
    all.checked = chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
  };
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  count();
}

const upload = document.getElementById("upload");
if (upload !== null) sendAsTold(upload);
const work = document.getElementById("work");
if (work !== null) countChosen(work);
