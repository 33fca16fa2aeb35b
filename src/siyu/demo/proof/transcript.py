"""What was done and what came of it, as a numbered list: each line holds or does not."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

NUMBER_WIDTH, MARK_WIDTH, WORDS_WIDTH = 3, 1, 46


class Transcript:
    """Prints each line as soon as it is known, and counts those that do not hold."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.lines = 0
        self.failed = 0

    def heading(self, zh: str, en: str) -> None:
        self.console.print(Text(f"\n{zh} / {en}", style="bold"))

    def expect(self, zh: str, en: str, found: object, expected: object, said: str = "") -> None:
        """One line: it holds when what was found is what was expected. `said` are the figures to show then."""
        if found == expected:
            self._line(zh, en, Text(said or _told(found)), holds=True)
        else:
            figures = f"应为 / expected: {_told(expected)}\n实为 / actual: {_told(found)}"
            self._line(zh, en, Text(figures, style="red"), holds=False)

    def broke(self, problem: Exception) -> None:
        """The drive could not go on."""
        figures = Text(f"{type(problem).__name__}: {problem}", style="red")
        self._line("走不下去了", "the drive could not go on", figures, holds=False)

    def close(self, seconds: float) -> None:
        """The verdict."""
        if self.failed:
            words = (
                f"\n✗ {self.lines} 项中有 {self.failed} 项不成立 / {self.failed} of {self.lines} do not hold"
            )
        else:
            words = f"\n✓ {self.lines} 项全部成立 / all {self.lines} hold"
        self.console.print(
            Text(f"{words} · {seconds:.1f} s", style="bold red" if self.failed else "bold green")
        )

    def _line(self, zh: str, en: str, figures: Text, *, holds: bool) -> None:
        self.lines += 1
        self.failed += not holds
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=NUMBER_WIDTH, justify="right", style="dim")
        grid.add_column(width=MARK_WIDTH)
        grid.add_column(width=WORDS_WIDTH)
        grid.add_column(overflow="fold")
        mark = Text("✓", style="green") if holds else Text("✗", style="bold red")
        words = Text(zh)
        words.append(f"\n{en}", style="dim")
        grid.add_row(str(self.lines), mark, words, figures)
        self.console.print(grid)


def _told(found: object) -> str:
    """A value as a person reads it: tuples and lists without brackets."""
    if isinstance(found, tuple | list):
        return " · ".join(_told(one) for one in found) or "—"
    return "—" if found is None else str(found)
