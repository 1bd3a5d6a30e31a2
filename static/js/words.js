// What the scripts of a conversation say, in the language of the page.

const words = JSON.parse(document.querySelector("#chat-words").textContent);

/** The words of this name, `{…}` filled in. */
export function say(name, values = {}) {
  return words[name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
}
