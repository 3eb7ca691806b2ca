// Makes photos small before they are kept or sent. What is drawn anew has nothing of the phone in it: no place, no make.

const SIDE_MOST = 1_600;
const SMALL_SIDE = 240;
const QUALITY = 0.8;

/** A photo as it is sent, in base64, and a small one to show. Throws for what is no picture. */
export async function shrunk(file) {
  const { blob, small } = await smaller(file);
  return { content: await base64(blob), small };
}

/** A photo made small, and a very small one to show. Throws for what is no picture. */
export async function smaller(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const canvas = drawn(picture, SIDE_MOST);
  const small = drawn(picture, SMALL_SIDE).toDataURL("image/jpeg", QUALITY);
  picture.close();
  // A browser that writes no WebP writes a PNG instead, which is many times as large.
  let blob = await blobOf(canvas, "image/webp");
  if (blob?.type !== "image/webp") blob = await blobOf(canvas, "image/jpeg");
  if (blob === null) throw new Error("the picture could not be written");
  return { blob, small };
}

function drawn(picture, side) {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const blobOf = (canvas, type) => new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
