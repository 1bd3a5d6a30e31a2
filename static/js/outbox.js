// Messages on their way: shown at once, kept in this browser until the server has them, and never
// sent under a second name: the same `client_id` again is the same message.

import * as clock from "./clock.js";
import { catchUp } from "./history.js";
import { post, token } from "./http.js";
import * as pictures from "./pictures.js";
import { isLive, isStopped, me, on, send as sendFrame } from "./socket.js";
import * as thread from "./thread.js";
import { uuid } from "./uuid.js";
import { say } from "./words.js";

const ACK_WITHIN = 8_000;
const FRAME_WITHIN = 1_500;
const IN_FLIGHT = 30_000; // another tab may still be at it
const GOES_BY_ITSELF = 600_000; // what is older than that is sent only when asked for
const KEY = `setahub.outbox.${me}`;
const WHY = { "signed-out": "signedOut", "somebody-else": "somebodyElse" };
const page = document.querySelector("[data-thread]");

const tab = tabId();
const waiting = new Map(); // client_id → what takes its answer
const lines = { text: Promise.resolve(), picture: Promise.resolve() };
let editing = () => {};

/** What happens to a text that is taken back to be changed. */
export function onEdit(listener) {
  editing = listener;
}

/** Survives a reload, and is no other tab's. */
function tabId() {
  try {
    sessionStorage["setahub.tab"] ??= uuid();
    return sessionStorage["setahub.tab"];
  } catch {
    return "";
  }
}

// --- What is kept --------------------------------------------------------------------------------

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? [];
  } catch {
    return [];
  }
}

function write(items) {
  try {
    localStorage.setItem(KEY, JSON.stringify(items));
  } catch {
    // A browser that keeps nothing: the message is in the list as long as the page is open.
  }
}

const isKept = (id) => read().some((item) => item.id === id);
const save = (item) => write([...read().filter((each) => each.id !== item.id), item]);

function drop(id) {
  write(read().filter((item) => item.id !== id));
  pictures.forget(id);
}

// --- Sending -------------------------------------------------------------------------------------

/** Shows a message and sends it, once for each `id`. `picture` is a Blob or nothing. */
export function send(text, picture = null, id = uuid()) {
  if (thread.own(id)) return; // another tab has sent this very draft
  const hasPicture = Boolean(picture);
  const item = { id, to: thread.other, text, at: Date.now(), hasPicture, tab };
  save(item);
  if (picture) pictures.keep(item.id, picture);
  show(item, picture);
  queue(item, picture);
}

/** Texts go one after the other, and so do pictures; a text overtakes a slow picture. */
function queue(item, picture) {
  setState(item.id, "sending");
  const lane = item.hasPicture ? "picture" : "text";
  const give = () => deliver(item, picture);
  lines[lane] = lines[lane].then(give).catch(() => failed(item, { detail: say("failed") }));
}

async function deliver(item, picture) {
  const line = thread.own(item.id);
  if (!line || line.dataset.messageId) return; // deleted, or it came meanwhile
  const answer =
    (!item.hasPicture && (await bySocket(item))) || (await byForm(item, picture));
  if (answer.type === "message.ack") acknowledged(answer);
  else failed(item, answer);
}

/** The server's answer over the socket, or null when none came. */
function bySocket(item) {
  const frame = { type: "message.send", to: item.to, client_id: item.id, text: item.text };
  if (!sendFrame(frame)) return null;
  return new Promise((resolve) => {
    waiting.set(item.id, resolve);
    setTimeout(() => answered(item.id, null), ACK_WITHIN);
  });
}

function answered(id, answer) {
  waiting.get(id)?.(answer);
  waiting.delete(id);
}

async function byForm(item, picture) {
  const form = new FormData();
  form.set("csrfmiddlewaretoken", token());
  form.set("client_id", item.id);
  form.set("text", item.text);
  if (item.hasPicture) {
    const blob = picture ?? (await pictures.kept(item.id));
    if (!blob) return { code: "lost", detail: say("lost") };
    form.set("image", blob, "picture");
  }
  const answer = await post(`/messages/${item.to}/`, form, (share) => setProgress(item.id, share));
  if (!answer) return { code: "network", detail: say(WHY[isStopped()] ?? "network") };
  if (isAnswer(answer.body, item.id)) return answer.body;
  return { code: "failed", detail: say("failed") };
}

const isAnswer = (body, id) =>
  body?.type === "error" || (body?.type === "message.ack" && body.client_id === id);

/** Stored: what the server makes of it follows, or is fetched. */
function acknowledged(ack) {
  answered(ack.client_id, ack);
  clock.set(ack.created_at);
  drop(ack.client_id);
  const line = thread.own(ack.client_id);
  if (!line || line.dataset.messageId) return;
  line.dataset.messageId = ack.id;
  line.dataset.provisional = "";
  setState(ack.client_id, "sent");
  const fetchIt = () => line.isConnected && catchUp();
  if (isLive()) setTimeout(fetchIt, FRAME_WITHIN);
  else fetchIt();
}

function failed(item, { code, detail }) {
  const line = thread.own(item.id);
  if (!line || line.dataset.messageId) return;
  item.error = detail;
  save(item);
  setState(item.id, "failed", detail);
  if (code === "network") line.dataset.goesAgain = "";
}

function again(item) {
  delete item.error;
  delete thread.own(item.id).dataset.goesAgain;
  save(item);
  queue(item, null);
}

// --- In the list ---------------------------------------------------------------------------------

function show(item, picture) {
  const template = page.querySelector("template[data-pending]");
  const line = template.content.firstElementChild.cloneNode(true);
  line.dataset.clientId = item.id;
  line.dataset.senderId = me;
  const at = new Date(item.at);
  line.dataset.day = clock.day(at);
  line.dataset.dayName = clock.dayName(line.dataset.day);
  const time = line.querySelector("time");
  time.dateTime = at.toISOString();
  time.textContent = clock.time(at);
  line.querySelector("[data-text]").textContent = item.text;
  line.querySelector("[data-text]").hidden = !item.text;
  if (item.hasPicture) showPicture(item, line, picture);
  line.querySelector("[data-retry]").addEventListener("click", () => again(item));
  line.querySelector("[data-edit]").addEventListener("click", () => edit(item));
  line.querySelector("[data-delete]").addEventListener("click", () => discard(item.id));
  thread.append(line);
}

async function showPicture(item, line, picture) {
  line.querySelector(".chat-bubble").classList.add("chat-bubble-picture");
  const canvas = line.querySelector("canvas");
  canvas.hidden = false;
  const blob = picture ?? (await pictures.kept(item.id));
  if (blob) await pictures.draw(blob, canvas);
  else canvas.hidden = true;
}

/** `state`: sending, sent or failed; `detail`: why. */
function setState(id, state, detail = "") {
  const line = thread.own(id);
  if (!line) return;
  line.classList.toggle("chat-failed", state === "failed");
  line.querySelector("[data-state]").textContent = detail || say(state);
  line.querySelector("progress").hidden = state !== "sending" || !line.querySelector(".chat-bubble-picture");
  line.querySelector("progress").removeAttribute("value");
  for (const button of line.querySelectorAll("button")) button.hidden = state !== "failed";
  if (line.querySelector(".chat-bubble-picture")) line.querySelector("[data-edit]").hidden = true;
}

function setProgress(id, share) {
  const bar = thread.own(id)?.querySelector("progress");
  if (bar) bar.value = share;
}

function discard(id) {
  drop(id);
  const line = thread.own(id);
  if (line) thread.remove(line);
  page.querySelector("textarea")?.focus();
}

function edit(item) {
  discard(item.id);
  editing(item.text);
}

// --- Around it -----------------------------------------------------------------------------------

/** What the server has is no longer on its way, whichever way that became known. */
function arrived(line) {
  const id = line.dataset.clientId;
  if (id && line.matches(".chat-mine") && isKept(id)) drop(id);
}

/** What was not sent before the page was left, with the choice to send it now. */
function restore() {
  for (const item of read().filter((each) => each.to === thread.other)) {
    const line = thread.own(item.id);
    if (line?.dataset.messageId) drop(item.id);
    else if (!line) {
      const age = Date.now() - item.at;
      const elsewhere = !item.error && item.tab !== tab;
      if (elsewhere && age < IN_FLIGHT) setTimeout(restore, IN_FLIGHT - age);
      else {
        show(item);
        failed(item, { detail: item.error ?? say("network") });
      }
    }
  }
}

export function start() {
  on("message.ack", acknowledged);
  on("error", (frame) => frame.client_id && answered(frame.client_id, frame));
  on("closed", () => [...waiting.keys()].forEach((id) => answered(id, null)));
  // What only the network stopped goes by itself when it is back, while the page is open.
  on("open", async () => {
    if (!(await catchUp())) return;
    for (const item of read()) {
      const line = thread.own(item.id);
      const waits = line?.dataset.goesAgain !== undefined;
      if (waits && Date.now() - item.at < GOES_BY_ITSELF) again(item);
    }
  });
  thread.onInsert(arrived);
  window.addEventListener("storage", (event) => {
    // All of it goes at once on signing out: then what this page shows stays to be sent again.
    if (event.key !== KEY || event.newValue === null) return;
    for (const line of thread.list.querySelectorAll(".chat-failed[data-client-id]")) {
      if (!isKept(line.dataset.clientId)) thread.remove(line);
    }
  });
  for (const line of thread.list.querySelectorAll(".chat-mine[data-message-id]")) arrived(line);
  restore();
}
