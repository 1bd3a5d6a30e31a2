// Requests of scripts: with a limit of time, and an eye on whether the session still stands.

import { signedOut } from "./socket.js";

const PATIENCE = 15_000;
const UPLOAD_PATIENCE = 120_000;

const loginPath = () => document.querySelector("[data-live]").dataset.login;

/** {ok, text} of a GET or POST, or null when the server can't be reached or the session ended. */
export async function ask(url, options = {}) {
  try {
    const response = await fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE) });
    if (response.redirected && new URL(response.url).pathname === loginPath()) {
      signedOut();
      return null;
    }
    return { ok: response.ok, text: await response.text() };
  } catch {
    return null;
  }
}

/** The elements of a fragment that the server has made, or null. */
export async function fragment(url) {
  const response = await ask(url);
  if (!response?.ok) return null;
  return parse(response.text);
}

/** The server's HTML as elements. */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return document.importNode(template.content, true);
}

/** The token that every form of the page carries. */
export function token() {
  return document.querySelector("[name=csrfmiddlewaretoken]").value;
}

/**
 * POSTs a form; resolves to {status, body} with the JSON that came back (or null), or to null when
 * there was no answer. `progress` is called with the share that is sent.
 */
export function post(url, form, progress = () => {}) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.timeout = form.has("image") ? UPLOAD_PATIENCE : PATIENCE;
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token());
    request.upload.onprogress = (event) => progress(event.loaded / event.total);
    request.onerror = request.ontimeout = request.onabort = () => resolve(null);
    request.onload = () => {
      if (new URL(request.responseURL).pathname === loginPath()) {
        signedOut();
        return resolve(null);
      }
      resolve({ status: request.status, body: json(request.responseText) });
    };
    request.send(form);
  });
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
