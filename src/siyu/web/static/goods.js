/* The product pages of the console: pictures in order, kinds of goods, many chosen at once. All words come from the server. */
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Sections that belong to one kind of goods ----------------------------------------------------
  function kind(form) {
    const chosen = form.querySelector("[data-kind]:checked")?.value;
    for (const part of all("[data-for-kind]", form)) part.hidden = part.dataset.forKind !== chosen;
  }

  // What the bulk bar needs, and how many were chosen -------------------------------------------
  function bulk() {
    const bar = document.querySelector("[data-bulk]");
    if (!bar) return;
    const chosen = all('input[name="product"][form="bulk"]:checked').length;
    bar.hidden = chosen === 0;
    const words = bar.querySelector("[data-bulk-words]");
    words.textContent = words.dataset.bulkWords.replace("{n}", chosen);
    const what = bar.querySelector("[data-what]").value;
    for (const part of all("[data-for]", bar)) part.hidden = !part.dataset.for.split(" ").includes(what);
  }

  // Pictures -------------------------------------------------------------------------------------
  function once(list, name) {
    const seen = new Set();
    for (const item of [...list.children]) {
      const key = name(item);
      if (seen.has(key)) item.remove();
      seen.add(key);
    }
  }
  function face(list) {
    const first = list.querySelector("img");
    const shown = document.querySelector('[data-shown="picture"]');
    if (!shown) return;
    shown.hidden = !first;
    if (first) shown.src = first.src;
  }
  function move(button) {
    const piece = button.closest(".piece");
    const list = piece.parentElement;
    if (button.dataset.piece === "remove") piece.remove();
    if (button.dataset.piece === "left" && piece.previousElementSibling) piece.previousElementSibling.before(piece);
    if (button.dataset.piece === "right" && piece.nextElementSibling) piece.nextElementSibling.after(piece);
    list.dispatchEvent(new Event("input", { bubbles: true })); // so that leaving the page asks first
    face(list);
  }
  function write(input, text) {
    const area = input.closest("form").querySelector(`textarea[name="${input.dataset.into}"]`);
    const source = new DOMParser().parseFromString(text, "text/html").querySelector("img")?.getAttribute("src");
    if (!source) return;
    area.setRangeText(`\n\n![](${source.replace(".s.webp", ".webp")})\n\n`, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    const input = event.detail.elt;
    if (!input.matches?.('input[type="file"]')) return;
    if (event.detail.successful && input.dataset.into) write(input, event.detail.xhr.responseText);
    input.value = ""; // what was uploaded is named in the form now; the file itself is not sent again
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const { target } = event.detail;
    if (target.id === "pieces") {
      once(target, (piece) => piece.querySelector("input").value);
      face(target);
    }
    if (target.id === "parts") once(target, (part) => part.dataset.part);
    bulk();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-piece], [data-remove-part]");
    if (!button) return;
    if (button.dataset.piece) move(button);
    else button.closest(".part").remove();
  });
  document.addEventListener("change", (event) => {
    const input = event.target;
    if ("kind" in input.dataset) kind(input.form);
    if (input.dataset.all) for (const box of all(`input[name="${input.dataset.all}"][form]`)) box.checked = input.checked;
    if (input.dataset.says) document.getElementById(input.dataset.says).textContent = input.selectedOptions[0].dataset.says;
    bulk();
  });
  // Enter adds what was typed; it does not send the form.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches?.("[data-enter], .value-chip input")) return;
    event.preventDefault();
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
