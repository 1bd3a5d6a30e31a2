// How it went: who came did not stay away. Without this the server says so.

document.addEventListener("change", ({ target }) => {
  const form = target.closest("[data-outcomes]");
  if (!form || !target.checked) return;
  for (const box of form.querySelectorAll('input[type="checkbox"]')) {
    if (box !== target && box.value === target.value) box.checked = false;
  }
});
