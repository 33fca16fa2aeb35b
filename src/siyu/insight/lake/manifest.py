"""What the lake consists of: the files that count, and up to where PostgreSQL has been read.

The manifest is replaced in one step after the files it names are complete, so a crash leaves the last good lake.
"""

import os
from datetime import datetime
from pathlib import Path

import msgspec

from siyu.runtime.db import Merchant
from siyu.settings import Settings

LAYOUT = 1  # raised when a column is added or changes its meaning; an older lake is then written anew
FILE = "manifest.json"


class Part(msgspec.Struct, frozen=True):
    """One Parquet file. A row in a part with a higher `number` replaces the same row in a lower one."""

    number: int
    file: str
    rows: int


class Read(msgspec.Struct, frozen=True):
    """When PostgreSQL was read (UTC, the house's clock), and the next transaction number at that moment."""

    at: datetime
    next_tx: int


class State(msgspec.Struct, frozen=True):
    """One data set: finished parts, the part still growing, and from which `updated_at` on it is read again."""

    parts: tuple[Part, ...] = ()
    tail: Part | None = None
    since: datetime | None = None
    signature: str = ""

    @property
    def files(self) -> tuple[Part, ...]:
        return (*self.parts, self.tail) if self.tail else self.parts


class Manifest(msgspec.Struct, frozen=True):
    """`version` grows with every change of the rows; `as_of` also moves when nothing had changed (UTC).

    `lake_id` is fresh for every lake that was begun anew, so `(lake_id, version)` names one content for ever.
    """

    layout: int
    merchant_id: str
    timezone: str
    lake_id: str
    version: int
    as_of: datetime
    reads: tuple[Read, ...]
    states: dict[str, State]


def folder_of(settings: Settings, merchant: Merchant) -> Path:
    """Where the merchant's lake lies, made if absent."""
    return settings.folder("lake", merchant.slug)


def read(folder: Path) -> Manifest | None:
    """The manifest, or None where no lake has been written (or one that this version cannot read)."""
    try:
        found = msgspec.json.decode((folder / FILE).read_bytes(), type=Manifest)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return found if found.layout == LAYOUT else None


def write(folder: Path, manifest: Manifest) -> None:
    """Put the manifest in place of the old one in one step."""
    draft = folder / f"{FILE}.new"
    with draft.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / FILE)
