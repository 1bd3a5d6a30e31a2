// Older messages on the way up, those that were missed, and unread ones that the page begins after.

import { fragment, insisting } from "./http.js";
import * as thread from "./thread.js";

const url = `/messages/${thread.other}/history/`;
const page = document.querySelector("[data-thread]");
const more = document.querySelector("[data-older]");

/** Asks for a part of the conversation and shows it: {last id, whether there is more}, or null. */
async function fetchPart(query) {
  const part = await fragment(`${url}?${query}`, "[data-history]");
  if (!part) return null;
  const last = Number([...part.querySelectorAll("[data-message-id]")].at(-1)?.dataset.messageId ?? 0);
  const isMore = part.dataset.more !== undefined;
  thread.setRead(Number(part.dataset.theirReadId), part.dataset.theirReadAt);
  thread.insert(part);
  return { last, isMore };
}

/** Fetches whatever is newer than what is shown. Whether it worked. */
export const catchUp = insisting(async () => {
  let part;
  do {
    part = await fetchPart(`after=${thread.newest()}`);
  } while (part?.isMore && part.last);
  return part !== null;
});

/** Loads the unread messages before those of the page, then calls `done`. */
export function fillGap(done) {
  const begin = thread.oldest();
  let at = Number(page.dataset.readId);
  const fill = insisting(async () => {
    while (at < begin) {
      const part = await fetchPart(`after=${at}`);
      if (!part) return false;
      at = part.isMore ? part.last : begin;
    }
    done();
    return true;
  });
  fill();
}

const older = insisting(async () => {
  more.setAttribute("aria-busy", "true");
  try {
    const part = await fetchPart(`before=${thread.oldest()}`);
    if (part) more.hidden = !part.isMore;
    return part !== null;
  } finally {
    more.removeAttribute("aria-busy");
  }
});

if (more) {
  const wanted = () => more.hidden || more.ariaBusy || older();
  more.addEventListener("click", (event) => {
    event.preventDefault();
    wanted();
  });
  const watch = new IntersectionObserver((entries) => entries[0].isIntersecting && wanted(), {
    root: thread.log,
    rootMargin: "200px 0px 0px",
  });
  // Only once the reader goes up: a page that has just opened loads nothing.
  thread.log.addEventListener("scroll", () => watch.observe(more), { once: true, passive: true });
}
