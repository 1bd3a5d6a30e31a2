// Passkeys: forms with data-passkey ask the device before they are sent.
//
//   data-passkey="create"  a new one; its options are JSON in the element that data-passkey-options names
//   data-passkey="get"     one of those set up; likewise
//   data-passkey="login"   any; the options come from the form's own address

const LONGEST = 15_000; // then whoever has stopped the page may try again
const PATIENCE = 15_000;

const toBytes = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Credential ids, as the server writes them, as the browser wants them. */
const idsToBytes = (list = []) => list.map((each) => ({ ...each, id: toBytes(each.id) }));

async function create(form, options) {
  const choice = { ...options.authenticatorSelection };
  if (form.elements.passwordless?.checked) {
    Object.assign(choice, { residentKey: "required", requireResidentKey: true, userVerification: "required" });
  }
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      authenticatorSelection: choice,
      challenge: toBytes(options.challenge),
      user: { ...options.user, id: toBytes(options.user.id) },
      excludeCredentials: idsToBytes(options.excludeCredentials),
    },
  });
  return describe(made, {
    attestationObject: toText(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? [],
  });
}

async function get(form, options) {
  const shown = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      allowCredentials: idsToBytes(options.allowCredentials),
    },
  });
  const { authenticatorData, signature, userHandle } = shown.response;
  return describe(shown, {
    authenticatorData: toText(authenticatorData),
    signature: toText(signature),
    userHandle: userHandle ? toText(userHandle) : null,
  });
}

/** A credential as the server reads it. Source: Web Authentication, level 3, section 5.1.8. */
function describe(credential, response) {
  return JSON.stringify({
    type: credential.type,
    id: credential.id,
    rawId: toText(credential.rawId),
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { clientDataJSON: toText(credential.response.clientDataJSON), ...response },
  });
}

/** Of the site: a network in between that answers with a page of its own is no answer. */
async function loginOptions(address) {
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const answer = await fetch(address, { headers: { Accept: "application/json" }, signal });
    const options = answer.ok && (await answer.json()).request_options.publicKey;
    if (options.challenge) return options;
  } catch {
    // Whatever went wrong on the way is nothing that the device can't do.
  }
  throw new Error("no answer");
}

async function optionsOf(form) {
  if (form.dataset.passkey === "login") return loginOptions(form.action);
  const data = JSON.parse(document.getElementById(form.dataset.passkeyOptions).textContent);
  return (data.creation_options ?? data.request_options).publicKey;
}

const TROUBLE = {
  NotAllowedError: "cancelled",
  AbortError: "cancelled",
  InvalidStateError: "known",
  SecurityError: "unusable",
  NotSupportedError: "unusable",
  TypeError: "unusable",
};

function tell(form, error) {
  const notice = form.querySelector("[data-passkey-trouble]");
  notice.querySelector("p").textContent = notice.dataset[TROUBLE[error.name] ?? "failed"];
  notice.hidden = false;
  notice.focus();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const usable = Boolean(window.PublicKeyCredential);
  const button = form.querySelector("button");
  if (form.dataset.passkey === "login") form.hidden = !usable;
  // Where it is not the page's main form, its button is a plain one.
  if (button.type === "button") button.addEventListener("click", () => form.requestSubmit());
  // Back from the next page, in a browser that kept this one.
  window.addEventListener("pageshow", () => { button.disabled = false; });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    form.querySelector("[data-passkey-trouble]").hidden = true;
    button.disabled = true;
    try {
      const ask = form.dataset.passkey === "create" ? create : get;
      form.elements.credential.value = await ask(form, await optionsOf(form));
      form.submit();
      setTimeout(() => { button.disabled = false; }, LONGEST);
    } catch (error) {
      button.disabled = false;
      tell(form, error);
    }
  });
}
