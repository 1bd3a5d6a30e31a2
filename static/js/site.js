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

/**
 * Brings all of what the Tab key came to out from under the bars. A browser stops at the line one
 * types in, or at the box inside of its label; scroll-padding says where the bars end.
 */
function showWholeFocus() {
  document.addEventListener("keyup", (event) => {
    const here = document.activeElement;
    if (event.key !== "Tab" || !here || here === document.body) return;
    // A link over all of a tile shows its focus there.
    const over = getComputedStyle(here, "::after").position === "absolute" ? here.offsetParent : null;
    const whole = here.closest("label") ?? over ?? here;
    if (whole.offsetHeight < innerHeight * 0.7) whole.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
}

/** Says which files are chosen, in the place of what the browser would say in its own language. */
function nameFiles() {
  const tell = (input) => {
    const place = input.closest(".file")?.querySelector("[data-file-name]");
    const names = [...input.files].map((file) => file.name);
    if (place) place.textContent = names.join(", ") || place.dataset.none;
  };
  document.addEventListener("change", (event) => event.target.type === "file" && tell(event.target));
  // What is chosen stays so when one comes back to the page.
  window.addEventListener("pageshow", () => document.querySelectorAll(".file [type=file]").forEach(tell));
}

/**
 * The bars give way to who types on a phone (layout.css). They come back only when the next press is
 * over, so that nothing moves under the finger.
 */
function holdBars() {
  const { classList } = document.documentElement;
  const types = () => document.activeElement?.matches(
    '.field :is(textarea, input:not([type="checkbox"], [type="radio"], [type="file"]))');
  let timer;
  let pressed = false;
  const look = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => pressed || classList.toggle("bars-away", types()), wait);
  };
  const press = (down) => () => {
    pressed = down;
    look(400);
  };
  document.addEventListener("focusin", () => types() ? classList.add("bars-away") : look(400));
  document.addEventListener("focusout", () => look(400));
  document.addEventListener("pointerdown", press(true), true);
  for (const over of ["pointerup", "pointercancel"]) document.addEventListener(over, press(false), true);
}

focusFirstError(document);
holdBars();
nameFiles();
tendMenus();
showWholeFocus();
