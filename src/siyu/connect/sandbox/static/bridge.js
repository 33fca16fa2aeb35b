// Plays WeChat's JavaScript bridge in an ordinary browser: `getBrandWCPayRequest` opens the sandbox's cashier over
// the page and reports ok, cancel or fail. As in WeChat, "ok" is what the phone says and proves nothing.
(function () {
  "use strict";
  var script = document.currentScript;
  if (window.WeixinJSBridge || !script) return;
  var origin = new URL(script.src).origin;
  var NAMES = ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"];

  function pay(parameters, answer) {
    var query = new URLSearchParams({ parent: window.location.origin, lang: document.documentElement.lang || "zh-CN" });
    NAMES.forEach(function (name) { query.set(name, String((parameters || {})[name] || "")); });

    var overlay = document.createElement("div");
    overlay.setAttribute("role", "dialog");
    overlay.setAttribute("aria-modal", "true");
    overlay.setAttribute("aria-label", "微信支付");
    overlay.id = "sandbox-cashier";
    Object.assign(overlay.style, { position: "fixed", inset: "0", zIndex: "2147483000", background: "rgba(0,0,0,.5)" });
    var frame = document.createElement("iframe");
    frame.src = origin + "/cashier?" + query;
    frame.title = "微信支付";
    Object.assign(frame.style, {
      width: "100%", height: "100%", maxWidth: "480px", border: "0", display: "block", margin: "0 auto", background: "#ededed"
    });
    overlay.appendChild(frame);

    function heard(event) {
      if (event.origin !== origin || event.source !== frame.contentWindow) return;
      if (!event.data || event.data.from !== "siyu-sandbox") return;
      window.removeEventListener("message", heard);
      overlay.remove();
      document.documentElement.style.overflow = "";
      if (answer) answer({ err_msg: "get_brand_wcpay_request:" + event.data.outcome });
    }
    window.addEventListener("message", heard);
    document.documentElement.style.overflow = "hidden";
    document.body.appendChild(overlay);
    frame.focus();
  }

  window.WeixinJSBridge = {
    invoke: function (name, parameters, answer) {
      if (name === "getBrandWCPayRequest") pay(parameters, answer);
      else if (answer) answer({ err_msg: name + ":fail" });
    },
    call: function () {},
    on: function () {}
  };
  document.dispatchEvent(new Event("WeixinJSBridgeReady"));
})();
