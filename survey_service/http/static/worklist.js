// Comforts of the worklist; everything works without them. The page says that something new has come and stays where it
// is; a text for the record is copied by a button.
(() => {
  "use strict";

  const EVERY = 10_000;
  // A page that nobody touches asks no more, so that a forgotten window does not keep somebody signed in.
  const LONGEST_REST = 600_000;
  const link = document.querySelector("[data-newer]");
  let touched = Date.now();
  for (const kind of ["keydown", "pointerdown", "scroll"]) addEventListener(kind, () => (touched = Date.now()), { passive: true });

  const look = async () => {
    if (document.hidden || Date.now() - touched > LONGEST_REST) return;
    try {
      const answer = await fetch(link.dataset.newer, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const { count, text } = await answer.json();
      if (count && link.textContent !== text) link.textContent = text;
    } catch {
      // The network is away: asked again in ten seconds.
    }
  };
  if (link) setInterval(look, EVERY);

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
      button.textContent = button.dataset.done;
    });
  }
})();
