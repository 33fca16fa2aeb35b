"""Pictures of products: decoded, turned upright, written again as WebP. What was uploaded is never served."""

import io
import secrets
from pathlib import Path

from PIL import Image, ImageOps

from siyu.kernel.errors import Invalid

BYTES_MAX = 5 * 1024 * 1024
PIXELS_MAX = 40_000_000  # what a good phone takes; above this a small file may fill the memory
SIDE, SIDE_SMALL = 800, 320
QUALITY = 82  # above this WebP grows and nobody sees why
MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")  # JPEG, PNG, WebP
FORMATS = ("JPEG", "PNG", "WEBP")


def keep(folder: Path, data: bytes) -> str:
    """Write the picture in two sizes below `folder`; return the key of the big one. Raises Invalid.

    `products/x.webp` fits into 800 pixels, `products/x.s.webp` into 320. Nothing of the file's own data is kept:
    no place, no camera, no script.
    """
    picture = _decoded(data)
    name = secrets.token_hex(12)
    (folder / "products").mkdir(parents=True, exist_ok=True)
    for side, ending in ((SIDE, ".webp"), (SIDE_SMALL, ".s.webp")):
        sized = picture.copy()
        sized.thumbnail((side, side), Image.Resampling.LANCZOS)
        target = folder / "products" / (name + ending)
        fresh = target.with_suffix(".new")
        sized.save(fresh, "WEBP", quality=QUALITY, method=4)
        fresh.rename(target)
    return f"products/{name}.webp"


def _decoded(data: bytes) -> Image.Image:
    if len(data) > BYTES_MAX:
        raise Invalid(field="picture", zh="图片不能超过 5 MB。", en="A picture has at most 5 MB.")
    if not data.startswith(MAGIC):
        raise _unreadable()
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise Invalid(field="picture", zh="图片尺寸太大。", en="The picture has too many pixels.")
            upright = ImageOps.exif_transpose(opened)
            return _on_white(upright)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        # Pillow says a broken file in many ways; for the person it is one.
        raise _unreadable() from None


def _on_white(picture: Image.Image) -> Image.Image:
    """Without transparency, which a card of another colour would show through."""
    if picture.mode in {"RGBA", "LA", "P", "PA"}:
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(ground, clear).convert("RGB")
    return picture.convert("RGB")


def _unreadable() -> Invalid:
    return Invalid(
        field="picture",
        zh="无法识别这张图片，请上传 JPG、PNG 或 WebP。",
        en="Please upload a JPG, PNG or WebP picture.",
    )
