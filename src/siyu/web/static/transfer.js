// 确认收款: opens WeChat's page for taking a transfer. Whatever the phone answers, the form then asks the server, which
// asks the gateway; "ok" only means that the page was shown.
(function () {
  "use strict";
  var form = document.getElementById("take");
  if (!form || form.dataset.bound) return;
  form.dataset.bound = "1";
  var asked = false;
  form.addEventListener("submit", function (event) {
    if (asked || !window.WeixinJSBridge) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    var wanted = { mchId: form.dataset.mch, appId: form.dataset.app, package: form.dataset.package };
    window.WeixinJSBridge.invoke("requestMerchantTransfer", wanted, function () {
      asked = true;
      form.submit();
    });
  }, true);
})();
