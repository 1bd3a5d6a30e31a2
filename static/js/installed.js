// The installed app: its service worker, and what that keeps on this device (sw/offline.js). Pages work
// without it.

import { forget } from "./reader.js";

const container = navigator.serviceWorker; // none in old browsers, and over plain http
const reader = document.querySelector('meta[name="reader"]').content;

async function tell(type) {
  const { active } = await container.ready; // never, where there is no worker
  // A new one begins by taking away what was kept before.
  if (active.state === "activating") {
    await new Promise((done) => active.addEventListener("statechange", done, { once: true }));
  }
  active.postMessage({ type, reader, language: document.documentElement.lang });
}

/** Bookings may be others than those that are kept. */
export function bookingsChanged() {
  if (container) tell("changed");
}

function start() {
  let controlled = Boolean(container.controller);
  container.register("/sw.js").catch(() => {}); // an earlier one goes on, or none
  container.addEventListener("controllerchange", () => {
    if (controlled) tell("loaded");
    controlled = true;
  });
  tell("loaded");
}

/** Buttons that empty what is kept, on pages that have one. */
function tendClearing(part) {
  const button = part.querySelector("button");
  part.hidden = false;
  button.addEventListener("click", async () => {
    await forget();
    for (const kept of document.querySelectorAll("[data-kept-here]")) kept.remove();
    part.querySelector("[data-cleared]").hidden = false;
    button.disabled = true;
  });
}

if (container) {
  // Whoever waits for a page doesn't wait for this.
  const soon = () => setTimeout(start);
  if (document.readyState === "complete") soon();
  else addEventListener("load", soon);
}
document.querySelectorAll("[data-clear]").forEach(tendClearing);
