// What happened, on any page: how many notices are unread, and the newest as a toast.

import { data, insisting } from "./http.js";
import { bookingsChanged } from "./installed.js";
import { on } from "./socket.js";
import { toast } from "./toast.js";

const MOST = 99;
let news = 0; // counts frames, so that an answer that is older than one is not shown

function show(unread) {
  for (const badge of document.querySelectorAll("[data-unread-notices]")) {
    badge.dataset.unreadNotices = unread;
    badge.querySelector("[data-number]").textContent = unread > MOST ? `${MOST}+` : unread;
    badge.hidden = !unread;
  }
}

const refresh = insisting(async () => {
  let before, found;
  do {
    before = news;
    found = await data("/notifications/unread/");
    if (!Number.isInteger(found?.total)) return false;
  } while (before !== news);
  show(found.total);
  return true;
});

on("notice", ({ unread, title, url }) => {
  news += 1;
  show(unread);
  bookingsChanged();
  toast(url, url, title, "");
});
// Read on another device or in another tab.
on("notice.read", ({ unread }) => {
  news += 1;
  show(unread);
});
on("sync", () => refresh());

// Where this device is told by push, that is kept up on every page.
try {
  if (localStorage.getItem("setahub.push")) import("./push.js");
} catch {
  // A browser that keeps nothing was not asked either.
}
