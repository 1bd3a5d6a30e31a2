// How many messages wait: in the navigation, in the list of conversations, in the tab's title.

import { ask } from "./http.js";
import { lastAtStart, on } from "./socket.js";

const MOST = 99;
const title = document.title;

let seen = lastAtStart; // the newest message that the shown numbers include for certain
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
  row.classList.toggle("unread", count > 0);
  show(row.querySelector("[data-unread-count]"), count);
}

export async function refresh(last = seen) {
  const before = news;
  const response = await ask("/messages/unread/");
  if (!response?.ok) return;
  const { total, conversations } = JSON.parse(response.text);
  if (before !== news) return refresh(last);
  seen = Math.max(seen, last);
  showTotal(total);
  for (const row of document.querySelectorAll("[data-conversation]")) {
    showCount(row, conversations[row.dataset.conversation] ?? 0);
  }
}

on("unread", (frame) => {
  news += 1;
  showTotal(frame.total);
  const row = document.querySelector(`[data-conversation="${frame.with}"]`);
  if (row) showCount(row, frame.count);
});
on("pong", ({ last }) => last > seen && refresh(last));
on("sync", () => refresh());

const badge = document.querySelector("[data-unread-total]");
if (badge) showTotal(Number(badge.dataset.unreadTotal));
