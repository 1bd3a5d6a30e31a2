// What was really seen: in sight, in a tab that is visible and has the focus.

import { refresh } from "./badges.js";
import { ask, token } from "./http.js";
import { isOpen, on, send } from "./socket.js";
import * as thread from "./thread.js";

const DONE = 204;
const page = document.querySelector("[data-thread]");
const inSight = new Set();
let whole = false; // all that is unread has been loaded
let wasWhole = false; // nothing unseen was left out at the last look
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

/** The end of a message in sight means that the message was. */
function watch(line) {
  if (line.matches(".chat-mine")) return;
  ends.observe(line.lastElementChild);
}

function look() {
  if (!isLooking() || !whole) return;
  const ids = [...inSight]
    .filter((end) => end.isConnected)
    .map((end) => Number(end.closest("[data-message-id]").dataset.messageId));
  if (ids.length) pass(Math.min(...ids), Math.max(...ids));
  if (thread.seen() > told) tell();
}

/**
 * These are in sight. "Read up to" them can be said only where nothing unseen is left out before
 * them; what the reader has moved past was seen.
 */
function pass(top, end) {
  const first = thread.firstUnseen();
  if (first && first <= end && (first >= top || (wasWhole && thread.movedByHand()))) thread.setSeen(end);
  const next = thread.firstUnseen();
  wasWhole = !next || next > end;
}

async function tell() {
  const upto = thread.seen();
  told = upto;
  if (send({ type: "message.read", with: thread.other, last_id: upto })) return;
  const form = new URLSearchParams({ last_id: upto });
  const headers = { "X-CSRFToken": token(), "HX-Request": "true" };
  const url = `/messages/${thread.other}/read/`;
  const response = await ask(url, { method: "POST", body: form, headers });
  // What could not be told is told when there is a connection again.
  if (response?.status !== DONE) told = Math.min(told, upto - 1);
  else if (!isOpen()) refresh();
}

/** Another tab or device of the reader's has told how far it was read. */
export function heard(id) {
  told = Math.max(told, id);
  thread.setSeen(id);
}

/** Everything that is unread is on the page now. */
export function begin() {
  whole = true;
  look();
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
