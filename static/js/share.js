// Buttons that only a script can press, and that this browser can: to print, to share a link or copy it.

const canShare = typeof navigator.share === "function";
const show = (selector, can) => {
  for (const button of document.querySelectorAll(selector)) button.hidden = !can;
};

show("[data-print]", typeof window.print === "function");
show("[data-share]", canShare);
show("[data-copy]", !canShare && navigator.clipboard !== undefined); // only where the connection is safe

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-print], [data-share], [data-copy]");
  if (!button) return;
  if ("print" in button.dataset) return window.print();
  try {
    if ("share" in button.dataset) return await navigator.share({ title: document.title, url: button.dataset.share });
    await navigator.clipboard.writeText(button.dataset.copy);
    button.querySelector("span").textContent = button.dataset.done;
  } catch {
    // Whoever closes the sheet changes nothing; the address stands on the page.
  }
});
