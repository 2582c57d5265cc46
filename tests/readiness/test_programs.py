from pathlib import Path

import pytest

from actions.backup.programs import ClientPrograms, find_programs, programs_for
from actions.errors import ConfigurationError


def of_version(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("pg_dump", "pg_restore", "psql"):
        (folder / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_newest_set_comes_first_wherever_it_is(tmp_path: Path) -> None:
    old = of_version(tmp_path / "path", "14.2")
    of_version(tmp_path / "lib" / "99" / "bin", "99.1 (Debian 99.1-1)")
    found = find_programs({"PATH": str(old)}, places=[f"{tmp_path}/lib/*/bin"])
    assert found[0].version == "99.1"
    assert "14.2" in [each.version for each in found]


def test_an_incomplete_set_does_not_count(tmp_path: Path) -> None:
    folder = of_version(tmp_path / "path", "98.0")
    (folder / "pg_restore").unlink()
    assert "98.0" not in [each.version for each in find_programs({"PATH": str(folder)}, places=[])]


def test_programs_that_pick_their_version_anew_each_time_do_not_count(tmp_path: Path) -> None:
    """Debian's /usr/bin/pg_restore is the newest of all that are installed, whatever pg_dump beside it says."""
    common = of_version(tmp_path / "common", "97.0")
    (common / "pg_dump").rename(common / "pg_wrapper")
    usual = tmp_path / "usual"
    usual.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (usual / name).symlink_to(common / "pg_wrapper")
    of_version(tmp_path / "lib" / "96" / "bin", "96.4")
    found = [each.version for each in find_programs({"PATH": str(usual)}, places=[f"{tmp_path}/lib/*/bin"])]
    assert "96.4" in found
    assert "97.0" not in found


def test_a_server_newer_than_every_program_is_refused_with_what_to_install() -> None:
    found = (ClientPrograms(folder=Path("/x"), major=17, minor=2),)
    assert programs_for(17, found) is found[0]
    assert programs_for(13, found) is found[0]
    with pytest.raises(ConfigurationError, match=r"newest here is 17\.2") as caught:
        programs_for(18, found)
    assert caught.value.next_step is not None
    assert "postgresql-client-18" in caught.value.next_step
    with pytest.raises(ConfigurationError, match="none here"):
        programs_for(18, ())
