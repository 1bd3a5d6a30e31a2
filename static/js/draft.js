// What is typed and not sent yet: kept in this browser, shown in each tab that opens the conversation,
// and sent once: a draft has the name (`client_id`) that its message will have, in every tab.
//
// Whoever changes a draft that another tab has changed meanwhile goes on with one of their own.

import { me } from "./socket.js";
import * as thread from "./thread.js";
import { uuid } from "./uuid.js";

const PREFIX = `setahub.draft.${me}.${thread.other}.`;
const OWN = `setahub.draft.${thread.other}`; // which one this tab had before a reload

let id = null; // of the draft that this tab shows
let text = ""; // of it, when this tab wrote or took it last
let changed = () => {};

/** Calls the listener with the shown text and what takes its place: another tab has sent it ("")
    or gone on with it. */
export function onChanged(listener) {
  changed = listener;
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

function write(name, draft) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(draft));
    sessionStorage.setItem(OWN, name);
  } catch {
    // Then only the page itself remembers.
  }
}

/** Takes it out of the store, and tells the other tabs that it is gone for good. */
function remove(name) {
  write(name, { gone: true });
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // It was not kept.
  }
}

/** The text that waits for this tab, or "". */
export function recall() {
  const kept = names().map((name) => ({ name, ...read(name) })).filter((draft) => draft.text);
  kept.sort((one, other) => other.at - one.at);
  const found = kept.find((draft) => draft.name === ownName()) ?? kept[0];
  if (found) ({ name: id, text } = found);
  return text;
}

function names() {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    return keys.map((key) => key.slice(PREFIX.length));
  } catch {
    return [];
  }
}

function ownName() {
  try {
    return sessionStorage.getItem(OWN);
  } catch {
    return null;
  }
}

/** The reader has typed. */
export function typed(now) {
  if (now === text) return;
  const isOurs = id !== null && read(id)?.text === text;
  if (!now) {
    if (isOurs) remove(id);
    id = null;
  } else {
    if (!isOurs) id = uuid();
    write(id, { text: now, at: Date.now() });
  }
  text = now;
}

/** The draft is being sent: the name for its message. */
export function send(now) {
  typed(now);
  const kept = id && read(id);
  const name = id && (kept?.text ?? text) === text ? id : uuid();
  if (kept && name === id) remove(id);
  id = null;
  text = "";
  return name;
}

/** Another tab has gone on with the draft of this name, or ended it. */
function follow(name, now) {
  if (!id || name !== id) return;
  const shown = text;
  if (!now) id = null;
  text = now;
  changed(shown, now);
}

window.addEventListener("storage", (event) => {
  if (!id || event.key !== PREFIX + id || !event.newValue) return;
  const draft = JSON.parse(event.newValue);
  if (draft.gone) follow(id, "");
  // What is on the screen changes under nobody's eyes.
  else if (document.hidden) follow(id, draft.text);
});
// It was sent while this tab slept.
thread.onInsert((line) => follow(line.dataset.clientId, ""));
