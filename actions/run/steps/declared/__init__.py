"""The steps that teams declare in their runbooks, each an action: ask, do, undo."""
