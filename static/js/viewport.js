// Where the keyboard of a phone covers the page instead of shrinking it (iOS), the page shrinks itself.

const view = window.visualViewport;

function fit() {
  const covered = window.innerHeight - view.height;
  const { style, classList } = document.documentElement;
  const keyboard = covered > 80 && view.scale === 1;
  classList.toggle("chat-keyboard", keyboard);
  if (keyboard) {
    style.setProperty("--visible", `${view.height}px`);
    window.scrollTo(0, 0);
  } else style.removeProperty("--visible");
}

view?.addEventListener("resize", fit);
