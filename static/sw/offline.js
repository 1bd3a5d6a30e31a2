// The service worker of the installed app. /sw.js tells it what it has to know (`shell`).
//
// Pages come from the network and from nowhere else; where that fails, the offline page stands in. It is
// kept twice: for nobody, with the other files of the shell, and for whoever is signed in, with their next
// bookings. The second is shown to them alone: the site's cookie has to name whom it was made for, and any
// answer that is for nobody or for somebody else empties it.
//
// Nothing else is touched: no form, no request of a script, no picture.
"use strict";
{
  const { version, files, page: PAGE, reader: READER, straight } = self.shell;
  const SHELL = `setahub-shell-${version}`;
  const PRIVATE = "setahub-private"; // reader.js empties it too
  const VIEWER = "X-Viewer"; // names whom an answer of the site was made for
  const SEEN = "X-Seen";
  const FRESH = 5 * 60_000;
  const OUTAGE = 500;
  const HASHED = /\.[0-9a-f]{12}\.\w+$/;
  const ours = new Set(files.map((file) => new URL(file, location.href).href));

  let emptied = 0; // counts, so that nothing is put back that was asked for before
  let changed = false; // a form was sent: bookings may be others by now
  let refreshing = null;
  let again = false;

  // --- A new version -----------------------------------------------------------------------------

  self.addEventListener("install", (event) => event.waitUntil(install()));

  async function install() {
    const cache = await caches.open(SHELL);
    // What has no hash in its name may have changed under it.
    const asked = files.map((file) => new Request(file, { cache: HASHED.test(file) ? "default" : "no-cache" }));
    await Promise.all([cache.addAll(asked), speak(navigator.language)]);
    // Pages are never kept, so an open one can have the new worker as well.
    await self.skipWaiting();
  }

  self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

  async function takeOver() {
    const names = await caches.keys();
    // The kept page too: it wants files of its own version. Open pages have it fetched anew.
    const old = names.filter((name) => name.startsWith("setahub-") && name !== SHELL);
    await Promise.all(old.map((name) => caches.delete(name)));
    // A page is asked for while the worker is still starting.
    await self.registration.navigationPreload?.enable();
    await self.clients.claim();
  }

  // --- What it answers ---------------------------------------------------------------------------

  self.addEventListener("fetch", (event) => {
    const { request } = event;
    const { origin, pathname } = new URL(request.url);
    if (origin !== location.origin) return;
    if (request.mode === "navigate") {
      if (request.method !== "GET") changed = true;
      else event.respondWith(isStraight(pathname) ? network(event) : answer(event));
    } else if (request.method === "GET" && ours.has(request.url)) {
      event.respondWith(file(request));
    }
  });

  const isStraight = (path) =>
    straight.begin.some((begin) => path.startsWith(begin)) || straight.end.some((end) => path.endsWith(end));

  /** A page as the browser asked for it already, where it does: a second request is never sent. */
  const network = async (event) => (await event.preloadResponse) ?? fetch(event.request);

  async function answer(event) {
    let response;
    try {
      response = await network(event);
    } catch {
      return standIn();
    }
    event.waitUntil(look(response).catch(() => {}));
    return response;
  }

  async function file(request) {
    const kept = () => found(SHELL, request.url);
    if (HASHED.test(request.url)) return (await kept()) ?? fetch(request);
    try {
      return await fetch(request);
    } catch (error) {
      const before = await kept();
      if (before) return before;
      throw error;
    }
  }

  async function standIn() {
    return (await mine()) ?? (await found(SHELL, PAGE)) ?? Response.error();
  }

  /** What is kept, or undefined; a browser that can't say is one that keeps nothing. */
  const found = (cacheName, url) => caches.match(url, { cacheName, ignoreVary: true }).catch(() => undefined);

  // --- Whose bookings ----------------------------------------------------------------------------

  /** Who is signed in, as the site has told this browser; undefined where that can't be known. */
  const reader = async () => (await self.cookieStore?.get(READER).catch(() => null))?.value;

  /** The offline page of who is signed in now. */
  async function mine() {
    const kept = await found(PRIVATE, PAGE);
    if (!kept) return undefined;
    if (kept.headers.get(VIEWER) === (await reader())) return kept;
    await forget();
    return undefined;
  }

  async function forget() {
    emptied += 1;
    await caches.delete(PRIVATE);
  }

  /** Whether a page is for whom the bookings are kept for. */
  async function look(response) {
    if (response.type === "opaqueredirect") return; // the next one tells
    const viewer = response.headers.get(VIEWER);
    if (!viewer && response.status >= OUTAGE) return; // it says nothing of who is there
    const kept = await found(PRIVATE, PAGE);
    if (kept && kept.headers.get(VIEWER) !== viewer) await forget();
  }

  /** Fetches the page with the bookings; once at a time, and once more when it was asked for meanwhile. */
  function refresh() {
    again = true;
    refreshing ??= (async () => {
      try {
        while (again) {
          again = false;
          await keep();
        }
      } finally {
        refreshing = null;
      }
    })();
    return refreshing;
  }

  async function keep() {
    if (!self.cookieStore) return; // whose it is couldn't be told later
    const begun = emptied;
    const response = await fetch(PAGE, { cache: "no-store", redirect: "error" }).catch(() => null);
    if (!response?.ok) return; // the next page asks again
    const body = await response.blob();
    const viewer = response.headers.get(VIEWER);
    if (!viewer || viewer !== (await reader())) return forget();
    if (emptied !== begun) return;
    const headers = new Headers(response.headers);
    headers.delete("Content-Encoding"); // it is unpacked by now
    headers.delete("Content-Length");
    headers.set(SEEN, Date.now());
    const cache = await caches.open(PRIVATE);
    await cache.put(PAGE, new Response(body, { headers }));
    if (emptied !== begun) await caches.delete(PRIVATE);
  }

  /** Keeps the page for nobody in the language that the site speaks here. */
  async function speak(language) {
    const kept = await found(SHELL, PAGE);
    if (kept?.headers.get("Content-Language") === language) return;
    const headers = { "Accept-Language": language };
    const response = await fetch(PAGE, { cache: "no-store", credentials: "omit", redirect: "error", headers });
    if (!response.ok) throw new TypeError(`${PAGE}: ${response.status}`);
    const cache = await caches.open(SHELL);
    await cache.put(PAGE, response);
  }

  // --- What pages tell it ------------------------------------------------------------------------

  const told = { loaded, changed: refresh, forget };

  self.addEventListener("message", (event) => {
    const { type, ...page } = event.data ?? {};
    if (Object.hasOwn(told, type)) event.waitUntil(told[type](page).catch(() => {}));
  });

  /** A page was opened that was made for `reader` ("": nobody), in a language. */
  async function loaded({ reader: viewer, language }) {
    await self.clients.claim(); // one that was on its way when the worker took over isn't its own yet
    if (!viewer) {
      await forget();
    } else {
      const kept = await found(PRIVATE, PAGE);
      const is = (name, value) => kept?.headers.get(name) === value;
      if (kept && !is(VIEWER, viewer)) await forget();
      const fresh = Date.now() - Number(kept?.headers.get(SEEN)) < FRESH;
      if (changed || !fresh || !is(VIEWER, viewer) || !is("Content-Language", language)) {
        changed = false;
        await refresh();
      }
    }
    await speak(language);
  }
}
