// What is typed into a form and not sent yet: kept in this browser, and there again when the page is
// opened anew. It ends once something newer was saved (`data-keep-version`), and with the sign-out
// (reader.js).

import { me } from "./socket.js";

for (const form of document.querySelectorAll("form[data-keep]")) keep(form);

function keep(form) {
  const key = `setahub.kept.${me}.${form.dataset.keep}`;
  const version = form.dataset.keepVersion;
  const fields = () => [...form.elements].filter((each) => each.matches("textarea, input[type=radio]"));

  function restore() {
    let draft = null;
    try {
      draft = JSON.parse(localStorage.getItem(key));
    } catch {
      return; // nothing was kept
    }
    if (!draft) return;
    if (draft.version !== version) return forget();
    let changed = false;
    for (const field of fields()) {
      const typed = draft.values[field.name];
      if (typed === undefined) continue;
      if (field.type === "radio") {
        changed ||= field.checked !== (field.value === typed);
        field.checked = field.value === typed;
      } else if (field.value !== typed) {
        changed = true;
        field.value = typed;
      }
    }
    if (changed) form.querySelector("[data-kept]").hidden = false;
  }

  function forget() {
    try {
      localStorage.removeItem(key);
    } catch {
      // It was not kept.
    }
  }

  form.addEventListener("input", () => {
    const values = {};
    for (const field of fields()) {
      if (field.type !== "radio" || field.checked) values[field.name] = field.value;
    }
    try {
      localStorage.setItem(key, JSON.stringify({ version, values }));
    } catch {
      // Then only the page itself remembers.
    }
  });
  restore();
}
