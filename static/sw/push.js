// Push, as the service worker takes it: shows what came, and leads to it. A part of /sw.js.
"use strict";
{
  const ICON = "/static/img/app/icon-192.png";
  const ALWAYS_SHOWN = ".push.apple.com"; // takes the permission away from who shows nothing

  self.addEventListener("push", (event) => event.waitUntil(take(event.data)));

  async function take(data) {
    const told = read(data);
    if ((await isSeen()) && !(await mustShow())) return; // the page tells it by itself
    await self.registration.showNotification(told.title, {
      body: told.time,
      // Of one address only the newest is shown, and what came twice once.
      tag: told.url,
      icon: ICON,
      data: { url: told.url },
    });
  }

  /** Whatever comes, something has to be shown. */
  function read(data) {
    try {
      const told = data.json();
      if ([told.title, told.time, told.url].every((each) => typeof each === "string")) return told;
    } catch {
      // As below.
    }
    return { title: "SETAHub", time: "", url: "/notifications/" };
  }

  const windows = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });

  /** Whether somebody looks at the site on this device just now. */
  async function isSeen() {
    return (await windows()).some((tab) => tab.focused && tab.visibilityState === "visible");
  }

  async function mustShow() {
    const subscription = await self.registration.pushManager.getSubscription();
    return Boolean(subscription) && new URL(subscription.endpoint).hostname.endsWith(ALWAYS_SHOWN);
  }

  // Whoever signs out leaves nothing on a device that is shared (reader.js).
  self.addEventListener("message", (event) => {
    if (event.data?.type === "forget") event.waitUntil(takeBack());
  });

  async function takeBack() {
    for (const shown of await self.registration.getNotifications()) shown.close();
  }

  self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(event.notification.data?.url ?? "/notifications/"));
  });

  /** A tab that shows it already comes to the front; in no other is what is typed left behind. */
  async function open(path) {
    const url = new URL(path, location.origin);
    if (url.origin !== location.origin) return;
    const tab = (await windows()).find((each) => each.url === url.href);
    if (tab) await tab.focus();
    else await self.clients.openWindow(url.href);
  }
}
