// Comforts; everything works without them. A form is sent once, what was typed since a draft was saved comes back, what cannot be joined unticks itself, what is left of
// a long text is counted, and the scale can be answered by sliding.
(() => {
  "use strict";

  // The button is only marked, not disabled, so that the value of the pressed button is still sent.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    if (event.submitter) event.submitter.setAttribute("aria-disabled", "true");
    setTimeout(release, 6000);
  });

  // Sending again is allowed when the page comes back, or when the network has been silent for a while.
  const release = () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
  };
  addEventListener("pageshow", release);

  document.querySelector("[data-focus]")?.focus();

  // One open menu, closed by Escape or by pressing elsewhere.
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll(".menu[open]")) if (menu !== except) menu.open = false;
  };
  document.addEventListener("click", (event) => closeMenus(event.target.closest(".menu")));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && document.querySelector(".menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // An answer that stands alone unticks the others, and they it. What was written comes back when it is unticked.
  document.addEventListener("input", ({ target, isTrusted }) => {
    const alone = target.matches("[data-alone]");
    const given = target.type === "checkbox" ? target.checked : target.value !== "";
    for (const other of isTrusted ? document.querySelectorAll("fieldset [name]") : []) {
      if (other === target || other.type === "radio" || !(alone || (given && other.matches("[data-alone]")))) continue;
      if (other.type === "checkbox") other.checked &&= !given;
      else {
        if (given) other.kept = other.value;
        other.value = given ? "" : (other.kept ?? "");
        other.dispatchEvent(new Event("input"));
      }
    }
  });

  // Characters are counted as the service counts them. It is said when the typing rests, and only near the end.
  for (const text of document.querySelectorAll("[data-longest]")) {
    const said = text.nextElementSibling;
    let rest;
    const count = () => {
      const left = text.dataset.longest - [...text.value.trim()].length;
      const near = Math.min(100, text.dataset.longest / 4);
      said.textContent = left > near ? "" : `${left < 0 ? said.dataset.over : said.dataset.left} ${Math.abs(left)}`;
    };
    text.addEventListener("input", () => {
      clearTimeout(rest);
      rest = setTimeout(count, 400);
    });
    addEventListener("pageshow", count);
  }

  // What is typed in a draft outlives Back, a signed-out page and a closed lid, in this tab only. Once the service has
  // kept it, the draft's mark is another, and what was put by is dropped. No form about a person is marked so.
  for (const form of document.querySelectorAll("form[data-keep]")) {
    const key = `draft ${location.pathname}`;
    const fields = () => [...form.elements].filter((one) => one.name && one.matches("input:not([type=hidden]), textarea, select"));
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
    if (kept?.mark === form.dataset.keep) {
      for (const one of fields()) {
        if (!(one.name in kept.values)) continue;
        if (one.type === "checkbox") one.checked = kept.values[one.name];
        else one.value = kept.values[one.name];
      }
    } else sessionStorage.removeItem(key);
    form.addEventListener("input", () => {
      const values = Object.fromEntries(fields().map((one) => [one.name, one.type === "checkbox" ? one.checked : one.value]));
      sessionStorage.setItem(key, JSON.stringify({ mark: form.dataset.keep, values }));
    });
  }

  for (const scale of document.querySelectorAll("[data-vas]")) {
    const slider = scale.querySelector("[data-vas-slider]");
    const number = scale.querySelector("[data-vas-number]");
    const level = scale.querySelector("[data-vas-level]");
    const low = Number(slider.min);
    const span = Number(slider.max) - low;

    // A range input always has a value, and a screen reader would say its middle. Until the patient has given one it is
    // neither shown, said nor sent: with the keyboard or by ear, the first is given in the number field.
    const show = () => {
      const given = number.value !== "" && number.validity.valid;
      slider.classList.toggle("is-empty", !given);
      level.setAttribute("visibility", given ? "visible" : "hidden");
      slider.tabIndex = given ? 0 : -1;
      slider.ariaHidden = given ? null : "true";
      if (!given) return;
      slider.value = number.value;
      const top = 392.5 - (365 * (number.value - low)) / span;
      level.setAttribute("y", top);
      level.setAttribute("height", 402 - top);
    };
    const take = () => {
      number.value = slider.value;
      show();
    };
    slider.addEventListener("input", take);
    slider.addEventListener("click", take); // pressing just where it stood gives no input event
    number.addEventListener("input", show);
    slider.hidden = false;
    addEventListener("pageshow", show);
    show();
  }
})();
