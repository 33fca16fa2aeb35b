/* The shop's few manners: the choice in a product's sheet, and asking where the shopper is, once, to sort stores. */
(() => {
  "use strict";

  // A choice shows its own price, stock and limit; all words were written by the server.
  document.addEventListener("change", (event) => {
    const chosen = event.target;
    const form = chosen.closest?.("form[data-choose]");
    if (!form || chosen.name !== "sku") return;
    for (const part of form.querySelectorAll("[data-sku]")) part.hidden = part.dataset.sku !== chosen.value;
    const quantity = form.querySelector(".stepper input");
    quantity.max = chosen.dataset.most;
    quantity.closest(".stepper").dataset.most = chosen.dataset.mostWords;
    quantity.dispatchEvent(new Event("change", { bubbles: true })); // the stepper keeps itself within its limits
  });

  const say = (text, tone) => document.dispatchEvent(new CustomEvent("siyu:toast", { detail: { text, tone } }));

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-near]");
    if (!button) return;
    const refused = () => {
      button.disabled = false;
      say(button.dataset.refused, "bad");
    };
    if (!navigator.geolocation) {
      refused();
      return;
    }
    button.disabled = true;
    // Three decimals are about a hundred metres: enough to sort stores by, and no more is told.
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      const place = `${coords.latitude.toFixed(3)},${coords.longitude.toFixed(3)}`;
      location.replace(`${button.dataset.near}&near_to=${place}`);
    }, refused, { timeout: 8000, maximumAge: 600000 });
  });
})();
