/* A drawn picture becomes a PNG, because phones keep and send those: long press works, and so does the button.
   Where the browser cannot, the SVG stays. */
(() => {
  "use strict";

  const image = document.getElementById("drawn-picture");
  if (!image) return;

  function paint() {
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth || image.width;
    canvas.height = image.naturalHeight || image.height;
    const pen = canvas.getContext("2d");
    if (!pen) return;
    try {
      pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      const address = canvas.toDataURL("image/png");
      image.src = address;
      const keep = document.getElementById("keep-picture");
      if (keep) {
        keep.href = address;
        keep.download = image.dataset.file;
      }
    } catch {
      return; // an old browser calls a drawing with a picture inside foreign
    }
  }
  if (image.complete && image.naturalWidth) paint();
  else image.addEventListener("load", paint, { once: true });
})();
