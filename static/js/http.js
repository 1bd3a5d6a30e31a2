// Requests of scripts: with a limit of time, an eye on whose session answers, and no trust in what
// is not the site's own: a network that wants a sign-in of its own answers anything with its page.

import { isStopped, me, reached, signedOut, somebodyElse, stillMine } from "./socket.js";

const PATIENCE = 15_000;
const UPLOAD_PATIENCE = 120_000;
const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 60_000;
const VIEWER = "X-Viewer"; // names whom an answer of the site was made for
const FORBIDDEN = 403;

const loginPath = () => document.querySelector("[data-live]").dataset.login;

/** Whether an answer is the site's own and for the person whose page this is. */
function isOurs(url, viewer) {
  if (new URL(url).pathname === loginPath()) signedOut();
  else if (Number(viewer) === me) stillMine();
  else if (Number(viewer)) somebodyElse();
  return Number(viewer) === me;
}

async function fetched(url, options) {
  try {
    const response = await fetch(url, { ...options, signal: AbortSignal.timeout(PATIENCE) });
    const { ok, status } = response;
    const text = await response.text();
    const ours = isOurs(response.url, response.headers.get(VIEWER));
    reached(ours || isStopped());
    return { ok: ok && ours, status, text, ours };
  } catch {
    reached(false);
    return null;
  }
}

/**
 * {ok, status, text} of a GET or POST, or null when the site can't be reached, somebody else
 * answered in its name, or the session ended.
 */
export async function ask(url, options = {}) {
  let answer = await fetched(url, options);
  if (options.method && answer?.status === FORBIDDEN && (await renewToken())) {
    const headers = { ...options.headers, "X-CSRFToken": token() };
    answer = await fetched(url, { ...options, headers });
  }
  return answer?.ours ? answer : null;
}

/** The element of the server's HTML that the selector names, or null. */
export async function fragment(url, selector) {
  const answer = await ask(url);
  return answer?.ok ? parse(answer.text).querySelector(selector) : null;
}

/** The JSON of an address, or null. */
export async function data(url) {
  const answer = await ask(url);
  return answer?.ok ? json(answer.text) : null;
}

/** The server's HTML as elements. */
export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return document.importNode(template.content, true);
}

const tokens = (root) => root.querySelectorAll("[name=csrfmiddlewaretoken]");

/** The token that every form of the page carries. */
export function token() {
  return tokens(document)[0].value;
}

/**
 * A sign-in in another tab makes the tokens of this page old. Whether the same person is signed in
 * and all its forms have a fresh one.
 */
async function renewToken() {
  const answer = await fetched(location.pathname + location.search, {});
  const fresh = answer?.ok && tokens(parse(answer.text))[0]?.value;
  if (!fresh) return false;
  for (const field of tokens(document)) field.value = fresh;
  return true;
}

/**
 * POSTs a form; resolves to {status, body} with the JSON that came back (or null), or to null when
 * there was no answer of the site. `progress` is called with the share that is sent.
 */
export async function post(url, form, progress = () => {}) {
  let answer = await posted(url, form, progress);
  if (answer?.status === FORBIDDEN && answer.body?.code !== "blocked" && (await renewToken())) {
    form.set("csrfmiddlewaretoken", token());
    answer = await posted(url, form, progress);
  }
  return answer?.ours ? answer : null;
}

function posted(url, form, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.timeout = form.has("image") ? UPLOAD_PATIENCE : PATIENCE;
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", token());
    request.upload.onprogress = (event) => progress(event.loaded / event.total);
    request.onerror = request.ontimeout = request.onabort = () => {
      reached(false);
      resolve(null);
    };
    request.onload = () => {
      const ours = isOurs(request.responseURL, request.getResponseHeader(VIEWER));
      resolve({ ours, status: request.status, body: ours ? json(request.responseText) : null });
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

/**
 * Makes of work, which resolves to whether it worked, one that runs once at a time, once more when
 * it was asked for meanwhile, and again after growing waits as long as it doesn't work.
 */
export function insisting(work) {
  let running = null;
  let again = false;
  let failures = 0;
  let timer;

  async function attempt() {
    let worked = false;
    try {
      do {
        again = false;
        worked = await work();
      } while (worked && again);
    } finally {
      running = null;
      failures = worked ? 0 : failures + 1;
      if (!worked && !isStopped()) timer = setTimeout(run, waitAfter(failures));
    }
    return worked;
  }

  function run() {
    clearTimeout(timer);
    if (running) again = true;
    else running = attempt();
    return running;
  }
  return run;
}

const waitAfter = (failures) =>
  Math.min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT) * (0.5 + Math.random() / 2);
