// Small comforts of every page. Everything works without this file.

/** Moves the focus to the first thing that is wrong, so that it is read and seen at once. */
function focusFirstError(root) {
  const wrong = root.querySelector('[aria-invalid="true"], [data-form-errors]');
  if (wrong) wrong.focus();
}

/** Closes the menu behind the avatar on Escape or a click elsewhere. */
function tendMenus() {
  const open = () => document.querySelectorAll("details[data-menu][open]");
  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

focusFirstError(document);
tendMenus();
