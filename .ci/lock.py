"""Renew requirements.lock: run-time packages first, then a marker, then what only development needs.

One file with hashes serves both: the Dockerfile installs what stands above the marker.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

MARKER = "# --- development below this line ---"
HEAD = "# Made by `make lock` from pyproject.toml. Install with: pip install --require-hashes -r requirements.lock\n"


def compile_pins(*arguments: str) -> str:
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--universal", "--generate-hashes",
        "--python-version", "3.11", "--no-header", "--no-annotate", "--quiet", *arguments,
    ]  # fmt: skip
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def blocks(pins: str) -> list[str]:
    """A requirement and the hash lines that belong to it."""
    found: list[str] = []
    for line in pins.splitlines():
        if line.startswith((" ", "\t")) and found:
            found[-1] += "\n" + line
        elif line and not line.startswith("#"):
            found.append(line)
    return found


def main() -> None:
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "uv"], check=True)
    everything = blocks(compile_pins("--group", "dev"))
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder, "constraints.txt")
        constraints.write_text("\n".join(everything))
        runtime = blocks(compile_pins("--constraints", str(constraints)))
    known = {block.split("==")[0] for block in runtime}
    development = [block for block in everything if block.split("==")[0] not in known]
    Path("requirements.lock").write_text("\n".join([HEAD, *runtime, "", MARKER, *development, ""]))


if __name__ == "__main__":
    main()
