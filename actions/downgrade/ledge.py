"""A little memory that the driven process and its gate share. Standard library only."""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: UP006, UP035, UP045

from __future__ import annotations

import mmap
from typing import Optional, Tuple


class Ledge:
    """What the driven process lays out for the gate: which revision runs, and whether a statement is told already."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 512)

    def lay(self, *, revision: Optional[str], within: bool, hushed: bool) -> None:
        name = (revision or "").encode()[:250]
        self._memory[0:2] = bytes((len(name), (1 if within else 0) | (2 if hushed else 0)))
        self._memory[2 : 2 + len(name)] = name

    def read(self) -> Tuple[Optional[str], bool, bool]:
        length, flags = self._memory[0], self._memory[1]
        return self._memory[2 : 2 + length].decode(errors="replace") or None, bool(flags & 1), bool(flags & 2)
