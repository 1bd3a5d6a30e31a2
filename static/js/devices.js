// On the page of what reaches one: "Tell me on this device", and the words where that can't be.

import { fragment } from "./http.js";
import { begin, end, isAble } from "./push.js";

const part = document.querySelector("[data-push-ask]");
const button = part.querySelector("button");

function say(name) {
  for (const line of document.querySelectorAll("[data-push-said]")) line.hidden = line.dataset.pushSaid !== name;
}

/** An iPad says that it is a Mac; only it has a screen to touch. */
const isApplePhone = () =>
  /iPhone|iPad|iPod/.test(navigator.userAgent) ||
  (navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1);

const isInstalled = () => navigator.standalone === true || matchMedia("(display-mode: standalone)").matches;

const isTold = () => document.querySelector("[data-push-here]") !== null;

function look() {
  if (!isAble()) {
    return say(isApplePhone() && !isInstalled() ? "install" : "unable");
  }
  const blocked = Notification.permission === "denied";
  part.hidden = blocked || isTold();
  if (blocked) say("blocked");
}

/** Also ends it in this browser; the form itself tells the site. */
function tendRemoval() {
  document.querySelector("[data-push-here]")?.addEventListener("submit", () => end().catch(() => {}));
}

async function showDevices() {
  const fresh = await fragment(location.pathname, "[data-push-devices]");
  if (!fresh) return location.reload();
  document.querySelector("[data-push-devices]").replaceWith(fresh);
  tendRemoval();
}

button.addEventListener("click", async () => {
  say("");
  button.disabled = true;
  try {
    const answer = await Notification.requestPermission();
    if (answer === "granted") {
      await begin();
      await showDevices();
      say("told");
    }
    look();
  } catch {
    say("failed");
  } finally {
    button.disabled = false;
  }
});

tendRemoval();
look();
