// Pictures on their way: made smaller before they are sent, kept until they are, and drawn.

const LONGEST = 2048; // pixels; the server keeps no more
const LARGE = 1024 * 1024; // bytes that a slow network shouldn't carry
const SHOWN = 320;

// What a picture is, its first bytes say: names and types are what some program made of it.
const BEGINNINGS = {
  "image/jpeg": /^\xff\xd8\xff/,
  "image/png": /^\x89PNG\r\n\x1a\n/,
  "image/webp": /^RIFF[^]{4}WEBP/,
  "image/gif": /^GIF8[79]a/,
};

async function typeOf(file) {
  const bytes = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const beginning = String.fromCharCode(...bytes);
  return Object.keys(BEGINNINGS).find((type) => BEGINNINGS[type].test(beginning));
}

/** The picture as it is sent, or null when it is none. The server has the last word. */
export async function prepare(file) {
  const type = await typeOf(file);
  if (!type) return null;
  const picture = file.type === type ? file : new Blob([file], { type });
  if (file.size <= LARGE || type === "image/gif") return picture;
  let bitmap;
  try {
    bitmap = await createImageBitmap(picture);
  } catch {
    return picture;
  }
  const canvas = drawn(bitmap, Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height)));
  bitmap.close();
  const smaller = await new Promise((resolve) => canvas.toBlob(resolve, "image/webp", 0.9));
  return smaller && smaller.size < file.size ? smaller : picture;
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
    bitmap.close();
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
