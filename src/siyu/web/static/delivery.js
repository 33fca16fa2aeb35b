/* Freight and local delivery on the console: regions as chips, added from the picker. */
(() => {
  "use strict";

  document.addEventListener("click", (event) => {
    const drop = event.target.closest("[data-drop-region]");
    if (drop) {
      const set = drop.closest("[data-region-set]");
      drop.closest(".region-chip").remove();
      told(set);
      return;
    }
    const add = event.target.closest("[data-add-region]");
    if (!add) return;
    const set = add.closest("[data-region-set]");
    const lists = [...set.querySelectorAll("select")];
    const chosen = lists.filter((list) => list.value);
    const lowest = chosen.at(-1);
    if (!lowest) {
      lists[0].focus();
      return;
    }
    const has = [...set.querySelectorAll("[data-chips] input")].some((input) => input.value === lowest.value);
    if (!has) {
      const chip = set.querySelector("template[data-chip]").content.firstElementChild.cloneNode(true);
      chip.querySelector("input").value = lowest.value;
      const names = chosen.map((list) => list.selectedOptions[0].text);
      chip.querySelector("[data-word]").textContent = [...new Set(names)].join("");
      set.querySelector("[data-chips]").append(chip);
    }
    lists[0].value = "";
    lists[0].dispatchEvent(new Event("change", { bubbles: true }));
    told(set);
  });

  function told(set) {
    const none = set.querySelector("[data-none]");
    if (none) none.hidden = set.querySelector(".region-chip") !== null;
    const form = set.closest("form[data-guard]");
    if (form) form.dataset.changed = "1";
  }
})();
