"""The page needs nothing but its own files, and they are in the package."""

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

WEB = Path(__file__).parents[2] / "bot" / "sandbox" / "web"
NEEDS = {
    ".js": re.compile(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']"""),
    ".css": re.compile(r"""url\("([^"]+)"\)"""),
    ".html": re.compile(r"""(?:href|src)="([^"]+)\""""),
}


def _ours() -> list[Path]:
    return [file for file in WEB.rglob("*") if file.suffix in NEEDS]


def _meant(file: Path, name: str) -> Path:
    return WEB / name[1:] if name.startswith("/") else file.parent / name


def test_whatever_a_file_of_the_page_asks_for_is_there() -> None:
    asked = [(file, name) for file in _ours() for name in NEEDS[file.suffix].findall(file.read_text(encoding="utf-8"))]
    assert len(asked) > 100
    assert [(str(file), name) for file, name in asked if not _meant(file, name).is_file()] == []


def test_every_file_of_the_page_is_used() -> None:
    used = {
        _meant(file, name).resolve()
        for file in _ours() for name in NEEDS[file.suffix].findall(file.read_text(encoding="utf-8"))
    }  # fmt: skip
    assert [file.name for file in _ours() if file.resolve() not in used and file.name != "index.html"] == []


def test_each_piece_of_others_work_carries_its_licence() -> None:
    vendor = WEB / "vendor"
    told = (vendor / "README.md").read_text(encoding="utf-8")
    for file in vendor.rglob("*"):
        if file.suffix in {".js", ".woff2"}:
            assert file.name in told or f"{file.parent.name}/*{file.suffix}" in told
    for licence in re.findall(r"`([^`]*LICENSE)`", told):
        assert (vendor / licence).stat().st_size > 500


def test_the_package_carries_the_page(tmp_path: Path) -> None:
    root = WEB.parents[2]
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("bot/sandbox/web/")}
    assert packed == {str(file.relative_to(root)) for file in WEB.rglob("*") if file.is_file()}
