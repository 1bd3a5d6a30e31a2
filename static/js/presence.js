// Whether the other is there, and whether they type.

import { on, send } from "./socket.js";
import { say } from "./words.js";

const TYPING_FOR = 6_000;
const TYPING_EVERY = 3_000;
const page = document.querySelector("[data-thread]");
const other = Number(page.dataset.thread);
const state = page.querySelector("[data-presence]");
const head = page.querySelector("[data-head]");
let timer;
let typedAt = 0;

export function stopTyping() {
  clearTimeout(timer);
  head.classList.remove("chat-typing");
}

/** Tells the other, now and then, that the reader types. */
export function typed() {
  if (Date.now() - typedAt < TYPING_EVERY) return;
  if (send({ type: "typing", to: other })) typedAt = Date.now();
}

on("open", () => send({ type: "watch", with: other }));
on("presence", (frame) => {
  if (frame.user !== other || !state) return;
  head.classList.toggle("chat-online", frame.online);
  state.textContent = say(frame.online ? "online" : "offline");
});
on("typing", (frame) => {
  if (frame.from !== other) return;
  head.classList.add("chat-typing");
  clearTimeout(timer);
  timer = setTimeout(stopTyping, TYPING_FOR);
});
