// The worker of a site that wants none any more: it takes away what was kept, and itself.
"use strict";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(leave()));

async function leave() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("setahub-")).map((name) => caches.delete(name)));
  await self.registration.unregister();
}
