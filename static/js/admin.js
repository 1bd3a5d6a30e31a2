// The admin's boxes of two lists, which scripts of Django's make: their filters get a real label.

window.addEventListener("load", () => {
  for (const icon of document.querySelectorAll(".selector-filter label > [aria-label]")) {
    const words = document.createElement("span");
    words.className = "visually-hidden";
    words.textContent = icon.getAttribute("aria-label");
    icon.removeAttribute("aria-label");
    icon.after(words);
  }
});
