// Comforts of the translators' desk; everything works without them. What is written is counted against the room of a
// phone, Ctrl+Enter saves and goes on, and unsaved words are not left by mistake.
(() => {
  "use strict";

  const form = document.querySelector("[data-edit]");
  if (!form) return;
  const fields = [...form.querySelectorAll("textarea")];
  const before = fields.map((field) => field.value);
  const isChanged = () => fields.some((field, place) => field.value !== before[place]);

  for (const field of fields) {
    const said = document.getElementById(`${field.id}-room`);
    const room = document.createElement("span");
    said.append(" ", room);
    const count = () => {
      const long = [...field.value].length;
      room.textContent = `(${long} / ${field.dataset.crowded})`;
      said.classList.toggle("is-crowded", long > field.dataset.crowded);
    };
    field.addEventListener("input", count);
    count();
  }

  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector("[value=next]"));
  });

  let sent = false;
  form.addEventListener("submit", () => (sent = true));
  addEventListener("beforeunload", (event) => {
    if (!sent && isChanged()) event.preventDefault();
  });
  addEventListener("pageshow", () => (sent = false));
})();
