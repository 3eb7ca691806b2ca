// The camera as a scanner, beside any field that takes codes: what it sees is typed into the field and ended with Enter,
// as a hand scanner does. The browser's own detector reads it where there is one, else ZXing, which is loaded when the camera
// is first used on a phone, and kept there: from then on it reads without a network, on every page that opens without one.
// Where no page may look with the camera (WeChat's browser), or nobody allows it, a picture of the code is taken and read.

const LOOK_MS = 120;
const GONE_MS = 900; // a code counts again when it was out of sight for so long
const WIDTH_MAX = 1280;
const KEPT = "loopline-camera"; // the cache of what reads codes
const FORMATS = ["ean_13", "ean_8", "upc_a", "upc_e", "code_128", "code_39", "itf", "qr_code", "data_matrix"];
const ZXING_FORMATS = ["EANUPC", "Code128", "Code39", "ITF", "QRCode", "DataMatrix"];

/** What is looked up of what was read: of a GS1 address or element string, the GTIN in it. */
export function codeIn(text) {
  const gtin = /^https?:\/\/[^?#]*\/01\/(\d{8,14})(?=[/?#]|$)/.exec(text) ?? /^(?:\x1d|\]\w\d)?01(\d{14})/.exec(text);
  return gtin === null ? text.trim() : gtin[1];
}

/** Make what reads codes out of a picture or a video: resolves with the texts it sees. */
export async function reader({ script, wasm }) {
  return (await nativeReader()) ?? zxingReader(script, wasm);
}

async function nativeReader() {
  if (!("BarcodeDetector" in window)) return null;
  const can = await BarcodeDetector.getSupportedFormats().catch(() => []);
  if (!can.includes("ean_13") || !can.includes("qr_code")) return null;
  const detector = new BarcodeDetector({ formats: FORMATS.filter((one) => can.includes(one)) });
  return async (source) => (await detector.detect(source)).map((one) => one.rawValue);
}

let zxing; // asked for once

/** ZXing from our own host; nothing of it is loaded before somebody opens the camera. */
export async function zxingReader(script, wasm) {
  zxing ??= new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = script;
    element.onload = () => resolve(window.ZXingWASM);
    element.onerror = () => reject(new Error("the reader of codes did not load"));
    document.head.append(element);
  }).then(async (library) => {
    await library.prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true });
    keep([script, wasm]).catch(() => {}); // there is no room for it: it is loaded anew next time
    return library;
  });
  zxing.catch(() => (zxing = undefined)); // the next try begins anew
  const library = await zxing;
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (source) => {
    const [width, height] = [source.videoWidth ?? source.width, source.videoHeight ?? source.height];
    if (!width || !height) return [];
    const scale = Math.min(1, WIDTH_MAX / width);
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
    const picture = context.getImageData(0, 0, canvas.width, canvas.height);
    const found = await library.readBarcodes(picture, { formats: ZXING_FORMATS, tryHarder: true, maxNumberOfSymbols: 2 });
    return found.filter((one) => one.isValid).map((one) => one.text);
  };
}

/** Keep on this phone what it reads codes with, for the workers of pages to find; what was kept before goes. */
async function keep(pieces) {
  if (!("caches" in window)) return;
  const cache = await caches.open(KEPT);
  const wanted = new Set(pieces.map((one) => new URL(one, location.href).href));
  const have = new Set((await cache.keys()).map((one) => one.url));
  await cache.addAll([...wanted].filter((one) => !have.has(one)));
  for (const one of have) if (!wanted.has(one)) await cache.delete(one);
}

/** Type a code into a field and end it, as a hand scanner does; `isAlone`: it ends nothing, somebody looks first. */
function type(field, code, isAlone) {
  field.value = code;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (isAlone) return;
  const enter = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
  if (field.dispatchEvent(enter)) field.form?.requestSubmit();
}

function equip(button) {
  const field = document.getElementById(button.dataset.camera);
  const box = document.createElement("div");
  box.className = "camera";
  box.hidden = true;
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true });
  video.setAttribute("aria-label", button.dataset.wordOpen);
  const said = document.createElement("p");
  said.className = "camera-said";
  said.setAttribute("role", "status");
  box.append(video, said);
  button.closest("[data-camera-place]").after(box);
  const still = document.createElement("input");
  Object.assign(still, { type: "file", accept: "image/*", hidden: true });
  still.setAttribute("capture", "environment");
  box.append(still);
  let canLook = navigator.mediaDevices?.getUserMedia !== undefined; // browsers give a camera over HTTPS (and localhost) alone
  let stream = null;
  let turn = 0; // what began before the camera was closed ends by itself

  const close = () => {
    turn += 1;
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    video.srcObject = null;
    button.textContent = canLook ? button.dataset.wordOpen : button.dataset.wordStill;
    button.removeAttribute("aria-pressed");
    box.hidden = said.textContent === "";
    video.hidden = true;
  };
  const fail = (error) => {
    said.textContent = error?.name === "NotAllowedError" ? button.dataset.wordForbidden : button.dataset.wordFailed;
    canLook = !(error instanceof DOMException); // what reads codes did not load: that is tried again
    close();
  };
  const took = (code) => {
    box.dataset.read = code;
    type(field, code, button.dataset.alone !== undefined);
  };
  const readStill = async (file) => {
    said.textContent = "";
    let codes = new Set();
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const read = await reader({ script: button.dataset.script, wasm: button.dataset.wasm });
      codes = new Set((await read(picture)).map(codeIn).filter((one) => one !== ""));
      picture.close();
    } catch {
      // no picture, or nothing that reads it came: nothing was read
    }
    if (codes.size === 0) said.textContent = button.dataset.wordNothing;
    box.hidden = said.textContent === "";
    for (const code of codes) took(code);
  };
  const look = async (mine, read) => {
    const seen = new Map(); // code → when it was last in sight
    while (mine === turn) {
      let texts = [];
      try {
        texts = await read(video);
      } catch {
        // one picture that cannot be read; the next one may be
      }
      if (mine !== turn) return;
      const now = performance.now();
      for (const code of new Set(texts.map(codeIn))) {
        const isNew = code !== "" && now - (seen.get(code) ?? -GONE_MS) >= GONE_MS;
        seen.set(code, now);
        if (!isNew) continue;
        box.classList.remove("camera-read");
        void box.offsetWidth; // the flash begins anew
        box.classList.add("camera-read");
        took(code);
        if (button.dataset.once !== undefined) return close();
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  const start = async () => {
    const mine = (turn += 1);
    said.textContent = "";
    box.hidden = false;
    video.hidden = false;
    button.textContent = button.dataset.wordClose;
    button.setAttribute("aria-pressed", "true");
    try {
      const [opened, read] = await Promise.all([
        navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: WIDTH_MAX } } }),
        reader({ script: button.dataset.script, wasm: button.dataset.wasm }),
      ]);
      if (mine !== turn) {
        for (const track of opened.getTracks()) track.stop();
        return;
      }
      stream = opened;
      video.srcObject = opened;
      await video.play();
      await look(mine, read);
    } catch (error) {
      if (mine === turn) fail(error);
    }
  };
  button.hidden = false;
  close();
  button.addEventListener("click", () => {
    if (button.hasAttribute("aria-pressed")) close();
    else if (canLook) start();
    else still.click();
  });
  still.addEventListener("change", async () => {
    const [file] = still.files;
    if (file !== undefined) await readStill(file);
    still.value = "";
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && stream !== null && close());
}

function equipAll() {
  for (const button of document.querySelectorAll("button[data-camera][hidden]")) equip(button);
}
equipAll();
document.addEventListener("shown", equipAll); // what a page shows anew
