// Tells the page that opened the cashier how it ended, and keeps one tap from paying twice.
(function () {
  "use strict";
  var result = document.querySelector("[data-outcome]");
  if (result && window.parent !== window) {
    var say = function () {
      window.parent.postMessage(
        { from: "siyu-sandbox", outcome: result.dataset.outcome }, result.dataset.parent || "*"
      );
    };
    var button = document.querySelector("[data-return]");
    if (button) button.addEventListener("click", say);
    // A cancelled payment closes at once, as in WeChat; a result is read first.
    if (result.dataset.outcome === "cancel") say();
    else if (result.dataset.outcome === "ok") window.setTimeout(say, 900);
  }
  // A payment in a page of its own goes back to the merchant by itself, as the gateways do.
  if (result && result.dataset.next && result.dataset.outcome === "ok") {
    window.setTimeout(function () { window.location.assign(result.dataset.next); }, 1500);
  }
  document.querySelectorAll("form").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      form.setAttribute("aria-busy", "true");
    });
  });
})();
