/* Paying: asks our server for WeChat's parameters, opens WeChat's cashier, then asks our server what became of it.
   What the cashier says on the phone proves nothing, so the page never calls an order paid by itself. */
(() => {
  "use strict";

  const ASKS = 20; // one a second; after that our own sweep is quicker than a waiting person
  const BRIDGE_MS = 3000; // WeChat announces its bridge well within this; later means we are not in WeChat
  const button = document.querySelector("[data-pay]");
  const waits = document.querySelector("[data-wait]");
  const notice = document.getElementById("pay-notice");
  if (!notice) return;

  function say(name, reason = "") {
    for (const part of notice.querySelectorAll("[data-said]")) part.hidden = part.dataset.said !== name;
    if (reason) notice.querySelector("[data-reason]").textContent = reason;
  }
  function busy(on) {
    if (!button) return;
    button.disabled = on;
    button.toggleAttribute("aria-busy", on);
  }
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  function bridge() {
    if (window.WeixinJSBridge) return Promise.resolve(window.WeixinJSBridge);
    return new Promise((resolve) => {
      document.addEventListener("WeixinJSBridgeReady", () => resolve(window.WeixinJSBridge), { once: true });
      setTimeout(() => resolve(window.WeixinJSBridge || null), BRIDGE_MS);
    });
  }

  async function asked(path, options = {}) {
    const answer = await fetch(path, { headers: { accept: "application/json", "x-csrftoken": button?.dataset.csrf || "" }, ...options });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(said.detail || document.body.dataset.failed);
    return said;
  }

  async function settled(tries) {
    for (let left = tries; left > 0; left -= 1) {
      const state = await asked(`${button.dataset.pay}/state`).catch(() => null);
      if (state?.is_final) {
        location.replace(state.go);
        return true;
      }
      if (left > 1) await pause(1000);
    }
    return false;
  }

  const outcome = (weixin, parameters) =>
    new Promise((resolve) => {
      weixin.invoke("getBrandWCPayRequest", parameters, (answer) => resolve(String(answer?.err_msg || "").split(":").pop()));
    });

  async function pay() {
    busy(true);
    try {
      const weixin = await bridge();
      if (!weixin) {
        say("outside");
        return;
      }
      const parameters = await asked(`${button.dataset.pay}/begin`, { method: "POST" });
      const how = await outcome(weixin, parameters);
      if (how === "ok") {
        say("waiting");
        if (!(await settled(ASKS))) say("unsure");
        return;
      }
      // Cancelled or failed on the phone is not proof either: one look before we offer to pay again.
      if (!(await settled(1))) say(how === "cancel" ? "cancelled" : "failed");
    } catch (problem) {
      say("refused", problem.message);
    } finally {
      busy(false);
    }
  }

  // The page behind a gateway's own page, or with a code to scan: asks quickly first, then in no hurry.
  async function wait() {
    for (let asks = 0; ; asks += 1) {
      const state = await asked(`${waits.dataset.wait}/state`).catch(() => null);
      if (state?.is_final) {
        location.reload();
        return;
      }
      if (asks === ASKS) say("unsure");
      await pause(asks < ASKS ? 2000 : 10000);
    }
  }

  button?.addEventListener("click", pay);
  if (waits) wait();
  document.addEventListener("siyu:over", () => {
    say("over");
    if (button) button.disabled = true;
  });
})();
