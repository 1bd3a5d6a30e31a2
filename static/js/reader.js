// Whose page this is. A computer may be shared: what was made for one person is not shown to the
// next, whatever way it comes back, and nothing that scripts keep outlasts a sign-out.

const PREFIX = "setahub.";
const LAST = "setahub.reader"; // who was signed in at this browser last
const NOBODY = "0";
const BOOKINGS = "setahub-private"; // what the service worker keeps (sw/offline.js)

const madeFor = document.querySelector('meta[name="reader"]').content || NOBODY;

/** Who is signed in now, as the server has told this browser; undefined when it hasn't. */
const now = () => document.cookie.match(/(?:^|; )(?:__Host-)?reader=(\d+)/)?.[1];

/** Whether somebody else than this page was made for, or nobody, is signed in by now. */
export const isOthers = () => (now() ?? madeFor) !== madeFor;

/** Takes away the page with one's next bookings, also where the worker is just fetching it. */
export async function forgetBookings() {
  navigator.serviceWorker?.controller?.postMessage({ type: "forget" });
  await globalThis.caches?.delete(BOOKINGS).catch(() => {});
}

/** Takes away all that scripts keep in this browser. */
export function forget() {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX) || key.startsWith("htmx")) localStorage.removeItem(key);
    }
    sessionStorage.clear();
    indexedDB.deleteDatabase("setahub");
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
  return forgetBookings();
}

/** Nobody gets to see or to send what the one before has left, even without a sign-out. */
function forgetOthers() {
  if (madeFor === NOBODY) return; // they may come back
  try {
    if ((localStorage.getItem(LAST) ?? madeFor) !== madeFor) forget();
    localStorage.setItem(LAST, madeFor);
  } catch {
    // As above.
  }
}

// Asked for anew, and never by sending a form again.
const reload = () => location.replace(location.pathname + location.search);

// Into the browser's memory a page goes unseen, and comes out of it when that is settled.
window.addEventListener("pagehide", (event) => {
  if (event.persisted) document.documentElement.dataset.away = "";
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  if ((now() ?? NOBODY) !== madeFor) reload();
  else delete document.documentElement.dataset.away;
});
// A tab beside the one that signed out goes, too. Where a session has only ended, it stays: what is
// being typed there is its owner's.
let left = false;
window.addEventListener("storage", (event) => {
  if (event.key === LAST && event.newValue === null) left = true;
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && isOthers() && (left || now() !== NOBODY)) reload();
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-sign-out]")) forget();
});

forgetOthers();
