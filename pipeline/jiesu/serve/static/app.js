// Keys, the undo of ten seconds, and what a form says of itself. Every page works without this.
"use strict";

(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const loaded = performance.now();
  // A key held down, or pressed twice, must not accept a case that nobody has looked at.
  const SETTLE = 350;
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const one = (what, where = document) => where.querySelector(what);

  // Keys: whatever bears `data-key` is taken by that key.
  const writes = (field) =>
    field.matches("textarea, select, input:not([type=radio]):not([type=checkbox]), [contenteditable]");
  const isOperated = (field) => field.closest("button, a, summary, input[type=checkbox]");

  const take = (found) => {
    if (found.matches("input[type=radio]")) {
      found.checked = true;
      found.focus();
      found.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (found.matches("summary")) {
      const details = found.closest("details");
      details.open = !details.open;
      (details.open ? one("select, input, textarea", details) : found).focus();
    } else if (found.matches("input, select, textarea")) {
      found.focus();
      found.select?.();
    } else {
      found.click();
    }
  };

  const move = (step) => {
    const rows = all(".queue .open");
    const at = rows.indexOf(document.activeElement);
    const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    const focus = document.activeElement ?? document.body;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && writes(focus)) {
      focus.blur();
      return;
    }
    if (event.repeat || writes(focus) || one("dialog[open]")) return;
    // Under an input method the key is hidden, its place on the keyboard is not.
    const hidden = event.key === "Process" || event.key === "Unidentified";
    const key = (hidden ? event.code.replace(/^(Key|Digit)/, "") : event.key).toLowerCase();
    if (key === "enter") {
      if (isOperated(focus)) return;
      const button = one('[data-key="Enter"]');
      if (button && performance.now() - loaded > SETTLE) button.click();
      if (button) event.preventDefault();
      return;
    }
    if (one(".queue") && (key === "j" || key === "k")) {
      move(key === "j" ? 1 : -1);
      return;
    }
    const found = all("[data-key]").find((item) => item.dataset.key === key && !item.disabled);
    if (!found) return;
    event.preventDefault();
    take(found);
  });

  // An empty date says nothing, rather than how a date is written elsewhere.
  for (const field of all("input[type=date]")) {
    const mark = () => field.toggleAttribute("data-empty", !field.value);
    field.addEventListener("change", mark);
    mark();
  }

  // Dialogs.
  for (const button of all("[data-open]")) {
    button.addEventListener("click", () => one(button.dataset.open)?.showModal());
  }

  // Copying.
  for (const button of all("[data-copy]")) {
    const said = button.textContent;
    button.addEventListener("click", async () => {
      const from = one(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(from.textContent);
        button.textContent = button.dataset.done;
        setTimeout(() => { button.textContent = said; }, 2000);
      } catch {
        getSelection()?.selectAllChildren(from);
      }
    });
  }

  // A form is sent once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.action.endsWith("/export")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) delete form.dataset.sent;
  });

  // The undo of a decision goes when it is too late.
  const toast = one(".toast");
  if (toast) {
    setTimeout(() => toast.remove(), Number(toast.dataset.seconds) * 1000);
    // The address must not offer it again when the page is loaded anew.
    const address = new URL(location.href);
    address.searchParams.delete("undo");
    history.replaceState(history.state, "", address);
  }

  // The form of a case: what it changes, and who has the case.
  const form = one("#decision");
  if (!form) return;
  const other = one("#other", form);
  const otherChoice = one("#other-choice", form);
  const units = new Set(all("#units option", form).map((option) => option.value));
  const flags = () => all("[name=flags]:checked", form).map((box) => box.value).join();
  const flagsBefore = all("[name=flags]", form).filter((box) => box.defaultChecked).map((box) => box.value).join();

  const changed = () => {
    const chosen = all("fieldset[data-was]", form).some(
      (field) => (one("input[type=radio]:checked", field)?.value ?? "") !== field.dataset.was,
    );
    const listed = all("select[data-was]", form).some((field) => field.value !== field.dataset.was);
    const named = otherChoice.checked && other.value !== other.defaultValue;
    return chosen || listed || named || flags() !== flagsBefore;
  };

  const update = () => {
    const wrong = otherChoice.checked && !units.has(other.value.trim());
    other.setCustomValidity(wrong ? other.dataset.unknown : "");
    const corrects = changed();
    form.classList.toggle("is-changed", corrects);
    one("[data-accept]", form).hidden = corrects;
    one("[data-correct]", form).hidden = !corrects;
  };

  other.addEventListener("input", () => {
    otherChoice.checked = true;
    update();
  });
  form.addEventListener("change", update);
  update();

  // Who is at work keeps the case; a page left open does not.
  const EVERY = 4 * 60 * 1000;
  let kept = Date.now();
  const keep = () => {
    if (Date.now() - kept < EVERY) return;
    kept = Date.now();
    fetch(form.dataset.claim, { method: "POST", headers: { "X-CSRF-Token": form.dataset.csrf } }).catch(() => {});
  };
  for (const name of ["keydown", "pointerdown", "wheel"]) addEventListener(name, keep, { passive: true });
})();
