// Where people write: what Enter does, the draft, pictures from the button, the clipboard or the desktop.

import * as draft from "./draft.js";
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
const waiting = form?.querySelector("[data-waiting]");
const limit = Number(form?.dataset.most);
const prompt = input?.placeholder;
const picked = new Map(); // the preview's element → its picture, null while it is prepared
const byTouch = window.matchMedia("(pointer: coarse) and (hover: none)");

let preparing = Promise.resolve(); // one picture after the other
let sendsLater = false; // as soon as the pictures are ready

function complain(text) {
  problem.querySelector("[data-text]").textContent = text;
  problem.hidden = !text;
  if (text) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/** Whether nothing of it can be seen, as the server decides it too: setahub/core/text.py. */
const isBlank = (text) => /^[\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb\u{16fe4}\u{1d159}]*$/u.test(text);

// --- Text ----------------------------------------------------------------------------------------

function submit(event) {
  event?.preventDefault();
  const text = input.value;
  const length = [...text].length;
  if (length > limit) return complain(say("tooLong", { most: limit, count: length }));
  const chosen = [...picked.values()];
  if (isBlank(text) && !chosen.length) return input.focus();
  if (chosen.includes(null)) return sendLater(true);
  const name = draft.send(text);
  clear();
  // The text belongs to the first picture, and so does the draft's name.
  if (!chosen.length) outbox.send(text, null, name);
  else chosen.forEach((picture, index) => (index ? outbox.send("", picture) : outbox.send(text, picture, name)));
}

/** Text and pictures go together: what is sent too early waits, and says so. */
function sendLater(whether) {
  sendsLater = whether;
  waiting.hidden = !whether;
  input.readOnly = whether;
}

function clear() {
  complain("");
  input.value = "";
  for (const preview of [...picked.keys()]) unpick(preview);
  grow();
  thread.toEnd();
}

function typed() {
  if (!problem.hidden) complain("");
  grow();
  draft.typed(input.value);
  if (!isBlank(input.value)) presence.typed();
}

/** Browsers that can't do it themselves. */
function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 2}px`;
}

/** Enter sends where there is a keyboard; on a touch screen it breaks the line. */
function keyed(event) {
  // While an input method composes a word, Enter only ends the word (229: as Safari says it).
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
  if (event.shiftKey || (byTouch.matches && !event.ctrlKey && !event.metaKey)) return;
  event.preventDefault();
  if (!event.repeat) submit();
}

function nameEnter() {
  input.enterKeyHint = byTouch.matches ? "enter" : "send";
}

/** Puts what is selected, or what comes next, between fences of its own lines. */
function fence() {
  const { selectionStart: start, selectionEnd: end, value } = input;
  const code = value.slice(start, end).replace(/^\n+|\n+$/g, "");
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([run]) => run.length));
  const mark = "`".repeat(longest + 1);
  const before = start && value[start - 1] !== "\n" ? "\n" : "";
  const after = end < value.length && value[end] !== "\n" ? "\n" : "";
  const opening = `${before}${mark}\n`;
  input.focus();
  put(`${opening}${code}\n${mark}${after}`, start, end);
  const at = start + opening.length;
  input.setSelectionRange(at, at + code.length);
}

/** As if it was typed, so that it can be undone. */
function put(text, start, end) {
  if (document.execCommand?.("insertText", false, text)) return;
  input.setRangeText(text, start, end, "end");
  typed();
}

/** Puts a text back that could not be sent. */
function takeBack(text) {
  input.value = input.value ? `${text}\n${input.value}` : text;
  input.focus();
  grow();
  draft.typed(input.value);
}

// --- Pictures ------------------------------------------------------------------------------------

function pick(found) {
  complain("");
  for (const file of found) {
    if (picked.size >= MOST_PICTURES) {
      complain(say("tooMany", { most: MOST_PICTURES }));
      break;
    }
    const item = preview(file);
    preparing = preparing.then(() => prepare(file, item));
  }
  input.focus();
}

async function prepare(file, item) {
  if (!picked.has(item)) return; // taken away meanwhile
  let picture = null;
  try {
    picture = await pictures.prepare(file);
    if (picture) await pictures.draw(picture, item.querySelector("canvas"));
  } catch (error) {
    reportError(error);
  }
  if (!picked.has(item)) return;
  if (picture) {
    picked.set(item, picture);
    item.removeAttribute("aria-busy");
    if (sendsLater && ![...picked.values()].includes(null)) {
      sendLater(false);
      submit();
    }
  } else {
    unpick(item);
    complain(say("noPicture", { name: file.name }));
  }
}

function preview(file) {
  const item = form.querySelector("template[data-picked]").content.firstElementChild.cloneNode(true);
  picked.set(item, null);
  const button = item.querySelector("button");
  button.setAttribute("aria-label", say("removePicture", { name: file.name }));
  button.addEventListener("click", () => {
    unpick(item);
    input.focus();
  });
  tray.append(item);
  showTray();
  return item;
}

/** Without one of its pictures nothing is sent until the reader says so again. */
function unpick(item) {
  picked.delete(item);
  item.remove();
  sendLater(false);
  showTray();
}

function showTray() {
  tray.hidden = !picked.size;
  input.placeholder = picked.size ? say("caption") : prompt;
  // Pictures that are not sent yet are kept nowhere: the browser asks before it leaves the page.
  if (picked.size) window.addEventListener("beforeunload", hold);
  else window.removeEventListener("beforeunload", hold);
}

function hold(event) {
  event.preventDefault();
  event.returnValue = true; // for browsers that don't know the other way
}

function pasted(event) {
  const found = [...event.clipboardData.files];
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
    page.classList.add("chat-dropping");
  });
  page.addEventListener("dragleave", (event) => {
    if (!page.contains(event.relatedTarget)) page.classList.remove("chat-dropping");
  });
  page.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    page.classList.remove("chat-dropping");
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
  nameEnter();
  byTouch.addEventListener("change", nameEnter);
  const code = form.querySelector("[data-fence]");
  code.hidden = false;
  code.addEventListener("click", fence);
  // The keyboard of a phone stays open, and what is selected stays so.
  for (const button of [code, form.querySelector("[type=submit]")]) {
    button.addEventListener("pointerdown", (event) => event.preventDefault());
  }
  tendDrops();
  outbox.onEdit(takeBack);
  draft.onChanged((shown, now) => {
    if (input.value === shown) input.value = now;
    grow();
  });
  input.value ||= draft.recall();
  grow();
}
