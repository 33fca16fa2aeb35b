/* Small manners of every page: toasts, one answer per tap, steppers, sheets, copying, countdowns. No inline scripts. */
(() => {
  "use strict";

  const TOAST_MS = 3200; // long enough to read one sentence, short enough not to be in the way
  const all = (selector, root = document) => root.querySelectorAll(selector);
  const words = (name) => document.body.dataset[name] || "";

  // Toasts -------------------------------------------------------------------------------------
  function toast(text, tone = "good") {
    const shape = document.getElementById(tone === "bad" ? "toast-bad" : "toast-good");
    const box = document.getElementById("toasts");
    if (!shape || !box) return;
    const made = shape.content.firstElementChild.cloneNode(true);
    made.querySelector("[data-text]").textContent = text;
    box.append(made);
    fade(made);
  }
  function fade(element) {
    setTimeout(() => element.remove(), Number(element.dataset.keep) || TOAST_MS);
  }
  const box = document.getElementById("toasts");
  if (box) {
    new MutationObserver((changes) => {
      for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) fade(node);
    }).observe(box, { childList: true });
    for (const shown of box.children) fade(shown);
  }

  // One answer per tap ---------------------------------------------------------------------------
  const pending = new WeakSet();
  function busy(form, on) {
    for (const button of all("button[type=submit], button:not([type])", form)) {
      button.toggleAttribute("disabled", on);
      if (on) button.setAttribute("aria-busy", "true");
      else button.removeAttribute("aria-busy");
    }
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog") return; // closes a dialog and sends nothing
    if (pending.has(form)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    const question = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (question && !form.dataset.sure) {
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(question, () => {
        form.dataset.sure = "1";
        form.requestSubmit(event.submitter || undefined);
        delete form.dataset.sure;
      });
      return;
    }
    form.dataset.sent = "1";
    pending.add(form);
    // After this event, because a disabled button's own value would not be sent.
    setTimeout(() => busy(form, true));
    if (!usesHtmx(form)) {
      // A form that answers with a file leaves the page where it is.
      if ("stay" in form.dataset) setTimeout(() => settle(form), 1500);
      return;
    }
    form.addEventListener("htmx:afterRequest", () => settle(form), { once: true });
  }, true);
  function usesHtmx(element) {
    return ["get", "post", "put", "patch", "delete"].some((verb) => element.hasAttribute(`hx-${verb}`));
  }
  function settle(form) {
    pending.delete(form);
    delete form.dataset.sent;
    busy(form, false);
  }
  // The back button brings the page as it was left; nothing on it is pending any more.
  addEventListener("pageshow", (event) => {
    if (event.persisted) for (const form of all("form[data-sent]")) settle(form);
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const element = event.detail.elt;
    if (element.matches("button, a")) element.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    event.detail.elt.removeAttribute("aria-busy");
  });

  // Answers of HTMX ------------------------------------------------------------------------------
  // The body of a 4xx is a toast, retargeted by the server; without a body we say it ourselves.
  document.addEventListener("htmx:sendError", () => toast(words("offline"), "bad"));
  document.addEventListener("htmx:timeout", () => toast(words("offline"), "bad"));
  // A proxy's error page is not ours to show: only answers that name the toasts as their place are swapped.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 500 || xhr.getResponseHeader("HX-Retarget")) return;
    event.detail.shouldSwap = false;
    toast(words("failed"), "bad");
  });
  document.addEventListener("siyu:toast", (event) => toast(event.detail.text || event.detail.value, event.detail.tone));
  document.addEventListener("siyu:invalid", (event) => point(event.detail.field, event.detail.detail));
  function point(name, detail) {
    const input = document.querySelector(`[name="${CSS.escape(name)}"]`);
    if (!input) return;
    input.setAttribute("aria-invalid", "true");
    const field = input.closest(".field");
    let said = field?.querySelector(".error");
    if (field && !said) {
      said = document.createElement("p");
      said.className = "error";
      field.append(said);
    }
    if (said) {
      said.id ||= `${name}-error`;
      said.textContent = detail;
      input.setAttribute("aria-describedby", said.id);
    }
    input.focus();
  }
  document.addEventListener("input", (event) => {
    const input = event.target;
    if (input.getAttribute("aria-invalid") !== "true") return;
    input.removeAttribute("aria-invalid");
    input.closest(".field")?.querySelector(".error")?.remove();
  });

  // Steppers -------------------------------------------------------------------------------------
  function step(stepper, by) {
    const input = stepper.querySelector("input");
    const least = Number(input.min || 0);
    const most = input.max === "" ? Infinity : Number(input.max);
    const before = input.value;
    const wanted = (Number.parseInt(input.value, 10) || least) + by;
    input.value = Math.min(most, Math.max(least, wanted));
    limits(stepper);
    if (by > 0 && wanted > most) toast(stepper.dataset.most || "", "bad");
    if (input.value !== before) input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function limits(stepper) {
    const input = stepper.querySelector("input");
    const [less] = all("button", stepper);
    less.disabled = Number(input.value) <= Number(input.min || 0);
  }
  document.addEventListener("change", (event) => {
    const stepper = event.target.closest?.(".stepper");
    if (!stepper) return;
    const input = event.target;
    const value = Number.parseInt(input.value, 10);
    const least = Number(input.min || 0);
    const most = input.max === "" ? Infinity : Number(input.max);
    input.value = Math.min(most, Math.max(least, Number.isNaN(value) ? least : value));
    limits(stepper);
  }, true);

  // Dialogs, sheets, drawers ----------------------------------------------------------------------
  function open(id) {
    const dialog = document.getElementById(id);
    if (dialog && !dialog.open) dialog.showModal();
  }
  function ask(question, then) {
    const dialog = document.getElementById("ask");
    if (!dialog) {
      then();
      return;
    }
    dialog.querySelector("[data-question]").textContent = question;
    dialog.returnValue = "";
    dialog.addEventListener("close", () => dialog.returnValue === "yes" && then(), { once: true });
    dialog.showModal();
  }
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    ask(event.detail.question, () => event.detail.issueRequest(true));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.detail.target.closest?.("dialog[data-open-on-load]");
    if (dialog && !dialog.open) dialog.showModal();
  });

  // Copying and sharing ---------------------------------------------------------------------------
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Older WebViews refuse the clipboard; a selected field still copies there.
      const field = document.createElement("textarea");
      field.value = text;
      field.className = "sr-only";
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    toast(words("copied"));
  }

  // Taps --------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const element = event.target.closest("[data-open], [data-close], [data-copy], [data-step], [data-back], [data-theme-toggle], [data-show]");
    if (event.target.matches("dialog[open]")) event.target.close();
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (!element) return;
    if (element.dataset.open) open(element.dataset.open);
    if ("close" in element.dataset) element.closest("dialog")?.close();
    if (element.dataset.copy) copy(element.dataset.copy);
    if (element.dataset.step) step(element.closest(".stepper"), Number(element.dataset.step));
    if ("themeToggle" in element.dataset) theme();
    if (element.dataset.show) {
      const part = document.getElementById(element.dataset.show);
      part.hidden = !part.hidden;
      element.setAttribute("aria-expanded", String(!part.hidden));
    }
    if ("back" in element.dataset && history.length > 1 && document.referrer.startsWith(location.origin)) {
      event.preventDefault();
      history.back();
    }
  });
  document.addEventListener("keydown", (event) => {
    const find = document.querySelector("[data-find]");
    if (find && event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey)) {
      event.preventDefault();
      find.focus();
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form?.requestSubmit();
  });

  // Theme --------------------------------------------------------------------------------------------
  function theme() {
    const root = document.documentElement;
    const wanted = root.dataset.theme === "dark" ? "light" : "dark";
    root.dataset.theme = wanted;
    document.cookie = `theme=${wanted}; path=/; max-age=31536000; samesite=lax`;
    document.dispatchEvent(new CustomEvent("siyu:theme"));
  }

  // Unsaved changes ----------------------------------------------------------------------------------
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-guard]");
    if (form) form.dataset.changed = "1";
  });
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-guard][data-changed]:not([data-sent])")) event.preventDefault();
  });

  // Countdowns run on the server's clock: the page says what time it was there when it was made.
  const served = Date.parse(document.body.dataset.now || "") || Date.now();
  const started = performance.now();
  const two = (value) => String(value).padStart(2, "0");
  function tick() {
    const now = served + (performance.now() - started);
    for (const clock of all("[data-until]")) {
      const left = Math.max(0, Math.floor((Date.parse(clock.dataset.until) - now) / 1000));
      const days = Math.floor(left / 86400);
      const rest = `${two(Math.floor((left % 86400) / 3600))}:${two(Math.floor((left % 3600) / 60))}:${two(left % 60)}`;
      clock.textContent = days ? `${days}${words("days")} ${rest}` : rest;
      if (left === 0 && !clock.dataset.over) {
        clock.dataset.over = "1";
        clock.dispatchEvent(new CustomEvent("siyu:over", { bubbles: true }));
      }
    }
  }
  tick();
  setInterval(tick, 1000);
  function fresh(root) {
    for (const stepper of all(".stepper", root)) limits(stepper);
  }
  fresh(document);
  document.addEventListener("htmx:load", (event) => fresh(event.detail.elt));
})();
