"""What a drawing is made with: three colours and the little sign on its label."""

import msgspec

from siyu.demo.pictures.canvas import Colour


class Ink(msgspec.Struct, frozen=True):
    """`main` is the thing's own colour, `second` its companion, `third` an accent; `emblem` names a sign or is empty."""

    main: Colour
    second: Colour
    third: Colour
    emblem: str = ""
