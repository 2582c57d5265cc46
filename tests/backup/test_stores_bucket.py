"""Object storage, whole and failing: what is written is there, what fails leaves nothing and says why."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from actions.backup.bucket_source import Source
from actions.backup.bucket_store import S3Store
from actions.backup.manifest import StoredFile
from actions.backup.packing import DamagedError
from actions.backup.pipes import read_as_stored
from actions.errors import BackoutError, UnavailableError
from tests.backup.object_storage import PART, SECRET, TOKEN, Asked, Fault, bucket, storage, unfinished, way_to

ROOT = Path(__file__).parents[2]
LARGE = random.Random(4).randbytes(PART * 2 + 12_345)  # noqa: S311 because it must be the same again
SMALL = b"a few bytes"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with storage() as found:
        yield found


@pytest.fixture
def store(port: int) -> Iterator[S3Store]:
    """Empty, and emptied afterwards."""
    store = bucket(port)
    yield store
    for each in {listed.key.partition("/")[0] for listed in store.list()}:
        store.delete(each)


def pieces(content: bytes, size: int = 700_000) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize(
    "content", [b"", SMALL, LARGE[:PART], LARGE], ids=["empty", "small", "one part", "three parts"]
)
def test_what_is_written_is_read_again(store: S3Store, content: bytes) -> None:
    kept = store.write("shop_1/rows.zst", pieces(content))
    assert (kept.bytes, kept.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert b"".join(store.read("shop_1/rows.zst")) == content
    assert [(each.key, each.bytes) for each in store.list()] == [("shop_1/rows.zst", len(content))]


def test_listing_is_by_any_beginning_and_in_order(store: S3Store, port: int) -> None:
    for key in ("shop_2/b", "shop_2/a", "shop_10/a", "other/a"):
        store.write(key, [SMALL])
    bucket(port, "another/prefix").write("shop_1/x", [SMALL])
    bucket(port, "another/prefix").delete("shop_1")
    assert [each.key for each in store.list("shop_")] == ["shop_10/a", "shop_2/a", "shop_2/b"]
    assert [each.key for each in store.list("shop_2/b")] == ["shop_2/b"]
    assert store.list("shop_3") == ()


def test_deleting_takes_one_backup_and_not_its_neighbour(store: S3Store) -> None:
    for key in ("shop_1/manifest.json", "shop_1/rows/a", "shop_12/a"):
        store.write(key, [SMALL])
    store.delete("shop_1")
    store.delete("shop_1")
    assert [each.key for each in store.list()] == ["shop_12/a"]


def test_the_manifest_is_deleted_first(store: S3Store, port: int) -> None:
    for key in ("shop_1/a", "shop_1/manifest.json"):
        store.write(key, [SMALL])
    with way_to(port, lambda _: None) as way:
        bucket(way.port).delete("shop_1")
    deleted = [asked.line for asked in way.requests if asked.line.startswith("DELETE")]
    assert [line.rpartition("/")[2] for line in deleted] == ["manifest.json", "a"]


def test_what_is_not_there_is_said_to_be_missing(store: S3Store) -> None:
    with pytest.raises(BackoutError, match=r"backups/kept/here: There is no shop_1/a"):
        next(store.read("shop_1/a"))


@pytest.mark.parametrize("key", ["../a", "/a", "a//b", "a/../../b", ".hidden/a", "a/b\n", "", "ä/b"])
def test_a_key_that_could_be_somewhere_else_is_refused(store: S3Store, key: str) -> None:
    for call in (lambda: next(store.read(key)), lambda: store.write(key, [SMALL]), lambda: store.delete(key)):
        with pytest.raises(BackoutError, match="not the name"):
            call()


def test_a_source_that_fails_leaves_nothing_and_its_own_error_is_raised(store: S3Store, port: int) -> None:
    for before in (LARGE, SMALL):

        def failing(content: bytes = before) -> Iterator[bytes]:
            yield from pieces(content)
            raise OSError("the dump broke")

        with pytest.raises(OSError, match="the dump broke"):
            store.write("shop_1/rows", failing())
    assert store.list() == ()
    assert unfinished(port) == []


class FirstOf:
    """The fault meets the first so many requests that contain a text."""

    def __init__(self, *, count: int, of: str, fault: Fault) -> None:
        self.count, self.of, self.fault, self.met = count, of, fault, 0

    def __call__(self, asked: Asked) -> Fault | None:
        if self.of not in asked.line or self.met >= self.count:
            return None
        self.met += 1
        return self.fault


@pytest.mark.parametrize(
    ("of", "fault"),
    [
        pytest.param("uploads=", Fault(status=0), id="the beginning hangs up"),
        pytest.param("partNumber=2", Fault(status=500), id="a part fails"),
        pytest.param("partNumber=2", Fault(answer_bytes=20), id="a part's answer is cut off"),
        pytest.param("POST /backups/kept/here/shop_1/rows?uploadId=", Fault(status=503), id="the end is refused"),
    ],
)
def test_an_upload_survives_storage_that_fails_for_a_while(store: S3Store, port: int, of: str, fault: Fault) -> None:
    with way_to(port, FirstOf(count=2, of=of, fault=fault)) as way:
        bucket(way.port).write("shop_1/rows", pieces(LARGE))
    assert hashlib.sha256(b"".join(store.read("shop_1/rows"))).digest() == hashlib.sha256(LARGE).digest()


def test_reading_survives_storage_that_drops_in_the_middle(store: S3Store, port: int) -> None:
    store.write("shop_1/rows", pieces(LARGE))
    faults = FirstOf(count=5, of="GET", fault=Fault(answer_bytes=1_000_000))
    with way_to(port, faults) as way:
        assert b"".join(bucket(way.port).read("shop_1/rows")) == LARGE
    assert faults.met == 5


def test_a_reader_that_goes_away_leaves_no_thread(store: S3Store) -> None:
    store.write("shop_1/rows", pieces(LARGE))
    with closing(store.read("shop_1/rows")) as reading:
        assert next(reading) == LARGE[: 8 << 20]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("backout-bucket")]


@pytest.mark.parametrize("of", ["partNumber=2", "POST /backups/kept/here/shop_1/rows?uploadId="])
def test_an_upload_that_never_succeeds_is_aborted(store: S3Store, port: int, of: str) -> None:
    with (
        way_to(port, FirstOf(count=10**6, of=of, fault=Fault(status=503))) as way,
        pytest.raises(UnavailableError, match="overloaded"),
    ):
        bucket(way.port, seconds=1).write("shop_1/rows", pieces(LARGE))
    assert store.list() == ()
    assert unfinished(port) == []


@pytest.mark.slow
def test_storage_that_does_not_answer_is_given_up(port: int) -> None:
    began = time.monotonic()
    with (
        way_to(port, lambda _: Fault(delay=3, status=0)) as way,
        pytest.raises(UnavailableError, match="did not answer in time"),
    ):
        bucket(way.port, seconds=1).write("shop_1/rows", [SMALL])
    assert time.monotonic() - began < 15


def test_a_content_that_arrived_cut_off_is_noticed_and_removed(store: S3Store, port: int) -> None:
    def cut(asked: Asked) -> Fault | None:
        return Fault(body=asked.body[:-3]) if asked.line == "PUT /backups/kept/here/shop_1/rows" else None

    with (
        way_to(port, cut) as way,
        pytest.raises(UnavailableError, match="kept 8 bytes of shop_1/rows, and was given 11"),
    ):
        bucket(way.port).write("shop_1/rows", [SMALL])
    assert store.list() == ()


def test_a_content_that_changes_on_its_way_back_is_noticed(store: S3Store, port: int) -> None:
    kept = store.write("shop_1/rows", [SMALL])
    file = StoredFile(key=kept.key, bytes=kept.bytes, sha256=kept.sha256)
    with (
        way_to(port, lambda _: Fault(changed=lambda answer: answer.replace(b"a few", b"a fev"))) as way,
        pytest.raises(DamagedError, match=r"shop_1/rows in backups/kept/here: The file is damaged: its checksum"),
    ):
        list(read_as_stored(bucket(way.port), file))


def test_every_part_carries_its_checksum_for_the_server_to_verify(store: S3Store, port: int) -> None:
    with way_to(port, lambda _: None) as way:
        bucket(way.port).write("shop_1/rows", pieces(LARGE))
    parts = [asked for asked in way.requests if "partNumber=" in asked.line]
    assert len(parts) == 3
    assert all("x-amz-checksum-sha256: " in asked.headers.lower() for asked in parts)


@pytest.mark.slow
def test_storage_that_refuses_checksums_is_written_without_them(store: S3Store, port: int) -> None:
    def old(asked: Asked) -> Fault | None:
        knows = "x-amz-checksum" not in asked.headers.lower()
        return None if knows else Fault(status=501, text="<Error><Code>NotImplemented</Code></Error>")

    with way_to(port, old) as way:
        bucket(way.port).write("shop_1/rows", pieces(LARGE))
    assert b"".join(store.read("shop_1/rows")) == LARGE


def answer(code: str, status: int) -> Fault:
    return Fault(status=status, text=f"<Error><Code>{code}</Code><Message>said the storage</Message></Error>")


@pytest.mark.parametrize(
    ("fault", "meaning", "next_step"),
    [
        pytest.param(answer("NoSuchBucket", 404), "there is no such bucket", "Create it", id="no bucket"),
        pytest.param(answer("InvalidAccessKeyId", 403), "the keys are not accepted", "access_key", id="unknown key"),
        pytest.param(
            answer("SignatureDoesNotMatch", 403), "the keys are not accepted", "secret_key", id="wrong secret"
        ),
        pytest.param(answer("ExpiredToken", 400), "session token is not valid", "session_token", id="old token"),
        pytest.param(answer("AuthorizationHeaderMalformed", 400), "another region", "`region`", id="wrong region"),
        pytest.param(answer("PermanentRedirect", 301), "another region", "`region`", id="redirected"),
        pytest.param(answer("AccessDenied", 403), "no right", "s3:PutObject", id="no right"),
        pytest.param(answer("SlowDown", 503), "overloaded", "Wait", id="overloaded"),
        pytest.param(answer("XAmzContentSHA256Mismatch", 400), "a checksum differs", "on the way", id="wrong checksum"),
        pytest.param(answer("RequestTimeTooSkewed", 403), "clock is wrong", "Set the clock", id="wrong clock"),
        pytest.param(Fault(status=0), "cannot be reached", "`endpoint`", id="hangs up"),
    ],
)
def test_a_refusal_says_what_it_means_and_shows_no_secret(
    port: int, fault: Fault, meaning: str, next_step: str
) -> None:
    def failing_source() -> Iterator[bytes]:
        pytest.fail("nothing is asked for before the storage was tried")
        yield b""

    with way_to(port, lambda _: fault) as way:
        store = bucket(way.port, seconds=0.5)
        for call in (lambda: store.write("shop_1/rows", failing_source()), store.probe, store.list):
            with pytest.raises(UnavailableError) as caught:
                call()
            text = str(caught.value)
            assert "Bucket backups cannot be" in text
            assert meaning in text
            assert next_step in (caught.value.next_step or "")
            assert SECRET not in text
            assert TOKEN not in text
    assert SECRET not in repr(store)
    assert TOKEN not in repr(store)


def test_a_machine_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(UnavailableError, match="cannot be reached"):
        bucket(9, seconds=0.5).write("shop_1/rows", [SMALL])


def test_more_than_one_object_can_hold_is_refused_before_the_storage_does() -> None:
    source = Source(key="shop_1/rows", chunks=[bytes(60), bytes(60)], title="backups", most=100)
    with pytest.raises(BackoutError, match="larger than one object") as caught:
        list(source)
    assert source.error is caught.value


WRITER = """
import sys, time
from tests.backup.object_storage import bucket
def endless():
    for _ in range(15):
        yield bytes(1 << 20)
    print("on its way", flush=True)
    time.sleep(60)
bucket(int(sys.argv[1])).write(sys.argv[2], endless())
"""


def kill_a_writer(port: int, key: str) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(port), key], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    with writer.stdout:
        assert writer.stdout.readline() == "on its way\n"
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()


def test_a_killed_writer_leaves_nothing_that_is_listed_and_its_upload_goes_with_its_backup(
    store: S3Store, port: int
) -> None:
    kill_a_writer(port, "shop_1/rows")
    assert store.list() == ()
    assert unfinished(port) == ["kept/here/shop_1/rows"]
    assert store.sweep() == 0  # nothing of ours is called like this
    store.delete("shop_1")
    assert unfinished(port) == []


def test_sweeping_aborts_what_killed_writers_of_backups_have_left(store: S3Store, port: int) -> None:
    # The storage of this test says of every upload that it is years old.
    kill_a_writer(port, "shop_20260131_030000_4f2a/rows")
    assert bucket(port, "kept").sweep() == 0
    assert unfinished(port) == ["kept/here/shop_20260131_030000_4f2a/rows"]
    assert store.sweep() == 1
    assert unfinished(port) == []
