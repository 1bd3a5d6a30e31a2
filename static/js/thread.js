// The list of messages: each once, in the order of their ids, and the reader's place kept.

import * as clock from "./clock.js";
import { parse } from "./http.js";
import { me } from "./socket.js";
import { say } from "./words.js";

const page = document.querySelector("[data-thread]");
export const other = Number(page.dataset.thread);
export const log = page.querySelector("[data-log]");
export const list = page.querySelector("[data-messages]");
const pills = { above: page.querySelector("[data-pill-above]"), below: page.querySelector("[data-pill]") };
const AT_END = 48; // pixels

let readUpto = Number(page.dataset.theirReadId);
let readAt = page.dataset.theirReadAt;
let seenUpto = Number(page.dataset.readId); // by the reader, with nothing left out
let byHand = false; // the reader has moved the list since it last moved by itself
const watchers = [];

/** Calls the listener with each message element that comes into the list. */
export function onInsert(listener) {
  watchers.push(listener);
}

const stored = () => [...list.querySelectorAll("[data-message-id]:not([data-provisional])")];
const idOf = (line) => Number(line.dataset.messageId);
const withId = (id) => list.querySelector(`[data-message-id="${id}"]`);

/** The id of the newest message that has come whole, 0 for none. */
export const newest = () => idOf(stored().at(-1) ?? { dataset: { messageId: 0 } });
export const oldest = () => idOf(stored()[0] ?? { dataset: { messageId: 0 } });
export const has = (id) => withId(id)?.dataset.provisional === undefined && withId(id) !== null;
export const own = (clientId) =>
  list.querySelector(`[data-client-id="${CSS.escape(clientId)}"]`);

// --- The reader's place --------------------------------------------------------------------------

/** The scroller is reversed: 0 is the end. */
export const atEnd = () => Math.abs(log.scrollTop) < AT_END;
export const movedByHand = () => byHand;

export function toEnd() {
  byHand = false;
  log.scrollTop = 0;
  tally();
}

/** Brings a message, with the divider before it, to the top of what is in sight. */
export function begin(line) {
  byHand = false;
  let first = line;
  while (first.previousElementSibling?.matches(".chat-divider, .chat-day")) first = first.previousElementSibling;
  log.scrollTop += first.getBoundingClientRect().top - log.getBoundingClientRect().top;
  tally();
}

/** Changes the list so that what the reader looks at stays where it is. */
function keepingPlace(change, stick = atEnd()) {
  const top = log.getBoundingClientRect().top;
  const anchor = [...list.children].find((line) => line.getBoundingClientRect().bottom > top);
  const before = anchor?.getBoundingClientRect().top;
  change();
  if (stick) log.scrollTop = 0;
  else if (anchor?.isConnected) log.scrollTop += anchor.getBoundingClientRect().top - before;
}

// --- What was not seen yet -----------------------------------------------------------------------

const unseen = () =>
  stored().filter((line) => Number(line.dataset.senderId) !== me && idOf(line) > seenUpto);

/** The id of the first message of the other that was not seen, 0 for none. */
export const firstUnseen = () => idOf(unseen()[0] ?? { dataset: { messageId: 0 } });
export const seen = () => seenUpto;

/** Everything up to this message was seen. */
export function setSeen(id) {
  if (id <= seenUpto) return;
  seenUpto = id;
  tally();
}

const isAbove = (line) => line.getBoundingClientRect().top < log.getBoundingClientRect().top - 1;
const isBelow = (line) => line.getBoundingClientRect().bottom > log.getBoundingClientRect().bottom + 1;

/** Says how many wait on either side of what is in sight. */
function tally() {
  const lines = unseen();
  const above = lines.filter(isAbove).length;
  const below = atEnd() ? 0 : lines.filter(isBelow).length;
  for (const [pill, count] of [[pills.above, above], [pills.below, below]]) {
    pill.hidden = !count;
    pill.querySelector("[data-text]").textContent = say("unseen", { count });
  }
}

// --- Coming in -----------------------------------------------------------------------------------

/** Puts messages that the server has made (elements, or its HTML) in; those shown stay. */
export function insert(source) {
  const lines = typeof source === "string" ? parse(source) : source;
  const fresh = [...lines.querySelectorAll("[data-message-id]")].filter((line) => !has(idOf(line)));
  if (!fresh.length) return [];
  const [stuck, over] = [atEnd(), unseen().some(isAbove)];
  keepingPlace(() => {
    for (const line of fresh) {
      const mine = line.dataset.clientId && own(line.dataset.clientId);
      (mine || withId(idOf(line)))?.remove();
      place(line);
    }
    arrange();
  });
  // What comes in never pushes what nobody has seen yet out of sight.
  const first = unseen()[0];
  if (stuck && !over && first && isAbove(first)) begin(first);
  else tally();
  for (const line of fresh) for (const watcher of watchers) watcher(line);
  return fresh;
}

function place(line) {
  const before = stored().findLast((each) => idOf(each) < idOf(line));
  if (before) before.after(line);
  else list.prepend(line);
}

/** Puts a message that is not stored yet at the end. */
export function append(line) {
  keepingPlace(() => {
    list.append(line);
    arrange();
  }, true);
  byHand = false;
  tally();
}

export function remove(line) {
  keepingPlace(() => {
    line.remove();
    arrange();
  });
}

/** Where the unread ones begin, when they come while nobody looks. */
export function divideBefore(line) {
  let divider = list.querySelector("[data-unread-divider]");
  if (!divider) {
    divider = page.querySelector("template[data-divider]").content.firstElementChild.cloneNode(true);
  }
  keepingPlace(() => {
    line.before(divider);
    arrange();
  });
}

// --- What stands around messages -----------------------------------------------------------------

/** Days between messages, one time for those of one minute, sent and read marks. */
function arrange() {
  for (const line of list.querySelectorAll("[data-day-separator]")) line.remove();
  const lines = [...list.querySelectorAll("[data-day]")];
  let day = "";
  lines.forEach((line, index) => {
    if (line.dataset.day !== day) {
      day = line.dataset.day;
      const divider = line.previousElementSibling;
      const divided = divider?.matches("[data-unread-divider]");
      (divided ? divider : line).before(separator(line));
    }
    line.classList.toggle("chat-joined", isJoined(line, lines[index + 1]));
  });
  marks();
}

function separator(line) {
  const made = page.querySelector("template[data-day-line]").content.firstElementChild.cloneNode(true);
  made.dataset.daySeparator = line.dataset.day;
  made.querySelector("span").textContent = dayName(line.dataset);
  return made;
}

/** The name that the server gave, unless midnight has passed since. */
function dayName({ day, dayName: given }) {
  if (day === clock.today()) return say("today");
  if (day === clock.yesterday()) return say("yesterday");
  return [say("today"), say("yesterday")].includes(given) ? clock.dayName(day) : given;
}

function isJoined(line, next) {
  if (!next?.matches(".chat-msg") || !line.matches(".chat-msg")) return false;
  const minute = (each) => Math.floor(Date.parse(each.querySelector("time").dateTime) / 60_000);
  return line.dataset.senderId === next.dataset.senderId && minute(line) === minute(next);
}

/** The other has read up to a message; `at` is the time in words. */
export function setRead(id, at) {
  if (id <= readUpto) return;
  readUpto = id;
  readAt = at;
  marks();
}

function marks() {
  const mine = [...list.querySelectorAll(".chat-mine[data-message-id]")];
  const lastRead = mine.findLast((line) => idOf(line) <= readUpto);
  for (const line of mine) {
    const state = line.querySelector("[data-state]");
    let text = "";
    if (line === lastRead && readAt) text = say("read", { time: readAt });
    else if (line === mine.at(-1) && line !== lastRead) text = say("sent");
    if (state.textContent.trim() !== text) state.textContent = text;
  }
}

/** To the first message on that side that was not seen. */
function goTo(isThere) {
  const line = unseen().find(isThere);
  if (line) begin(line);
  else toEnd();
  log.focus({ preventScroll: true });
}

pills.above.addEventListener("click", () => goTo(isAbove));
pills.below.addEventListener("click", () => goTo(isBelow));
log.addEventListener("scroll", tally, { passive: true });
for (const name of ["wheel", "touchmove", "keydown", "pointerdown"]) {
  log.addEventListener(name, () => { byHand = true; }, { passive: true });
}
