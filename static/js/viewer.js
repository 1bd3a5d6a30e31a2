// A picture in full over the page. Its link works without this, too.

const viewer = document.querySelector("[data-viewer]");
const image = viewer.querySelector("img");

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-full]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  const thumb = link.querySelector("img");
  image.src = link.href;
  image.alt = thumb.alt;
  image.width = link.dataset.width;
  image.height = link.dataset.height;
  viewer.querySelector("a").href = link.href;
  viewer.showModal();
});
viewer.addEventListener("click", (event) => {
  if (!event.target.closest("a")) viewer.close();
});
viewer.addEventListener("close", () => image.removeAttribute("src"));
