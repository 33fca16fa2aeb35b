"""`siyu demo --check`."""


def check() -> int:
    return 1
