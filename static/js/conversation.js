// A conversation: what the others of these files do, wired to what comes over the socket.

import * as clock from "./clock.js";
import * as composer from "./composer.js";
import { catchUp, fillGap } from "./history.js";
import * as outbox from "./outbox.js";
import { stopTyping } from "./presence.js";
import * as reading from "./reading.js";
import { me, on } from "./socket.js";
import * as thread from "./thread.js";
import "./viewer.js";
import "./viewport.js";

const spoken = document.querySelector("[data-spoken]");

let checked = 0; // the newest message of all conversations up to which nothing is missing here

const isHere = (frame) => [frame.from, frame.to].includes(thread.other);

function take(frame) {
  clock.set(frame.created_at);
  if (!isHere(frame) || thread.has(frame.id)) return;
  if (frame.from !== me) stopTyping();
  // What came before it isn't here yet: then all of it is fetched, in its order.
  if ((frame.prev ?? 0) !== thread.newest()) return catchUp();
  thread.insert(frame.html);
}

/** Tells screen readers of what has just come; history is not news. */
function announce(line) {
  if (line.matches(".chat-mine") || !started) return;
  if (Number(line.dataset.messageId) < thread.newest()) return;
  const name = line.querySelector(".visually-hidden")?.textContent.trim() ?? "";
  const text = line.querySelector(".chat-text, .chat-booking")?.textContent ?? line.querySelector("img")?.alt;
  spoken.textContent = `${name} ${text ?? ""}`.trim();
}

function divide(line) {
  if (line.matches(".chat-mine") || reading.isLooking() || !started) return;
  const divider = thread.list.querySelector("[data-unread-divider]");
  const after = divider && divider.compareDocumentPosition(line) & Node.DOCUMENT_POSITION_FOLLOWING;
  if (!after || divider.dataset.passed !== undefined) {
    thread.divideBefore(line);
    delete thread.list.querySelector("[data-unread-divider]").dataset.passed;
  }
}

let started = false;

on("message", take);
on("message.read", (frame) => {
  if (frame.by === thread.other) thread.setRead(frame.last_id, clock.time(clock.now()));
  else if (frame.by === me) reading.heard(frame.last_id);
});
on("pong", async ({ last }) => {
  if (last > Math.max(checked, thread.newest()) && (await catchUp())) checked = last;
});
on("sync", catchUp);
thread.onInsert(divide);
thread.onInsert(announce);
// Once read, the line before the new ones has served.
window.addEventListener("blur", () => {
  const divider = thread.list.querySelector("[data-unread-divider]");
  if (divider) divider.dataset.passed = "";
});

outbox.start();
composer.start();

// The reader goes on where they stopped reading, wherever the page begins.
function open() {
  const first = thread.firstUnseen();
  if (first && !thread.movedByHand()) {
    const line = thread.list.querySelector(`[data-message-id="${first}"]`);
    if (!thread.list.querySelector("[data-unread-divider]")) thread.divideBefore(line);
    thread.begin(line);
  }
  reading.begin();
}

reading.start();
if (document.querySelector("[data-thread]").dataset.unreadAbove) fillGap(open);
else open();
started = true;
