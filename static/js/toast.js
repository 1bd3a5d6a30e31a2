// On any page: who has just written, and how it begins.

import { parse } from "./http.js";
import { me, on } from "./socket.js";

const STAY = 8_000;
const MOST = 3;
const place = document.querySelector("[data-toasts]");
const template = document.querySelector("template[data-toast]");

function isRead(writer) {
  const open = Number(document.querySelector("[data-thread]")?.dataset.thread ?? 0);
  return open === writer && document.hasFocus() && !document.hidden;
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
  show(frame.from, parse(frame.html).querySelector("[data-message-id]"));
});
// Read on another device or in another tab.
on("unread", (frame) => {
  if (!frame.count) place.querySelector(`[data-from="${frame.with}"]`)?.remove();
});
