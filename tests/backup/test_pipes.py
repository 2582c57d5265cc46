"""Bytes through the pipes: the same at the other end, whatever the pieces; damage is named; nothing is left behind."""

import gzip as gzip_of_python
import hashlib
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import xxhash
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.backup.encryption import Keys, new_key, read_keys
from actions.backup.folder_store import FolderStore
from actions.backup.manifest import StoredFile
from actions.backup.pipes import (
    DamagedError,
    Tally,
    WrongKeyError,
    compress,
    decompress,
    decrypt,
    encrypt,
    gathered,
    gunzip,
    gzip,
    packed,
    read_file,
    stored_file,
    unpacked,
)  # fmt: skip
from actions.errors import BackoutError
from tests.fuzzing import examples

ROOT = Path(__file__).parents[2]
KEYS = read_keys(new_key().secret, where="a test")
OTHER_KEYS = read_keys(new_key().secret, where="a test")
CHUNKS = st.lists(st.binary(max_size=3000) | st.binary(max_size=40).map(lambda part: part * 5000), max_size=12)
ROWS = b"".join(b"%d\tname %d\t\\N\n" % (number, number % 7) for number in range(100_000))

Stage = Callable[[Iterable[bytes]], Iterator[bytes]]


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def cut(content: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@settings(deadline=None, max_examples=examples(20))
@given(CHUNKS, st.integers(1, 5000))
@pytest.mark.parametrize(
    ("there", "back"),
    [
        pytest.param(compress, decompress, id="zstd"),
        pytest.param(lambda chunks: compress(chunks, threads=2), decompress, id="zstd, threads"),
        pytest.param(gzip, gunzip, id="gzip"),
        pytest.param(lambda chunks: encrypt(chunks, KEYS.recipient), lambda chunks: decrypt(chunks, KEYS), id="age"),
        pytest.param(
            lambda chunks: packed(chunks, recipient=KEYS.recipient),
            lambda chunks: decompress(decrypt(chunks, KEYS)),
            id="all",
        ),
    ],
)
def test_what_goes_in_comes_out_however_it_is_cut(there: Stage, back: Stage, chunks: list[bytes], size: int) -> None:
    stored = b"".join(there(iter(chunks)))
    assert b"".join(back(cut(stored, size))) == b"".join(chunks)


@given(CHUNKS, st.integers(1, 20_000))
def test_gathered_pieces_are_large_and_the_same_bytes(chunks: list[bytes], size: int) -> None:
    pieces = list(gathered(chunks, size))
    assert b"".join(pieces) == b"".join(chunks)
    assert all(len(piece) >= size for piece in pieces[:-1])
    assert b"" not in pieces


@given(CHUNKS)
def test_a_tally_counts_lines_bytes_and_hashes(chunks: list[bytes]) -> None:
    tally = Tally()
    text = b"".join(tally.of(chunks))
    assert (tally.rows, tally.bytes) == (text.count(b"\n"), len(text))
    assert tally.hash == xxhash.xxh3_128_hexdigest(text)


def test_other_programs_read_what_we_write(tmp_path: Path) -> None:
    assert gzip_of_python.decompress(b"".join(gzip([ROWS]))) == ROWS
    assert (
        b"".join(gunzip([gzip_of_python.compress(ROWS[:1000]), gzip_of_python.compress(ROWS[1000:]), b"\0" * 512]))
        == ROWS
    )


@pytest.mark.parametrize(
    ("there", "back"),
    [
        pytest.param(compress, decompress, id="zstd"),
        pytest.param(gzip, gunzip, id="gzip"),
        pytest.param(lambda chunks: encrypt(chunks, KEYS.recipient), lambda chunks: decrypt(chunks, KEYS), id="age"),
    ],
)
def test_what_was_cut_off_or_changed_is_never_taken_for_whole(there: Stage, back: Stage) -> None:
    text = ROWS[:200_000]
    stored = b"".join(there([text]))
    dice = random.Random(7)  # noqa: S311 because it must be the same again
    for length in [0, 1, 10, len(stored) - 1, *(dice.randrange(len(stored)) for _ in range(20))]:
        with pytest.raises(DamagedError):
            list(back([stored[:length]]))
    refused = 0
    for place in dice.sample(range(20, len(stored)), 40):
        changed = bytearray(stored)
        changed[place] ^= 1 << dice.randrange(8)
        try:
            # Compression has several ways to say the same, and a bit may lead from one to the other.
            assert b"".join(back([bytes(changed)])) == text
        except (DamagedError, WrongKeyError):
            refused += 1
    assert refused > 20
    with pytest.raises((DamagedError, WrongKeyError)):
        list(back([b"SELECT pg_catalog.set_config('search_path', '', false);\n" * 100]))


class SourceError(Exception):
    pass


def failing_after(pieces: int, ended: list[str]) -> Iterator[bytes]:
    try:
        for _ in range(pieces):
            yield os.urandom(300_000)
        raise SourceError("broke")
    finally:
        ended.append("closed")


@pytest.mark.parametrize("pieces", [0, 1, 30])
@pytest.mark.parametrize("recipient", [None, KEYS.recipient], ids=["plain", "encrypted"])
def test_an_error_of_the_source_comes_through_and_ends_everything(pieces: int, recipient: str | None) -> None:
    ended: list[str] = []
    with pytest.raises(SourceError, match="broke"):
        list(packed(failing_after(pieces, ended), recipient=recipient))
    assert ended == ["closed"]


@pytest.mark.parametrize("taken", [1, 3])
def test_a_reader_that_goes_away_ends_the_source_and_the_thread(taken: int) -> None:
    ended: list[str] = []
    with closing(packed(failing_after(10**9, ended), recipient=KEYS.recipient)) as pieces:
        for _ in range(taken):
            next(pieces)
        assert any(thread.name == "backout-age" for thread in threading.enumerate())
    assert ended == ["closed"]


def test_a_store_that_fails_ends_the_source_and_the_thread(tmp_path: Path) -> None:
    ended: list[str] = []
    store = FolderStore(path=tmp_path / "backups")
    store.write("shop_1/a", [b"x"])
    with pytest.raises(BackoutError):
        store.write("shop_1/a/b", packed(failing_after(10**9, ended), recipient=KEYS.recipient))
    assert ended in ([], ["closed"])  # not begun, or ended


class Kept:
    """A backup's file in a folder, to be damaged."""

    def __init__(self, folder: Path, recipient: str | None) -> None:
        self.store = FolderStore(path=folder)
        self.file = stored_file(self.store.write("shop_1/rows", packed([ROWS], recipient=recipient)))
        self.path = folder / "shop_1/rows"

    def read(self, keys: Keys | None) -> bytes:
        return b"".join(unpacked(self.store, self.file, keys))

    def sealed_anew(self) -> StoredFile:
        content = self.path.read_bytes()
        return StoredFile(key=self.file.key, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


@pytest.fixture(params=[None, KEYS.recipient], ids=["plain", "encrypted"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    return Kept(tmp_path, request.param)


def test_a_stored_file_is_read_with_its_key_and_with_rotated_ones(kept: Kept) -> None:
    both = Keys(recipient=OTHER_KEYS.recipient, identities=(*OTHER_KEYS.identities, *KEYS.identities))
    assert kept.read(KEYS) == kept.read(both) == ROWS
    assert b"".join(decompress(read_file(kept.store, kept.file, KEYS))) == ROWS


def test_a_stored_file_that_is_damaged_in_any_way_is_named(kept: Kept) -> None:
    whole = kept.path.read_bytes()
    middle = len(whole) // 2
    for content, said in (
        (whole[:-1], f"is cut off: {len(whole) - 1:,} bytes, and {len(whole):,} were written"),
        (whole[:5], "is cut off: 5 bytes"),
        (b"", "is cut off: 0 bytes"),
        (whole + b"x", "is too long"),
        (whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :], "is damaged: its checksum"),
        (bytes(len(whole)), "is damaged: its checksum"),
    ):
        kept.path.write_bytes(content)
        with pytest.raises(DamagedError) as caught:
            kept.read(KEYS)
        assert said in str(caught.value)
        assert "shop_1/rows in " in str(caught.value)
        assert "Choose another backup" in (caught.value.next_step or "")
    kept.path.unlink()
    with pytest.raises(BackoutError, match="There is no shop_1/rows"):
        kept.read(KEYS)


def test_a_file_that_was_stored_wrong_is_told_from_one_that_was_damaged_later(kept: Kept) -> None:
    whole = kept.path.read_bytes()
    kept.path.write_bytes(whole[:-40] + b"#" * 40)
    kept.file = kept.sealed_anew()
    with pytest.raises(DamagedError, match="just as it was stored"):
        kept.read(KEYS)


def test_an_encrypted_file_without_its_key_says_so_and_names_the_way_out(tmp_path: Path) -> None:
    kept = Kept(tmp_path, KEYS.recipient)
    with pytest.raises(WrongKeyError, match="there is no key for it") as caught:
        kept.read(None)
    assert "encryption_key" in (caught.value.next_step or "")
    with pytest.raises(WrongKeyError, match="another key") as caught:
        kept.read(OTHER_KEYS)
    assert "Add the old key" in (caught.value.next_step or "")


def test_an_encrypted_file_shows_nothing_of_its_rows(tmp_path: Path) -> None:
    store = FolderStore(path=tmp_path)
    store.write("shop_1/rows", encrypt([ROWS], KEYS.recipient))
    assert b"name 1" not in (tmp_path / "shop_1/rows").read_bytes()


MEMORY = """
import resource, sys
from actions.backup.pipes import compress, decompress, encrypt, decrypt
from actions.backup.encryption import new_key, read_keys
keys = read_keys(new_key().secret, where="a test")
same = (b"the same row\\tover and over\\n" * 40_000)[: 1 << 20]
def rows():
    for _ in range(400):
        yield same
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
size = sum(len(piece) for piece in decompress(decrypt(encrypt(compress(rows()), keys.recipient), keys)))
assert size == 400 << 20, size
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_stays_flat_even_where_a_row_repeats_for_ever() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 100
