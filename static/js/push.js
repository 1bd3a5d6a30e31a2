// Push on this device: asked for on a tap (devices.js), and kept up while its person stays signed in.

import { ask, token } from "./http.js";
import { me } from "./socket.js";

const KEPT = "setahub.push"; // {user, endpoint}: gone with the sign-out (reader.js)
const ADDRESS = "/users/me/push/";
const NOT_FOUND = 404;
const PATIENCE = 10_000;

const siteKey = () => document.querySelector('meta[name="push-key"]')?.content ?? "";

/** Whether this browser can be told anything at all. */
export const isAble = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT));
    return found?.user === me ? found : null;
  } catch {
    return null;
  }
}

function keep(endpoint) {
  try {
    localStorage.setItem(KEPT, JSON.stringify({ user: me, endpoint }));
  } catch {
    // Then it is not renewed when the site's key changes.
  }
}

function forget() {
  try {
    localStorage.removeItem(KEPT);
  } catch {
    // It was not kept.
  }
}

function request(method, content) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token() };
  return ask(ADDRESS, { method, headers, body: JSON.stringify(content) });
}

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

/** Whether a subscription was made with the key that the site has now. */
function isCurrent(subscription) {
  const given = subscription.options.applicationServerKey;
  const wanted = toBytes(siteKey());
  return given?.byteLength === wanted.length && new Uint8Array(given).every((byte, at) => byte === wanted[at]);
}

/** The browser's subscription with the site's key; raises where the push service can't be reached. */
async function subscribed(registration) {
  const found = await registration.pushManager.getSubscription();
  if (found && isCurrent(found)) return found;
  await found?.unsubscribe();
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: toBytes(siteKey()) });
}

/** The service worker; raises where there is none by then. */
function registered() {
  const late = new Promise((_, fail) => setTimeout(fail, PATIENCE, new Error("no service worker")));
  return Promise.race([navigator.serviceWorker.ready, late]);
}

/** Has this device told from now on; raises where that fails. */
export async function begin() {
  const subscription = await subscribed(await registered());
  const answer = await request("POST", subscription);
  if (!answer?.ok) throw new Error("the site didn't take it");
  keep(subscription.endpoint);
}

/** Ends it in the browser; the site is told in another way. */
export async function end() {
  forget();
  const registration = await navigator.serviceWorker?.getRegistration();
  const subscription = await registration?.pushManager?.getSubscription();
  await subscription?.unsubscribe();
}

/**
 * Keeps up what was asked for here: the browser may have changed it, or taken the permission back, and the
 * site may have a new key.
 */
export async function tend() {
  const before = kept();
  if (!before || !siteKey() || !isAble()) return;
  const registration = await navigator.serviceWorker.getRegistration();
  if (!registration) return;
  if (Notification.permission !== "granted") {
    const answer = await request("DELETE", { endpoint: before.endpoint });
    if (answer) forget();
    return;
  }
  const found = await registration.pushManager.getSubscription();
  if (found?.endpoint === before.endpoint && isCurrent(found)) return;
  const fresh = await subscribed(registration);
  const answer = await request("POST", { ...fresh.toJSON(), replaces: before.endpoint });
  if (answer?.ok) keep(fresh.endpoint);
  else if (answer?.status === NOT_FOUND) await end(); // taken back elsewhere
}

tend().catch(() => {}); // the next page tries again
