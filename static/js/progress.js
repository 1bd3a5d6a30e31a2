// A page that shows how far a piece of background work is: looked at again until it is done.
const EVERY = 2000;

const look = async () => {
  const here = document.querySelector("[data-progress]");
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const there = page.querySelector("[data-progress]");
      if (there) here.replaceWith(there);
    }
  } catch {
    // The network is away; the next look may find it again.
  }
  if (document.querySelector('[data-progress="running"]')) setTimeout(look, EVERY);
};

setTimeout(look, EVERY);
