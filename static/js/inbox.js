// The list of conversations keeps up by itself: what was written last, how many wait, who types.

import { fragment, insisting, parse } from "./http.js";
import { me, on } from "./socket.js";

const TYPING_FOR = 6_000;
const list = document.querySelector("[data-inbox]");
const timers = new Map();

const rowOf = (person) => list.querySelector(`[data-conversation="${person}"]`);

function update(frame) {
  const person = frame.from === me ? frame.to : frame.from;
  const row = rowOf(person);
  if (!row) return reload();
  const line = parse(frame.html).querySelector("[data-message-id]");
  row.querySelector("[data-preview]").textContent = line.dataset.preview;
  row.querySelector("[data-when]").textContent = line.dataset.ago;
  stopTyping(person);
  if (list.dataset.inbox) list.prepend(row);
}

/** The list as the server shows it now; further pages of it stay as they are. */
const reload = insisting(async () => {
  if (!list.dataset.inbox) return true;
  const fresh = await fragment("/messages/", "[data-inbox]");
  if (!fresh) return false;
  const open = list.querySelector("[aria-current]")?.closest("[data-conversation]");
  const most = list.dataset.inbox === "few" ? list.children.length : Infinity;
  list.replaceChildren(...[...fresh.children].slice(0, most));
  const link = open && rowOf(open.dataset.conversation)?.querySelector("a");
  link?.setAttribute("aria-current", "page");
  return true;
});

function typing(person) {
  const row = rowOf(person);
  if (!row) return;
  row.classList.add("chat-typing");
  clearTimeout(timers.get(person));
  timers.set(person, setTimeout(() => stopTyping(person), TYPING_FOR));
}

function stopTyping(person) {
  clearTimeout(timers.get(person));
  rowOf(person)?.classList.remove("chat-typing");
}

if (list) {
  on("message", update);
  on("typing", (frame) => typing(frame.from));
  on("sync", reload);
}
