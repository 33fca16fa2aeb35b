"""Pictures of a merchant, kept in a folder or a bucket and served in three widths. Owns table media."""

from siyu.goods.media.keeping import Picture, PictureInUse, held, keep, listing, remove, size_of, srcset, used
from siyu.goods.media.pictures import BYTES_MAX, SIZES, Written, written_again
from siyu.goods.media.places import MediaAway, body_of

__all__ = [
    "BYTES_MAX",
    "SIZES",
    "MediaAway",
    "Picture",
    "PictureInUse",
    "Written",
    "body_of",
    "held",
    "keep",
    "listing",
    "remove",
    "size_of",
    "srcset",
    "used",
    "written_again",
]
