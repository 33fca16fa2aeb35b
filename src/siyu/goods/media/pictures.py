"""Pictures: decoded, turned upright, written again as WebP in three widths. What was uploaded is never served."""

import io

import msgspec
from PIL import Image, ImageOps

from siyu.kernel.errors import Invalid

BYTES_MAX = 5 * 1024 * 1024
PIXELS_MAX = 40_000_000  # what a good phone takes; above this a small file may fill the memory
SIZES = ((".l.webp", 1600), (".webp", 800), (".s.webp", 320))  # what the key ends with, and the longer side
QUALITY = 82  # above this WebP grows and nobody sees why
MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")  # JPEG, PNG, WebP
FORMATS = ("JPEG", "PNG", "WEBP")


class Written(msgspec.Struct, frozen=True):
    """A picture in all its sizes: bytes by what the key ends with; width and height of the largest, in pixels."""

    files: dict[str, bytes]
    width: int
    height: int

    @property
    def size_bytes(self) -> int:
        return sum(len(data) for data in self.files.values())


def written_again(data: bytes, field: str = "picture") -> Written:
    """The picture in three sizes, none larger than it was. Raises Invalid at the field.

    Nothing of the file's own data is kept: no place, no camera, no script.
    """
    picture = _decoded(data, field)
    files: dict[str, bytes] = {}
    width, height = 0, 0
    for ending, side in SIZES:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)  # the largest comes first
        width, height = (picture.size) if not files else (width, height)
        sized = io.BytesIO()
        picture.save(sized, "WEBP", quality=QUALITY, method=4)
        files[ending] = sized.getvalue()
    return Written(files, width, height)


def _decoded(data: bytes, field: str) -> Image.Image:
    if len(data) > BYTES_MAX:
        raise Invalid(field=field, zh="图片不能超过 5 MB。", en="A picture has at most 5 MB.")
    if not data.startswith(MAGIC):
        raise _unreadable(field)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                raise Invalid(field=field, zh="图片尺寸太大。", en="The picture has too many pixels.")
            return _on_white(ImageOps.exif_transpose(opened))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        # Pillow says a broken file in many ways; for the person it is one.
        raise _unreadable(field) from None


def _on_white(picture: Image.Image) -> Image.Image:
    """Without transparency, which a card of another colour would show through, and without what else it carried."""
    if picture.mode in {"RGBA", "LA", "P", "PA"}:
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, "white")
        shown = Image.alpha_composite(ground, clear).convert("RGB")
    else:
        shown = picture.convert("RGB")
    shown.info = {}
    return shown


def _unreadable(field: str) -> Invalid:
    return Invalid(
        field=field,
        zh="无法识别这张图片，请上传 JPG、PNG 或 WebP。",
        en="Please upload a JPG, PNG or WebP picture.",
    )
