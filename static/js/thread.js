// The list of messages: each once, in the order of their ids, and the reader's place kept.

import * as clock from "./clock.js";
import { parse } from "./http.js";
import { say } from "./words.js";

const page = document.querySelector("[data-thread]");
export const other = Number(page.dataset.thread);
export const log = page.querySelector("[data-log]");
export const list = page.querySelector("[data-messages]");
const pill = page.querySelector("[data-pill]");
const AT_END = 48; // pixels

let readUpto = Number(page.dataset.theirReadId);
let readAt = page.dataset.theirReadAt;
let unseen = 0;
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

export function toEnd() {
  log.scrollTop = 0;
  count(0);
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

function count(number) {
  unseen = number;
  pill.hidden = !unseen;
  pill.querySelector("[data-text]").textContent = say("unseen", { count: unseen });
}

// --- Coming in -----------------------------------------------------------------------------------

/** Puts messages that the server has made (elements, or its HTML) in; those shown stay. */
export function insert(source) {
  const lines = typeof source === "string" ? parse(source) : source;
  const fresh = [...lines.querySelectorAll("[data-message-id]")].filter((line) => !has(idOf(line)));
  if (!fresh.length) return [];
  const below = newest();
  keepingPlace(() => {
    for (const line of fresh) {
      const mine = line.dataset.clientId && own(line.dataset.clientId);
      (mine || withId(idOf(line)))?.remove();
      place(line);
    }
    arrange();
  });
  const added = fresh.filter((line) => idOf(line) > below && line.matches(":not(.mine)"));
  if (added.length && !atEnd()) count(unseen + added.length);
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
  count(0);
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
    line.classList.toggle("joined", isJoined(line, lines[index + 1]));
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
  if (!next?.matches(".msg") || !line.matches(".msg")) return false;
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
  const mine = [...list.querySelectorAll(".mine[data-message-id]")];
  const lastRead = mine.findLast((line) => idOf(line) <= readUpto);
  for (const line of mine) {
    const state = line.querySelector("[data-state]");
    let text = "";
    if (line === lastRead && readAt) text = say("read", { time: readAt });
    else if (line === mine.at(-1) && line !== lastRead) text = say("sent");
    if (state.textContent.trim() !== text) state.textContent = text;
  }
}

pill.addEventListener("click", () => toEnd());
log.addEventListener("scroll", () => atEnd() && unseen && count(0), { passive: true });
