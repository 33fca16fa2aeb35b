"""A merchant to try Siyu with: a made-up grocery-and-beauty chain, its pictures, its people and ninety days of trade.

`run` serves it with the sandbox beside it, `move_clock` lets its time pass, `check` drives the whole loop against a
temporary one and says whether everything held. Each returns the exit code of its command.
"""

from siyu.demo.moving import move_clock
from siyu.demo.proof import check
from siyu.demo.starting import run

__all__ = ["check", "move_clock", "run"]
