// A form goes once: while it is on its way a second tap does nothing. The server answers a second one
// with what the first has made; this spares people the wait. Fields stay enabled, so they are sent.

const LONGEST = 15_000; // then whoever has stopped the page may try again

const timers = new WeakMap();

function begin(form, button) {
  form.dataset.sending = "";
  button?.setAttribute("aria-busy", "true");
  timers.set(form, setTimeout(() => release(form), LONGEST));
}

function release(form) {
  if (form.dataset.sending === undefined) return;
  clearTimeout(timers.get(form));
  delete form.dataset.sending;
  form.dataset.sent = "";
  for (const button of document.querySelectorAll('[aria-busy="true"]')) {
    if (button.form === form) button.removeAttribute("aria-busy");
  }
}

const isPost = (form, button) => (button?.getAttribute("formmethod") ?? form.method).toLowerCase() === "post";

// Last of all listeners: what another script has taken over is not on its way.
window.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (event.defaultPrevented || !isPost(form, submitter)) return;
  if (form.dataset.sending !== undefined) event.preventDefault();
  else begin(form, submitter);
});

// Back, out of the browser's memory.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.querySelectorAll("[data-sending]")) release(form);
});

/** What was sent and is changed afterwards is something new to be done. */
function renew(event) {
  const form = event.target.form;
  const key = form?.querySelector('input[name="form_key"]');
  if (!key || form.dataset.sent === undefined || event.target === key) return;
  delete form.dataset.sent;
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  key.value = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
document.addEventListener("input", renew);
document.addEventListener("change", renew);

// Forms that htmx sends.
document.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (!form.matches("form") || event.detail.requestConfig.verb !== "post") return;
  if (form.dataset.sending !== undefined) event.preventDefault();
  else begin(form, event.detail.requestConfig.triggeringEvent?.submitter);
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt.matches("form")) release(event.detail.elt);
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, elt } = event.detail;
  // What says how it is to be shown is meant to be, a refusal too.
  if (xhr.getResponseHeader("HX-Reswap")) event.detail.shouldSwap = true;
  const token = xhr.status === 403 && xhr.getResponseHeader("X-CSRFToken");
  if (!token) return;
  // The page is older than the session: with the new token its forms are good again.
  for (const input of document.querySelectorAll('[name="csrfmiddlewaretoken"]')) input.value = token;
  if (elt.dataset.asked === token) return;
  elt.dataset.asked = token;
  const form = elt.closest("form");
  if (elt === form) queueMicrotask(() => form.requestSubmit());
  else form?.dispatchEvent(new Event("input"));
});
