// Where one writes: Enter sends, pictures come from the button, the clipboard or the desktop.

import { me } from "./socket.js";
import * as outbox from "./outbox.js";
import * as pictures from "./pictures.js";
import * as presence from "./presence.js";
import * as thread from "./thread.js";
import { say } from "./words.js";

const MOST_PICTURES = 10;
const page = document.querySelector("[data-thread]");
const form = page.querySelector("[data-composer]");
const input = form?.querySelector("textarea");
const files = form?.querySelector("[type=file]");
const tray = form?.querySelector("[data-tray]");
const problem = form?.querySelector("[data-problem]");
const limit = Number(form?.dataset.most);
const draft = `setahub.draft.${me}.${thread.other}`;
const prompt = input?.placeholder;
const picked = new Map(); // the preview's element → its picture

function complain(text) {
  problem.querySelector("[data-text]").textContent = text;
  problem.hidden = !text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/** Whether nothing of it can be seen, as the server decides it too: setahub/lib/text.py. */
const isBlank = (text) => /^[\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb\u{16fe4}\u{1d159}]*$/u.test(text);

// --- Text ----------------------------------------------------------------------------------------

function submit(event) {
  event?.preventDefault();
  const text = input.value;
  const length = [...text].length;
  if (length > limit) return complain(say("tooLong", { most: limit, count: length }));
  const chosen = [...picked.values()];
  if (isBlank(text) && !chosen.length) return input.focus();
  clear();
  // The text belongs to the first picture.
  if (chosen.length) chosen.forEach((picture, index) => outbox.send(index ? "" : text, picture));
  else outbox.send(text);
}

function clear() {
  complain("");
  input.value = "";
  remember();
  for (const preview of [...picked.keys()]) unpick(preview);
  grow();
  thread.toEnd();
}

function typed() {
  if (!problem.hidden) complain("");
  grow();
  remember();
  if (!isBlank(input.value)) presence.typed();
}

/** Browsers that can't do it themselves. */
function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 2}px`;
}

function keyed(event) {
  // While an input method composes a word, Enter only ends the word (229: as Safari says it).
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  if (!event.repeat) submit();
}

function remember() {
  try {
    if (input.value) localStorage.setItem(draft, input.value);
    else localStorage.removeItem(draft);
  } catch {
    // Then only the page itself remembers.
  }
}

function recall() {
  try {
    input.value ||= localStorage.getItem(draft) ?? "";
  } catch {
    return;
  }
  grow();
}

/** Puts a text back that could not be sent. */
function takeBack(text) {
  input.value = input.value ? `${text}\n${input.value}` : text;
  input.focus();
  grow();
  remember();
}

// --- Pictures ------------------------------------------------------------------------------------

async function pick(found) {
  complain("");
  for (const file of found) {
    if (picked.size >= MOST_PICTURES) return complain(say("tooMany", { most: MOST_PICTURES }));
    const picture = await pictures.prepare(file);
    if (picture) preview(file, picture);
    else complain(say("noPicture", { name: file.name }));
  }
  input.focus();
}

function preview(file, picture) {
  const item = form.querySelector("template[data-picked]").content.firstElementChild.cloneNode(true);
  picked.set(item, picture);
  pictures.draw(picture, item.querySelector("canvas"));
  const button = item.querySelector("button");
  button.setAttribute("aria-label", say("removePicture", { name: file.name }));
  button.addEventListener("click", () => {
    unpick(item);
    input.focus();
  });
  tray.append(item);
  tray.hidden = false;
  input.placeholder = say("caption");
}

function unpick(item) {
  picked.delete(item);
  item.remove();
  tray.hidden = !picked.size;
  if (!picked.size) input.placeholder = prompt;
}

const imagesOf = (transfer) => [...transfer.files].filter((file) => file.type.startsWith("image/"));

function pasted(event) {
  const found = imagesOf(event.clipboardData);
  // Copied from an office program, a text comes with a picture of it.
  if (!found.length || event.clipboardData.getData("text/plain")) return;
  event.preventDefault();
  pick(found);
}

function tendDrops() {
  const carriesFiles = (event) => event.dataTransfer.types.includes("Files");
  page.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    page.classList.add("dropping");
  });
  page.addEventListener("dragleave", (event) => {
    if (!page.contains(event.relatedTarget)) page.classList.remove("dropping");
  });
  page.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    page.classList.remove("dropping");
    pick([...event.dataTransfer.files]);
  });
}

export function start() {
  if (!form) return;
  files.multiple = true;
  form.addEventListener("submit", submit);
  input.addEventListener("input", typed);
  input.addEventListener("keydown", keyed);
  input.addEventListener("paste", pasted);
  files.addEventListener("change", () => {
    pick([...files.files]);
    files.value = "";
  });
  // The keyboard of a phone stays open.
  form.querySelector("[type=submit]").addEventListener("pointerdown", (event) => event.preventDefault());
  tendDrops();
  outbox.onEdit(takeBack);
  recall();
}
