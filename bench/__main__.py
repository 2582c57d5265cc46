"""`python -m bench [NAME [ARGUMENTS...]]` runs every measurement but those of the night, or one; the last line is all numbers as JSON."""

import importlib
import json
import pkgutil
import sys

import bench

#: They take hours, and run only where they are named.
NIGHTLY = frozenset({"kill"})


def main(arguments: list[str]) -> int:
    """Runs what was named (everything by default)."""
    known = sorted(found.name for found in pkgutil.iter_modules(bench.__path__) if not found.name.startswith("_"))
    if arguments and arguments[0] not in known:
        print(f"There is no measurement {arguments[0]!r}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    chosen = arguments[:1] or [name for name in known if name not in NIGHTLY]
    print(json.dumps({name: importlib.import_module(f"bench.{name}").run(arguments[1:]) for name in chosen}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
