/* Reads a pickup code with the camera where the browser can (BarcodeDetector); elsewhere the typed code is enough. */
(() => {
  "use strict";

  const LOOK_MS = 200; // five looks a second read a steady code at once and leave a cheap phone cool

  async function canRead() {
    if (!("BarcodeDetector" in window) || !navigator.mediaDevices) return false;
    return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
  }

  // A code may be printed alone or inside an address: https://…/verify?code=XXXXXXXX.
  function codeIn(text) {
    try {
      return new URL(text).searchParams.get("code") || "";
    } catch {
      return text.trim();
    }
  }

  function toast(text) {
    document.dispatchEvent(new CustomEvent("siyu:toast", { detail: { text, tone: "bad" } }));
  }

  async function prepare(box) {
    if (!(await canRead())) return;
    box.hidden = false;
    const view = box.querySelector("[data-scan-view]");
    const start = box.querySelector("[data-scan-start]");
    const video = view.querySelector("video");
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    let timer = 0;

    function stop() {
      clearInterval(timer);
      for (const track of video.srcObject?.getTracks() || []) track.stop();
      video.srcObject = null;
      view.hidden = true;
      start.hidden = false;
    }
    async function look() {
      if (video.readyState < 2) return;
      const [found] = await detector.detect(video);
      const code = found && codeIn(found.rawValue);
      if (!code || !timer) return;
      stop();
      timer = 0;
      navigator.vibrate?.(60);
      location.assign(`${box.dataset.scan}?code=${encodeURIComponent(code)}`);
    }
    start.addEventListener("click", async () => {
      try {
        video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      } catch {
        toast(box.dataset.refused);
        return;
      }
      start.hidden = true;
      view.hidden = false;
      await video.play();
      timer = setInterval(() => look().catch(stop), LOOK_MS);
    });
    box.querySelector("[data-scan-stop]").addEventListener("click", stop);
    addEventListener("pagehide", stop);
  }

  for (const box of document.querySelectorAll("[data-scan]")) prepare(box);
})();
