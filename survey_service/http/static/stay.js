// Two minutes before a sign-out for inactivity it is said, and can be put off; when time is over the page goes, with what
// was filled in put by at the service. What is done in another tab counts.
(() => {
  "use strict";
  const dialog = document.querySelector("dialog[data-idle]");
  if (!dialog?.showModal) return;
  const WARNING = 120_000;
  const idle = dialog.dataset.idle * 1000;
  const latest = Date.now() + dialog.dataset.latest * 1000;
  const form = dialog.querySelector("form");
  let active = Date.now();
  let isOver = false;
  let isLatestTold = false;

  const mark = () => {
    active = Date.now();
    try {
      localStorage.setItem("active", active);
    } catch {} // then each tab counts by itself
  };
  const elsewhere = () => {
    try {
      return Number(localStorage.getItem("active"));
    } catch {
      return 0;
    }
  };

  const look = () => {
    if (isOver) return;
    active = Math.max(active, elsewhere());
    const ends = Math.min(active + idle, latest);
    const left = ends - Date.now();
    if (left <= 0) return leave();
    if (left > WARNING || (ends === latest && isLatestTold)) {
      if (left > WARNING && dialog.open) dialog.close();
      return;
    }
    const minutes = left > 60_000 ? "2" : "1";
    for (const said of dialog.querySelectorAll("[data-left]")) said.hidden = said.dataset.left !== minutes;
    if (!dialog.open) dialog.showModal();
  };

  const stay = async () => {
    dialog.close();
    isLatestTold = latest < active + idle;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      if (answer.ok) mark();
      else if (answer.status === 401) leave();
    } catch {} // without a network it is asked again
  };

  const isGiven = (one) => one.name && (/^(radio|checkbox)$/.test(one.type) ? one.checked : one.matches(":not([type=hidden], button)") && one.value !== "");

  const leave = async () => {
    if (isOver) return;
    isOver = true;
    let next = dialog.dataset.ended;
    const question = document.querySelector("form[data-keep-to]");
    if (question && [...question.elements].some(isGiven)) {
      const body = new URLSearchParams(new FormData(question));
      try {
        const answer = await fetch(question.dataset.keepTo, { method: "POST", body, headers: { Accept: "application/json" } });
        if (answer.ok) next = (await answer.json()).next;
      } catch {} // there was no network: what was not sent is let go
    }
    // What stood here is nobody else's to read, whether or not the next page comes.
    if (dialog.open) dialog.close();
    document.querySelector("main").textContent = dialog.dataset.over;
    const go = () => location.replace(next);
    if (navigator.onLine) go();
    else addEventListener("online", go);
  };

  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    stay();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    stay();
  });
  for (const moment of ["storage", "pageshow", "visibilitychange"]) addEventListener(moment, look);
  mark();
  setInterval(look, 5000);
})();
