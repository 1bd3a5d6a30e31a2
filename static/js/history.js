// Older messages on the way up, and those that were missed.

import * as thread from "./thread.js";
import { fragment } from "./http.js";

const url = `/messages/${thread.other}/history/`;
const more = document.querySelector("[data-older]");
let catching = null;
let again = false;
let loading = false;

function take(found) {
  const lines = found.querySelector("[data-history]");
  thread.setRead(Number(lines.dataset.theirReadId), lines.dataset.theirReadAt);
  thread.insert(found);
  return lines.dataset.more !== undefined;
}

/** Fetches whatever is newer than what is shown. Whether it worked. */
export async function catchUp() {
  // One at a time; what happens meanwhile is fetched right after.
  if (catching) {
    again = true;
    return catching;
  }
  catching = fetchNewer();
  const worked = await catching;
  catching = null;
  return worked;
}

async function fetchNewer() {
  do {
    again = false;
    const found = await fragment(`${url}?after=${thread.newest()}`);
    if (!found) return false;
    if (take(found)) again = true;
  } while (again);
  return true;
}

async function older() {
  if (loading || more.hidden) return;
  loading = true;
  more.setAttribute("aria-busy", "true");
  const found = await fragment(`${url}?before=${thread.oldest()}`);
  more.removeAttribute("aria-busy");
  if (found) more.hidden = !take(found);
  loading = false;
}

if (more) {
  more.addEventListener("click", (event) => {
    event.preventDefault();
    older();
  });
  const watch = new IntersectionObserver((entries) => entries[0].isIntersecting && older(), {
    root: thread.log,
    rootMargin: "200px 0px 0px",
  });
  // Only once the reader goes up: a page that has just opened loads nothing.
  thread.log.addEventListener("scroll", () => watch.observe(more), { once: true, passive: true });
}
