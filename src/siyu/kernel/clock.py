"""One clock. The demo and the tests move it; nothing else reads the time."""

from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def now() -> datetime:
    """The current instant in UTC, moved by the demo's offset."""
    return datetime.now(UTC) + _offset


def offset() -> timedelta:
    """How far this process has been moved from real time."""
    return _offset


def move_to(moved: timedelta) -> None:
    """Set the offset from real time. Only the demo command and tests call this."""
    global _offset  # noqa: PLW0603 - one clock per process is the point
    _offset = moved
