// Pictures on their way: made smaller before they are sent, kept until they are, and drawn.

const LONGEST = 2048; // pixels; the server keeps no more
const LARGE = 1024 * 1024; // bytes that a slow network shouldn't carry
const SHOWN = 320;

export const TYPES = ["image/jpeg", "image/png", "image/webp", "image/gif"];

/** The picture as it is sent, or null when it is none. */
export async function prepare(file) {
  if (!TYPES.includes(file.type)) return null;
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return null;
  }
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  if (file.size <= LARGE || file.type === "image/gif") return file;
  const canvas = drawn(bitmap, scale);
  const smaller = await new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.9));
  return smaller && smaller.size < file.size ? smaller : file;
}

function drawn(bitmap, scale, canvas = document.createElement("canvas")) {
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Draws the picture, small, onto a canvas: the policy of the page allows no other source. */
export async function draw(blob, canvas) {
  try {
    const bitmap = await createImageBitmap(blob);
    drawn(bitmap, Math.min(1, SHOWN / Math.max(bitmap.width, bitmap.height)), canvas);
  } catch {
    canvas.hidden = true;
  }
}

// --- Kept until they are sent --------------------------------------------------------------------

/** Runs one request on the store; undefined where the browser keeps nothing. */
async function store(mode, request) {
  try {
    const database = await result(opening());
    const found = await result(request(database.transaction("pictures", mode).objectStore("pictures")));
    database.close();
    return found;
  } catch {
    return undefined;
  }
}

function opening() {
  const request = indexedDB.open("setahub", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("pictures");
  return request;
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export const keep = (id, blob) => store("readwrite", (pictures) => pictures.put(blob, id));
export const kept = (id) => store("readonly", (pictures) => pictures.get(id));
export const forget = (id) => store("readwrite", (pictures) => pictures.delete(id));
