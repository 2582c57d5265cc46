import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from socket import create_server
from urllib.request import Request, urlopen

import pytest

from actions.backup.stores import FolderStore, S3Store
from actions.errors import UnavailableError


def test_a_folder_is_made_private_and_left_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "backups"
    assert "is writable" in FolderStore(path=folder).probe()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnavailableError, match="cannot be written"):
        FolderStore(path=tmp_path / "file").probe()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A real S3 server on this machine, with one bucket."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    endpoint = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urlopen(Request(f"{endpoint}/backups", method="PUT"), timeout=5).close()  # noqa: S310 because it is ours
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield endpoint
    finally:
        server.kill()
        server.wait()


def bucket(endpoint: str, name: str = "backups") -> S3Store:
    return S3Store(bucket=name, endpoint=endpoint, access_key="AKIAEXAMPLE", secret_key="s3cr3t-key-value")


def test_a_bucket_is_written_and_left_as_it_was(s3: str) -> None:
    assert bucket(s3).probe() == "bucket backups is writable"
    with urlopen(f"{s3}/backups", timeout=5) as answer:  # noqa: S310 because it is ours
        assert b".backout" not in answer.read()


def test_a_bucket_that_is_not_there_or_not_answering_says_so_without_its_keys(s3: str) -> None:
    for store in (bucket(s3, "nowhere"), bucket("http://127.0.0.1:9")):
        with pytest.raises(UnavailableError) as caught:
            store.probe()
        assert store.bucket in str(caught.value)
        assert "s3cr3t" not in str(caught.value)
        assert "s3cr3t" not in repr(store)
