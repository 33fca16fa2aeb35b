// Plays WeChat's JavaScript bridge in an ordinary browser: `getBrandWCPayRequest` opens the sandbox's cashier over
// the page and reports ok, cancel or fail, `requestMerchantTransfer` the page on which a person takes money. As in WeChat, "ok" is what the phone says and proves nothing.
(function () {
  "use strict";
  var script = document.currentScript;
  if (window.WeixinJSBridge || !script) return;
  var origin = new URL(script.src).origin;
  var PAY_NAMES = ["appId", "timeStamp", "nonceStr", "package", "signType", "paySign"];
  var TRANSFER_NAMES = ["mchId", "appId", "package"];

  function open(name, path, names, title, parameters, answer) {
    var query = new URLSearchParams({ parent: window.location.origin, lang: document.documentElement.lang || "zh-CN" });
    names.forEach(function (name) { query.set(name, String((parameters || {})[name] || "")); });

    var overlay = document.createElement("div");
    overlay.setAttribute("role", "dialog");
    overlay.setAttribute("aria-modal", "true");
    overlay.setAttribute("aria-label", title);
    overlay.id = "sandbox-cashier";
    Object.assign(overlay.style, { position: "fixed", inset: "0", zIndex: "2147483000", background: "rgba(0,0,0,.5)" });
    var frame = document.createElement("iframe");
    frame.src = origin + path + "?" + query;
    frame.title = title;
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
      if (answer) answer({ err_msg: name + ":" + event.data.outcome });
    }
    window.addEventListener("message", heard);
    document.documentElement.style.overflow = "hidden";
    document.body.appendChild(overlay);
    frame.focus();
  }

  window.WeixinJSBridge = {
    invoke: function (name, parameters, answer) {
      if (name === "getBrandWCPayRequest") {
        open("get_brand_wcpay_request", "/cashier", PAY_NAMES, "微信支付", parameters, answer);
      } else if (name === "requestMerchantTransfer") {
        open("requestMerchantTransfer", "/transfer", TRANSFER_NAMES, "微信收款", parameters, answer);
      }
      else if (answer) answer({ err_msg: name + ":fail" });
    },
    call: function () {},
    on: function () {}
  };
  document.dispatchEvent(new Event("WeixinJSBridgeReady"));
})();
