/* A product with options: what is chosen names one SKU, and what cannot be had with it is greyed. No word is made here. */
(() => {
  "use strict";

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  const skusOf = (form) => all("[data-choices]", form).map((part) => ({ part, choices: JSON.parse(part.dataset.choices), isOff: "off" in part.dataset }));
  const chosenIn = (form) => all("[data-option]", form).map((set) => set.querySelector("input:checked")?.value);
  const fits = (sku, wanted) => wanted.every((value, at) => value === undefined || sku.choices[at] === value);

  function show(form, sku) {
    for (const { part } of skusOf(form)) part.hidden = part !== sku.part;
    form.elements.sku.value = sku.part.dataset.sku;
    const quantity = form.querySelector(".stepper input");
    quantity.max = sku.part.dataset.most;
    quantity.closest(".stepper").dataset.most = sku.part.dataset.mostWords;
    quantity.dispatchEvent(new Event("change", { bubbles: true }));
    all("[data-option]", form).forEach((set, at) => {
      set.querySelector(`input[value="${CSS.escape(sku.choices[at])}"]`).checked = true;
    });
    const line = document.querySelector("[data-chosen]");
    if (line) line.textContent = sku.choices.join(" / ");
  }

  // A value is greyed when it cannot be had together with the rest of the choice; nobody is led into a dead end.
  function grey(form) {
    const skus = skusOf(form).filter((sku) => !sku.isOff);
    const chosen = chosenIn(form);
    all("[data-option]", form).forEach((set, at) => {
      for (const input of all("input", set)) {
        const wanted = chosen.map((value, other) => (other === at ? input.value : value));
        input.closest(".chip").classList.toggle("is-off", !skus.some((sku) => fits(sku, wanted)));
        input.disabled = !skus.some((sku) => sku.choices[at] === input.value);
      }
    });
  }

  document.addEventListener("change", (event) => {
    const set = event.target.closest?.("[data-option]");
    if (!set) return;
    const form = set.closest("form");
    const at = all("[data-option]", form).indexOf(set);
    const skus = skusOf(form).filter((sku) => !sku.isOff && sku.choices[at] === event.target.value);
    // What was tapped stays; of the rest as much as can be had with it.
    const chosen = chosenIn(form);
    const close = (sku) => sku.choices.filter((value, place) => value === chosen[place]).length;
    const best = skus.sort((one, other) => close(other) - close(one))[0];
    if (best) show(form, best);
    grey(form);
  });

  for (const form of all("form[data-choose]")) if (form.querySelector("[data-option]")) grey(form);

  // Which picture of how many is seen ----------------------------------------------------------------
  for (const swipe of all("[data-swipe]")) {
    const place = document.getElementById(swipe.dataset.swipe);
    swipe.addEventListener("scroll", () => {
      place.textContent = `${Math.round(swipe.scrollLeft / swipe.clientWidth) + 1} / ${swipe.children.length}`;
    }, { passive: true });
  }
})();
