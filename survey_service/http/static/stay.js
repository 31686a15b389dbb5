// Two minutes before a sign-out for inactivity it is said, and can be put off; when time is over the page goes, with what
// was filled in put by at the service. What is done in another tab counts.
(() => {
  "use strict";
  const page = document.getElementById("kept");
  if (!page || !globalThis.words || !globalThis.HTMLDialogElement) return;
  const WARNING = 120_000;
  const idle = page.dataset.idle * 1000;
  const latest = Date.now() + page.dataset.latest * 1000;
  let active = Date.now();
  let isOver = false;
  let isLatestTold = false;

  const made = (name, text, values = {}) => Object.assign(document.createElement(name), { textContent: text, ...values });
  const why = made("p", words.why, { id: "staying-why" });
  const left = made("p", "", { role: "status" });
  const button = made("button", words.stay, { type: "button", className: "button", autofocus: true });
  const dialog = made("dialog", "", { role: "alertdialog" });
  dialog.setAttribute("aria-labelledby", "staying");
  dialog.setAttribute("aria-describedby", "staying-why");
  dialog.append(made("h2", words.title, { id: "staying" }), why, left, button);
  page.after(dialog);

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
    const rest = ends - Date.now();
    if (rest <= 0) return leave();
    if (rest > WARNING || (ends === latest && isLatestTold)) {
      if (rest > WARNING && dialog.open) dialog.close();
      return;
    }
    const text = rest > 60_000 ? words.two : words.one;
    if (left.textContent !== text) left.textContent = text;
    if (!dialog.open) dialog.showModal();
  };

  const stay = async () => {
    dialog.close();
    isLatestTold = latest < active + idle;
    try {
      const token = document.querySelector("[name=csrf_token]").value;
      const answer = await fetch(words.stayAddress, { method: "POST", body: new URLSearchParams({ csrf_token: token }) });
      if (answer.ok) mark();
      else if (answer.status === 401) leave();
    } catch {} // without a network it is asked again
  };

  const isGiven = (one) => one.name && (/^(radio|checkbox)$/.test(one.type) ? one.checked : one.matches(":not([type=hidden], button)") && one.value !== "");

  const leave = async () => {
    if (isOver) return;
    isOver = true;
    let next = words.endedAddress + (page.dataset.tag ? "" : "?lent=1");
    const question = page.dataset.tag && document.querySelector("form[data-answer]");
    if (question && [...question.elements].some(isGiven)) {
      const body = new URLSearchParams(new FormData(question));
      try {
        const answer = await fetch(`${question.action}/kept`, { method: "POST", body, headers: { Accept: "application/json" } });
        if (answer.ok) next = (await answer.json()).next;
      } catch {} // there was no network: what was not sent is let go
    }
    // What stood here is nobody else's to read, whether or not the next page comes.
    if (dialog.open) dialog.close();
    document.querySelector("main").textContent = words.over;
    const go = () => location.replace(next);
    if (navigator.onLine) go();
    else addEventListener("online", go);
  };

  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    stay();
  });
  button.addEventListener("click", stay);
  for (const moment of ["storage", "pageshow", "visibilitychange"]) addEventListener(moment, look);
  mark();
  setInterval(look, 5000);
})();
