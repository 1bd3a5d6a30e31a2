// On any page: who has just written, and how it begins.

import { parse } from "./http.js";
import { me, on } from "./socket.js";

const STAY = 8_000;
const MOST = 3;
const place = document.querySelector("[data-toasts]");
const template = document.querySelector("template[data-toast]");
const spoken = document.querySelector("[data-toast-spoken]");

function isRead(writer) {
  const open = Number(document.querySelector("[data-thread]")?.dataset.thread ?? 0);
  return open === writer && document.hasFocus() && !document.hidden;
}

/** Whether the list of conversations beside it tells the same. */
function isListed(writer) {
  const list = document.querySelector('[data-inbox]:not([data-inbox="few"])');
  const row = list?.querySelector(`[data-conversation="${writer}"]`);
  return Boolean(list?.offsetParent && (row || list.dataset.inbox));
}

/** For people who don't see the list. */
function speak(line) {
  spoken.textContent = `${line.dataset.senderName}: ${line.dataset.preview}`;
}

function show(writer, line) {
  place.querySelector(`[data-from="${writer}"]`)?.remove();
  const toast = template.content.firstElementChild.cloneNode(true);
  toast.dataset.from = writer;
  toast.querySelector("a").href = `/messages/${writer}/`;
  toast.querySelector("[data-name]").textContent = line.dataset.senderName;
  toast.querySelector("[data-text]").textContent = line.dataset.preview;
  toast.querySelector("button").addEventListener("click", () => toast.remove());
  while (place.children.length >= MOST) place.firstElementChild.remove();
  place.append(toast);
  leaveLater(toast);
}

/** Goes after a while, but not from under the hand that reaches for it. */
function leaveLater(toast) {
  setTimeout(() => {
    if (toast.matches(":hover, :focus-within")) leaveLater(toast);
    else toast.remove();
  }, STAY);
}

on("message", (frame) => {
  if (frame.from === me || isRead(frame.from)) return;
  const line = parse(frame.html).querySelector("[data-message-id]");
  if (isListed(frame.from)) speak(line);
  else show(frame.from, line);
});
// Read on another device or in another tab.
on("unread", (frame) => {
  if (!frame.count) place.querySelector(`[data-from="${frame.with}"]`)?.remove();
});
