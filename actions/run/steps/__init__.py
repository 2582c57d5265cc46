"""The steps of the built-in runbooks, each an action: ask, do, undo."""
