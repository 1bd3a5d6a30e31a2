// The offline page: which bookings are over by now, and on to the page that was wanted as soon as the site
// can be reached.

const OWN = "/offline/"; // where nothing else is wanted
const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 60_000;

let attempt = 0;
let waiting;

async function look() {
  clearTimeout(waiting);
  try {
    await fetch("/healthz", { cache: "no-store" });
    location.reload();
  } catch {
    later();
  }
}

function later() {
  // No other page's moment: all of them lost the site.
  const wait = Math.min(FIRST_WAIT * 2 ** attempt++, LONGEST_WAIT) * (0.5 + Math.random());
  waiting = setTimeout(look, wait);
}

for (const row of document.querySelectorAll("[data-ends]")) {
  if (Date.parse(row.dataset.ends) < Date.now()) row.querySelector("[data-over]").hidden = false;
}

if (location.pathname !== OWN) {
  window.addEventListener("online", look);
  later();
}
