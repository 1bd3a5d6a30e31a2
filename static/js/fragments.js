// Parts of pages that htmx fetches: only the site's own answers come in, those made for this person;
// what brought none is asked for again after growing waits.

const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 60_000;
const me = document.querySelector("[data-live]")?.dataset.user ?? null;
const tries = new WeakMap(); // element → {failures, timer}

const triesOf = (element) => {
  if (!tries.has(element)) tries.set(element, { failures: 0 });
  return tries.get(element);
};

/** Whoever is signed out meanwhile, or is somebody else, is told so or sent to the login. */
const isOurs = (request) =>
  request.getResponseHeader("X-Viewer") === me ||
  ["HX-Redirect", "HX-Retarget", "HX-Reswap"].some((name) => request.getResponseHeader(name) !== null);

function askLater({ elt, requestConfig: { verb, path } }) {
  const own = triesOf(elt);
  const wait = Math.min(FIRST_WAIT * 2 ** own.failures++, LONGEST_WAIT) * (0.5 + Math.random() / 2);
  own.timer = setTimeout(() => elt.isConnected && htmx.ajax(verb, path, { source: elt }), wait);
}

// What is asked for anew is newer than what failed.
document.addEventListener("htmx:beforeRequest", ({ detail }) => clearTimeout(triesOf(detail.elt).timer));
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (isOurs(event.detail.xhr)) return tries.delete(event.detail.elt);
  event.preventDefault();
  askLater(event.detail);
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => askLater(event.detail));
}
