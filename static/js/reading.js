// What was really seen: in sight, in a tab that is visible and has the focus.

import { refresh } from "./badges.js";
import { ask, token } from "./http.js";
import { isOpen, on, send } from "./socket.js";
import * as thread from "./thread.js";

const page = document.querySelector("[data-thread]");
let seen = 0; // the newest message that was in sight
let told = Number(page.dataset.readId);

export const isLooking = () => !document.hidden && document.hasFocus();

const ends = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) if (entry.isIntersecting) inSight.add(entry.target);
      else inSight.delete(entry.target);
    look();
  },
  { root: thread.log },
);
const inSight = new Set();

/** The end of a message in sight means that the message was. */
function watch(line) {
  if (line.matches(".mine")) return;
  ends.observe(line.lastElementChild);
}

function look() {
  if (!isLooking()) return;
  for (const end of inSight) {
    if (!end.isConnected) inSight.delete(end);
    else seen = Math.max(seen, Number(end.closest("[data-message-id]").dataset.messageId));
  }
  if (seen > told) tell();
}

async function tell() {
  const upto = seen;
  told = upto;
  if (send({ type: "message.read", with: thread.other, last_id: upto })) return;
  const form = new URLSearchParams({ last_id: upto });
  const headers = { "X-CSRFToken": token(), "HX-Request": "true" };
  const url = `/messages/${thread.other}/read/`;
  const response = await ask(url, { method: "POST", body: form, headers });
  // What could not be told is told when there is a connection again.
  if (!response?.ok) told = Math.min(told, upto - 1);
  else if (!isOpen()) refresh();
}

export function start() {
  for (const line of thread.list.querySelectorAll("[data-message-id]")) watch(line);
  thread.onInsert(watch);
  window.addEventListener("focus", look);
  document.addEventListener("visibilitychange", look);
  // A report that was lost with the connection is made again: marking twice is marking once.
  on("open", ({ first }) => {
    if (!first) told = Number(page.dataset.readId);
    look();
  });
  on("sync", look);
}
