"""A bank's slip, as a buyer photographs it for a proof of payment. Nothing on it can be read, or is anybody's."""

from io import BytesIO

from PIL import Image, ImageDraw

SIZE = (720, 960)
PAPER, INK, FAINT, STAMP = "#fbfaf6", "#6b7280", "#d7d5cd", "#c0392b"
ROWS = (0.42, 0.58, 0.36, 0.66, 0.30, 0.52, 0.46)  # how long each written line is, of the width


def bank_slip() -> bytes:
    """The slip as PNG, 720 × 960."""
    sheet = Image.new("RGB", SIZE, "#e9e6dd")
    draw = ImageDraw.Draw(sheet)
    draw.rounded_rectangle((48, 48, SIZE[0] - 48, SIZE[1] - 48), 14, fill=PAPER, outline=FAINT, width=3)
    draw.rectangle((96, 104, 380, 132), fill="#2f5d8a")
    draw.rectangle((96, 150, 300, 164), fill=FAINT)
    for place, length in enumerate(ROWS):
        y = 236 + place * 76
        draw.rectangle((96, y, 190, y + 16), fill=FAINT)
        draw.rectangle((226, y, 226 + round(length * 400), y + 16), fill=INK)
        draw.line((96, y + 46, SIZE[0] - 96, y + 46), fill=FAINT, width=2)
    draw.ellipse((438, 690, 618, 870), outline=STAMP, width=7)
    draw.ellipse((458, 710, 598, 850), outline=STAMP, width=2)
    draw.rectangle((484, 768, 572, 792), fill=STAMP)
    out = BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()
