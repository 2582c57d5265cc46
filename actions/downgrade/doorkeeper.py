"""Watches drivers from the moment at which the application imports them. Standard library only."""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: UP006, UP035, UP045

from __future__ import annotations

import importlib.machinery
import sys
from typing import Any, Callable, Dict, Optional


class Doorkeeper:
    """What is not used costs nothing."""

    def __init__(self, doors: Dict[str, Callable[[Any], None]]) -> None:
        self._doors = doors

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Optional[importlib.machinery.ModuleSpec]:
        watch = self._doors.get(name)
        if watch is None:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: Optional[importlib.machinery.ModuleSpec] = (
                find(name, path, target) if find is not None and finder is not self else None
            )
            if spec is not None:
                if spec.loader is not None:
                    loader: Any = Watching(spec.loader, watch)
                    spec.loader = loader
                return spec
        return None


class Watching:
    """A loader that puts the watch on what it has loaded."""

    def __init__(self, loader: Any, watch: Callable[[Any], None]) -> None:
        self._loader, self._watch = loader, watch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        self._loader.exec_module(module)
        self._watch(module)
