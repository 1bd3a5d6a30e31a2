// The tab's one socket: whatever on the page wants to know something listens here.
//
// Events are the frames by their type, and: "open" (connected; {first}), "closed", and "sync" (some
// frames may have been missed: ask the server). A frame is only a hint; the database is the truth.

import { isOthers } from "./reader.js";

const PING_EVERY = 25_000;
const ANSWER_WITHIN = 10_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;
const POLL_EVERY = 15_000;
const PATIENCE = 4_000; // a server that restarts is no news
const NO_SESSION = 4401;
const SESSION_ENDED = 4403;

const root = document.querySelector("[data-live]");

export const me = Number(root?.dataset.user ?? 0);
/** The newest message of all conversations when the page was made. */
export const lastAtStart = Number(root?.dataset.last ?? 0);

const listeners = new Map();
let socket = null;
let ready = false; // the server has answered on this socket
let live = true; // its channel layer works, as far as we know
let opened = false;
let ended = false;
let refusedOnce = false;
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

/** The session has ended: says so, and stops. */
export function signedOut() {
  if (ended) return;
  ended = true;
  drop();
  clearTimeout(reconnecting);
  resume();
  const notice = root.querySelector("[data-signed-out]");
  const link = notice.querySelector("a");
  link.search = new URLSearchParams({ next: location.pathname + location.search });
  notice.hidden = false;
}

function tell(name, detail = {}) {
  for (const listener of listeners.get(name) ?? []) listener(detail);
}

// --- The connection ------------------------------------------------------------------------------

function connect() {
  clearTimeout(reconnecting);
  if (ended || socket) return;
  // Somebody else's session: what is typed on this page must never be theirs.
  if (isOthers()) return signedOut();
  const address = new URL("/ws/", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  const own = new WebSocket(address);
  socket = own;
  // The session is looked at only after the handshake: the first answer tells that it stands.
  own.addEventListener("open", () => own === socket && ping());
  own.addEventListener("message", (event) => own === socket && receive(JSON.parse(event.data)));
  own.addEventListener("close", (event) => own === socket && closed(event.code));
}

function receive(frame) {
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
  if (code === NO_SESSION || (code === SESSION_ENDED && refusedOnce)) return signedOut();
  pausing ??= setTimeout(pause, PATIENCE);
  if (code === SESSION_ENDED) {
    // Perhaps this browser has a new session already: one more try tells.
    refusedOnce = true;
    return connect();
  }
  const wait = FIRST_WAIT * 2 ** attempt++ * (0.75 + Math.random() / 2);
  reconnecting = setTimeout(connect, Math.max(FIRST_WAIT, Math.min(wait, LONGEST_WAIT)));
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

function ping() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  socket.send('{"type":"ping"}');
  // A connection that only seems to be there says nothing.
  waiting ??= setTimeout(() => closed(0), ANSWER_WITHIN);
}

/** The tab or the network is back: no need to wait for the next try. */
function wake() {
  if (document.hidden || ended) return;
  if (socket) return ping();
  attempt = 0;
  connect();
}

// --- Without live updates ------------------------------------------------------------------------

function pause() {
  if (polling || ended) return;
  root.querySelector("[data-paused]").hidden = false;
  polling = setInterval(look, POLL_EVERY);
  look();
}

function look() {
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
  root.querySelector("[data-paused]").hidden = true;
  return true;
}

if (root) {
  connect();
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  window.addEventListener("pagehide", () => {
    clearTimeout(reconnecting);
    drop();
  });
  window.addEventListener("pageshow", (event) => event.persisted && wake());
}
