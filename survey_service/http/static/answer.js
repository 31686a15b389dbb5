// An answer on a poor connection. It is sent by script; where nothing answers it is kept on this device, sealed, and sent
// once there is a network. One answer only, of whoever is signed in; another's is deleted unseen. Nothing is kept on a
// device that is lent. Without script the browser sends the form itself.
(() => {
  "use strict";
  const said = document.getElementById("kept");
  if (!said || !globalThis.words) return;
  const tag = said.dataset.tag;
  const LONGEST_WAIT = 10_000;
  const OLDEST = 24 * 3600_000;
  const [SOONEST, LATEST] = [5000, 300_000];
  let wait = SOONEST;
  let timer;
  let working = Promise.resolve();
  let pending; // what ends the request that is under way

  // ---- what is kept: one record, under a key that no script can read out

  const inStore = async (mode, ask) => {
    const opening = indexedDB.open("answer", 1);
    const db = await new Promise((done, failed) => {
      opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
      opening.onsuccess = () => done(opening.result);
      opening.onerror = failed;
    });
    try {
      return await new Promise((done, failed) => {
        const transaction = db.transaction("kept", mode);
        const asked = ask(transaction.objectStore("kept"));
        transaction.oncomplete = () => done(asked.result);
        transaction.onabort = failed;
      });
    } finally {
      db.close();
    }
  };

  const forget = () => inStore("readwrite", (store) => store.clear()).catch(() => {});

  const keep = async (given) => {
    const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(JSON.stringify(given)));
    await inStore("readwrite", (store) => store.put({ tag, at: Date.now(), key, iv, sealed }, 1));
  };

  const kept = async () => {
    const found = await inStore("readonly", (store) => store.get(1)).catch(() => {});
    if (!found) return;
    if (found.tag !== tag || Date.now() - found.at > OLDEST) return void (await forget());
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: found.iv }, found.key, found.sealed);
    return JSON.parse(new TextDecoder().decode(opened));
  };

  // ---- sending

  // The question that a form is for, on this page.
  const formOf = ({ address, fields }) => {
    const form = document.querySelector("form[data-answer]");
    if (form?.action !== address) return null;
    const [here, there] = [new FormData(form), new Map(fields)];
    return ["sequence", "item"].every((name) => here.get(name) === there.get(name)) ? form : null;
  };

  const say = (text, address) => {
    said.textContent = text;
    if (!address) return;
    const link = document.createElement("a");
    link.href = address;
    link.textContent = words.onward;
    said.append(" ", link);
  };

  // As the browser would have sent it: the service's own page says what was wrong.
  const sendAsForm = ({ address, fields }, token) => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = address;
    for (const [name, value] of [...fields, ["csrf_token", token]]) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      form.append(field);
    }
    document.body.append(form);
    form.submit();
  };

  // What the service said, or nothing where it was not reached: no network, or somebody on the way who answers for it.
  const ask = async ({ address, fields }, token) => {
    const body = new URLSearchParams([...fields, ["csrf_token", token]]);
    pending = new AbortController();
    const patience = setTimeout(() => pending.abort(), LONGEST_WAIT);
    try {
      const answer = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" }, signal: pending.signal });
      if (!answer.headers.has("Content-Security-Policy")) return null;
      return { status: answer.status, next: answer.ok ? (await answer.json()).next : null };
    } catch {
      return null;
    } finally {
      clearTimeout(patience);
    }
  };

  // Whether it came through, one way or another.
  const send = async (given) => {
    const token = document.querySelector("[name=csrf_token]").value;
    const answer = await ask(given, token);
    if (!answer) return false;
    if (answer.status === 401 && tag) {
      // Signed out for longer than the service holds an answer: it waits here until the same person is back.
      await keep(given).catch(() => {});
      location.assign(`${words.endedAddress}?kept=1`);
      return true;
    }
    await forget();
    const isHere = formOf(given);
    if (answer.next && isHere) location.assign(answer.next);
    else if (isHere) sendAsForm(given, token);
    else if (answer.next) say(words.sent, answer.next);
    else say(words.refused, given.address);
    return true;
  };

  // One thing after the other, so that an answer is never sent by two hands of one page.
  const next = (work) => {
    clearTimeout(timer);
    working = working.then(work).catch(() => {});
  };

  const later = () => {
    timer = setTimeout(retry, wait);
    wait = Math.min(2 * wait, LATEST);
  };

  const retry = () =>
    next(async () => {
      const given = await kept();
      if (!given) return;
      say(words.kept);
      if (!(await send(given))) later();
    });

  const release = (form) => {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  };

  const answer = (form, button) =>
    next(async () => {
      const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token");
      if (button?.name) fields.push([button.name, button.value]);
      const given = { address: form.action, fields };
      wait = SOONEST;
      if (await send(given)) return;
      release(form);
      if (!tag) return say(words.lost);
      try {
        await keep(given);
        say(words.kept);
        later();
      } catch {
        say(words.lost);
      }
    });

  const restore = (form, fields) => {
    for (const one of form.elements) {
      if (!one.name || one.type === "hidden") continue;
      const values = fields.filter(([name]) => name === one.name).map(([, value]) => value);
      if (/^(radio|checkbox)$/.test(one.type)) one.checked = values.includes(one.value);
      else if (one.matches("input, textarea")) one.value = values.find((value) => value !== "not_applicable") ?? "";
      one.dispatchEvent(new Event("input"));
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if (form.matches("[data-answer]")) {
      event.preventDefault();
      pending?.abort();
      answer(form, event.submitter);
    } else if (form.matches("[action$='/sign-out']")) {
      event.preventDefault();
      forget().then(() => form.submit());
    }
  });

  if (!tag) return;
  addEventListener("online", () => {
    wait = SOONEST;
    retry();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && retry());
  kept()
    .then((given) => {
      const form = given && formOf(given);
      if (form) restore(form, given.fields);
    })
    .then(retry, () => forget());
})();
