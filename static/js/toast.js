// On any page: who has just written, and how it begins; and whatever else is news for a moment.

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

/** Shows news in place of what was shown from the same; `url` is where it leads. */
export function toast(from, url, name, text) {
  place.querySelector(`[data-from="${from}"]`)?.remove();
  const made = template.content.firstElementChild.cloneNode(true);
  made.dataset.from = from;
  made.querySelector("a").href = url;
  made.querySelector("[data-name]").textContent = name;
  made.querySelector("[data-text]").textContent = text;
  made.querySelector("button").addEventListener("click", () => made.remove());
  while (place.children.length >= MOST) place.firstElementChild.remove();
  place.append(made);
  leaveLater(made);
}

/** Goes after a while, but not from under the hand that reaches for it. */
function leaveLater(made) {
  setTimeout(() => {
    if (made.matches(":hover, :focus-within")) leaveLater(made);
    else made.remove();
  }, STAY);
}

on("message", (frame) => {
  if (frame.from === me || isRead(frame.from)) return;
  const line = parse(frame.html).querySelector("[data-message-id]");
  if (isListed(frame.from)) speak(line);
  else toast(frame.from, `/messages/${frame.from}/`, line.dataset.senderName, line.dataset.preview);
});
// Read on another device or in another tab.
on("unread", (frame) => {
  if (!frame.count) place.querySelector(`[data-from="${frame.with}"]`)?.remove();
});
