/* Draws what a promoter shares (picture, title, price, QR code) as one PNG that a phone can save. Everything comes from
   the page itself, so nothing is fetched from elsewhere. */
(() => {
  "use strict";

  const WIDTH = 750; // what phones show at full width without blur
  const MARGIN = 48;
  const QR_SIDE = 220;
  const FONT = "-apple-system, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif";

  function loaded(address) {
    return new Promise((resolve, reject) => {
      const picture = new Image();
      picture.onload = () => resolve(picture);
      picture.onerror = reject;
      picture.src = address;
    });
  }

  // The code is an inline SVG; as a picture it needs its name space and a size.
  function codeAddress(svg) {
    const copy = svg.cloneNode(true);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", QR_SIDE);
    copy.setAttribute("height", QR_SIDE);
    return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  }

  function linesOf(pen, text, width, most) {
    const lines = [""];
    for (const sign of text) {
      if (pen.measureText(lines.at(-1) + sign).width <= width) lines[lines.length - 1] += sign;
      else if (lines.length === most) return [...lines.slice(0, -1), `${lines.at(-1).slice(0, -1)}…`];
      else lines.push(sign);
    }
    return lines;
  }

  async function drawn(card) {
    const image = card.querySelector("img");
    const picture = image ? await loaded(image.currentSrc || image.src) : null;
    const code = await loaded(codeAddress(card.querySelector("svg[class*='qr'], .qr-small svg")));
    const canvas = document.createElement("canvas");
    canvas.width = WIDTH;
    const top = picture ? WIDTH : MARGIN;
    canvas.height = top + 400;
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, WIDTH, canvas.height);
    if (picture) pen.drawImage(picture, 0, 0, WIDTH, WIDTH);
    pen.textBaseline = "top";
    pen.fillStyle = "#1a1a1a";
    pen.font = `600 38px ${FONT}`;
    const room = WIDTH - 3 * MARGIN - QR_SIDE;
    const lines = linesOf(pen, card.dataset.poster, room, 3);
    lines.forEach((line, place) => pen.fillText(line, MARGIN, top + MARGIN + place * 52));
    pen.fillStyle = "#c8341f";
    pen.font = `700 56px ${FONT}`;
    pen.fillText(card.dataset.posterPrice, MARGIN, top + MARGIN + lines.length * 52 + 20);
    pen.drawImage(code, WIDTH - MARGIN - QR_SIDE, top + MARGIN, QR_SIDE, QR_SIDE);
    pen.fillStyle = "#6b6b6b";
    pen.font = `26px ${FONT}`;
    pen.fillText(linesOf(pen, card.dataset.posterNote, WIDTH - 2 * MARGIN, 1)[0], MARGIN, canvas.height - MARGIN - 20);
    return canvas.toDataURL("image/png");
  }

  async function show(button) {
    const card = document.querySelector("[data-poster]");
    const place = button.closest("[data-poster-place]");
    button.disabled = true;
    try {
      const picture = document.createElement("img");
      picture.src = await drawn(card);
      picture.alt = card.dataset.poster;
      picture.className = "poster";
      const said = document.createElement("p");
      said.className = "faint";
      said.textContent = place.dataset.posterSaid;
      const download = document.createElement("a");
      download.className = "button button-soft button-wide";
      download.href = picture.src;
      download.download = "poster.png";
      download.textContent = place.dataset.posterDownload;
      place.replaceChildren(picture, said, download);
    } finally {
      button.disabled = false;
    }
  }

  if (window.siyuPoster) return; // the page may come again by HTMX
  window.siyuPoster = true;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-poster-make]");
    if (button) show(button);
  });
})();
