// The tab's one socket: whatever on the page wants to know something listens here.
//
// Events are the frames by their type, and: "open" (connected; {first}), "closed", and "sync" (some
// frames may have been missed: ask the server). A frame is only a hint; the database is the truth.

import { forgetBookings, isOthers } from "./reader.js";

const PING_EVERY = 25_000;
const ANSWER_WITHIN = 10_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
const POLL_EVERY = 15_000;
const PATIENCE = 4_000; // a server that restarts is no news
const NO_SESSION = 4401;
const SESSION_ENDED = 4403;
const TOO_MANY = 4408;

const root = document.querySelector("[data-live]");

export const me = Number(root?.dataset.user ?? 0);
/** The newest message of all conversations when the page was made. */
export const lastAtStart = Number(root?.dataset.last ?? 0);

const listeners = new Map();
let socket = null;
let ready = false; // the server has answered on this socket
let live = true; // its channel layer works, as far as we know
let opened = false;
let stopped = ""; // why nothing is asked any more: "signed-out" or "somebody-else"
let refusedOnce = false;
let aside = false; // this tab was one too many and waits until somebody looks at it
let reachable = true;
let attempt = 0;
let reconnecting, pinging, waiting, pausing, polling;

/** Calls the listener on every frame of this type, or event of this name. */
export function on(name, listener) {
  if (!listeners.has(name)) listeners.set(name, []);
  listeners.get(name).push(listener);
  // A file that the network brought late: the connection may be older than it.
  if (name === "open" && ready) queueMicrotask(() => listener({ first: true }));
}

/** Sends a frame; false when there is no connection. */
export function send(frame) {
  if (!isOpen()) return false;
  socket.send(JSON.stringify(frame));
  return true;
}

export function isOpen() {
  return ready && socket.readyState === WebSocket.OPEN;
}

/** Whether everything that happens comes by itself. */
export function isLive() {
  return isOpen() && live;
}

function tell(name, detail = {}) {
  for (const listener of listeners.get(name) ?? []) {
    try {
      listener(detail);
    } catch (error) {
      reportError(error); // what one of them can't take, the others still hear
    }
  }
}

// --- Whose session it is -------------------------------------------------------------------------

/** Why the page has stopped asking: "signed-out", "somebody-else" or "". */
export const isStopped = () => stopped;

/** The session has ended: says so, and stops. */
export const signedOut = () => stop("signed-out");

/** Another person has signed in in this browser: nothing of theirs belongs on this page. */
export const somebodyElse = () => stop("somebody-else");

function stop(reason) {
  if (stopped === reason) return;
  stopped = reason;
  forgetBookings();
  drop();
  clearTimeout(reconnecting);
  resume();
  showNotes();
}

/** The site has answered to the person whose page this is: it goes on if it had stopped. */
export function stillMine() {
  if (!stopped) return;
  stopped = "";
  showNotes();
  comeBack();
}

// --- The connection ------------------------------------------------------------------------------

function connect() {
  clearTimeout(reconnecting);
  if (stopped || aside || socket) return;
  // Somebody else's session: what is typed on this page must never be theirs.
  if (isOthers()) {
    signedOut();
    return tell("sync"); // the answer tells whose it is
  }
  const address = new URL("/ws/", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const own = new WebSocket(address);
  socket = own;
  // A handshake may hang as well: until the first answer there is no connection.
  pausing ??= setTimeout(pause, PATIENCE);
  waiting = setTimeout(() => closed(0), ANSWER_WITHIN);
  // The session is looked at only after the handshake: the first answer tells that it stands, and
  // by the name that it is still this page's person's.
  own.addEventListener("open", () => own === socket && ping({ user: me }));
  own.addEventListener("message", (event) => own === socket && receive(event.data));
  own.addEventListener("close", (event) => own === socket && closed(event.code));
}

function receive(text) {
  let frame;
  try {
    frame = JSON.parse(text);
  } catch {
    return; // not one of ours
  }
  if (frame.type === "pong") {
    clearTimeout(waiting);
    waiting = undefined;
    welcome();
    const wasLive = live;
    live = frame.live;
    if (!live) pause();
    else if (resume() || !wasLive) tell("sync");
  }
  tell(frame.type, frame);
}

function welcome() {
  if (ready) return;
  ready = true;
  attempt = 0;
  refusedOnce = false;
  pinging = setInterval(ping, PING_EVERY);
  tell("open", { first: !opened });
  if (opened) tell("sync");
  opened = true;
}

function closed(code) {
  drop();
  if (code === NO_SESSION) return signedOut();
  if (code === SESSION_ENDED && refusedOnce) {
    signedOut();
    return tell("sync"); // the answer tells whether somebody else is signed in now
  }
  pausing ??= setTimeout(pause, PATIENCE);
  if (code === TOO_MANY) {
    aside = true;
    return;
  }
  if (code === SESSION_ENDED) {
    // Perhaps this browser has a new session already: one more try tells.
    refusedOnce = true;
    return connect();
  }
  comeBack();
}

/** Connects after a wait that grows, and that is no other tab's: all of them lost the server. */
function comeBack() {
  const wait = Math.min(FIRST_WAIT * 2 ** attempt++, LONGEST_WAIT) * (0.5 + Math.random());
  clearTimeout(reconnecting);
  reconnecting = setTimeout(connect, wait);
}

/** Forgets the socket, without waiting for the other side. */
function drop() {
  clearInterval(pinging);
  clearTimeout(waiting);
  waiting = undefined;
  const old = socket;
  socket = null;
  ready = false;
  old?.close();
  if (old) tell("closed");
}

function ping(more = {}) {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ type: "ping", ...more }));
  // A connection that only seems to be there says nothing.
  waiting ??= setTimeout(() => closed(0), ANSWER_WITHIN);
}

/** The tab or the network is back: no need to wait for the next try. */
function wake(event) {
  if (document.hidden) return;
  if (event.type !== "online") aside = false;
  if (stopped) return tell("sync"); // perhaps the reader has signed in again
  if (socket) return ping();
  attempt = 0;
  connect();
}

/** A tab that was one too many comes back when it is used. */
function lookedAt() {
  if (!aside) return;
  aside = false;
  connect();
}

// --- Without live updates ------------------------------------------------------------------------

function pause() {
  if (polling || stopped) return;
  polling = setInterval(look, POLL_EVERY);
  showNotes();
  look();
}

function look() {
  if (aside && document.hidden) return;
  ping();
  tell("sync");
}

/** Takes the notice away; whether there was one. */
function resume() {
  clearTimeout(pausing);
  pausing = undefined;
  if (!polling) return false;
  clearInterval(polling);
  polling = undefined;
  showNotes();
  return true;
}

/** Whether the last request of a script reached the site. */
export function reached(whether) {
  reachable = whether;
  showNotes();
}

/** What the page has to say about its connection. Nothing is written that stands there already. */
function showNotes() {
  const show = (name, whether) => {
    const part = root.querySelector(`[data-${name}]`);
    if (part.hidden === whether) part.hidden = !whether;
  };
  show("signed-out", stopped === "signed-out");
  show("somebody-else", stopped === "somebody-else");
  show("paused", Boolean(polling));
  show("reachable", reachable);
  show("unreachable", !reachable);
  const link = root.querySelector("[data-signed-out] a");
  link.search = new URLSearchParams({ next: location.pathname + location.search });
}

/** The page may be an old one that the browser kept: then nothing on it is news. */
function wasKept() {
  const [entry] = performance.getEntriesByType("navigation");
  const fromCache = entry?.transferSize === 0 && !navigator.serviceWorker?.controller;
  return entry?.type === "back_forward" || fromCache;
}

if (root) {
  connect();
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("focus", lookedAt);
  document.addEventListener("pointerdown", lookedAt, { capture: true, passive: true });
  document.addEventListener("keydown", lookedAt, { capture: true });
  window.addEventListener("pagehide", () => {
    clearTimeout(reconnecting);
    drop();
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    tell("sync");
    wake(event);
  });
  document.addEventListener("DOMContentLoaded", () => wasKept() && tell("sync"));
}
