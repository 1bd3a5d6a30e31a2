// How many messages wait: in the navigation, in the list of conversations, in the tab's title.

import { data, insisting } from "./http.js";
import { lastAtStart, on } from "./socket.js";

const MOST = 99;
const title = document.title;

let seen = lastAtStart; // the newest message that the shown numbers include for certain
let newest = lastAtStart; // that we have heard of
let news = 0; // counts frames, so that an answer that is older than one is not shown

function show(badge, number) {
  badge.querySelector("[data-number]").textContent = number > MOST ? `${MOST}+` : number;
  badge.hidden = !number;
}

export function showTotal(total) {
  for (const badge of document.querySelectorAll("[data-unread-total]")) {
    badge.dataset.unreadTotal = total;
    show(badge, total);
  }
  document.title = total ? `(${total > MOST ? `${MOST}+` : total}) ${title}` : title;
}

function showCount(row, count) {
  row.classList.toggle("chat-unread", count > 0);
  show(row.querySelector("[data-unread-count]"), count);
}

export const refresh = insisting(async () => {
  let before, found;
  const last = newest;
  do {
    before = news;
    found = await data("/messages/unread/");
    if (!Number.isInteger(found?.total) || typeof found.conversations !== "object") return false;
  } while (before !== news);
  seen = Math.max(seen, last);
  showTotal(found.total);
  for (const row of document.querySelectorAll("[data-conversation]")) {
    showCount(row, found.conversations[row.dataset.conversation] ?? 0);
  }
  return true;
});

on("unread", (frame) => {
  news += 1;
  showTotal(frame.total);
  const row = document.querySelector(`[data-conversation="${frame.with}"]`);
  if (row) showCount(row, frame.count);
});
on("pong", ({ last }) => {
  newest = Math.max(newest, last ?? 0);
  if (newest > seen) refresh();
});
on("sync", () => refresh());

const badge = document.querySelector("[data-unread-total]");
if (badge) showTotal(Number(badge.dataset.unreadTotal));
