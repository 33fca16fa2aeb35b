/* The card that shoppers will see follows what is typed, and rows of a form can be taken away. */
(() => {
  "use strict";

  const shown = (name) => document.querySelector(`[data-shown="${name}"]`);

  const follow = {
    title(input) {
      const place = shown("title");
      place.textContent = input.value.trim() || place.dataset.empty;
    },
    price() {
      // A card names the lowest price, whatever the order of the rows.
      const prices = [...document.querySelectorAll('[data-preview="price"]')].map((each) => Number(each.value)).filter((each) => each > 0);
      const sign = document.querySelector(".matrix-table .prefix")?.textContent || "";
      shown("price").textContent = sign + (prices.length ? Math.min(...prices) : 0).toFixed(2);
    },
    picture(input) {
      const [file] = input.files;
      const place = shown("picture");
      if (!file || !file.type.startsWith("image/")) return;
      if (place.src.startsWith("blob:")) URL.revokeObjectURL(place.src);
      place.src = URL.createObjectURL(file);
      place.hidden = false;
      const name = shown("file");
      if (name) name.textContent = file.name;
    },
  };

  document.addEventListener("input", (event) => {
    const name = event.target.dataset?.preview;
    if (name && shown(name)) follow[name](event.target);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (!button) return;
    const rows = button.closest(button.dataset.remove).parentElement;
    if (rows.children.length > 1) button.closest(button.dataset.remove).remove();
  });
})();
