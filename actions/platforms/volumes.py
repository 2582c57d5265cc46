"""The content of a named docker volume as a tar stream, out and in, through the engine itself.

No image is needed for it: a container that is made of whatever image is there, and never started, gives the engine a path to
the volume. So it works through a context on another machine, too, and keeps owners, modes and links.
"""

import contextlib
import hashlib
import io
import queue
import tarfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from actions.errors import BackoutError
from actions.platforms.docker_cli import DockerCli, DockerError, explained
from actions.platforms.local import CHUNK, on_a_leash
from actions.platforms.port import Command, Stream

_AT = "/backout-volume"
LONGEST = timedelta(hours=6)


@dataclass(frozen=True, kw_only=True)
class Volumes:
    cli: DockerCli

    def exists(self, name: str) -> bool:
        return bool(self.cli.inspect(name, kind="volume"))

    def described(self, name: str) -> dict[str, Any] | None:
        """What making it again needs: driver, options, labels."""
        found = self.cli.inspect(name, kind="volume")
        if not found:
            return None
        options, labels = found[0].get("Options") or {}, found[0].get("Labels") or {}
        return {"driver": str(found[0].get("Driver") or "local"), "options": dict(options), "labels": dict(labels)}

    def users(self, name: str) -> list[dict[str, Any]]:
        """Containers that have it mounted, running or not; ours for reading it left out."""
        found = self.cli.ask("ps", "--all", "--quiet", "--no-trunc", "--filter", f"volume={name}").split()
        listed = self.cli.inspect(*found) if found else []
        return [each for each in listed if str(each.get("Name", "")).lstrip("/") != _helper(name)]

    def make(self, name: str, like: Mapping[str, Any] | None) -> None:
        """With the labels that compose knows its volumes by."""
        described = like or self._as_configured(name)
        words = ["volume", "create", "--driver", str(described.get("driver") or "local")]
        for key, value in dict(described.get("options") or {}).items():
            words += ["--opt", f"{key}={value}"]
        for key, value in dict(described.get("labels") or {}).items():
            words += ["--label", f"{key}={value}"]
        self.cli.ask(*words, name)

    def remove(self, name: str) -> None:
        """Stopped containers that have it are removed, too: compose makes them again. Running ones are left alone."""
        for container in self.users(name):
            state = (container.get("State") or {}).get("Status")
            who = str(container.get("Name", "")).lstrip("/")
            if state in ("running", "paused", "restarting"):
                raise BackoutError(
                    f"{who} uses the volume {name}", next_step="Stop it before: `compose: stop`, or `compose: down`."
                )
            self.cli.ask("rm", str(container["Id"]))
        if self.exists(name):
            self.cli.ask("volume", "rm", name)

    @contextmanager
    def standing_still(self, name: str) -> Iterator[tuple[str, ...]]:
        """Whatever runs on it is frozen for as long as it is copied, so that the copy is of one moment."""
        running = [str(each["Id"]) for each in self.users(name) if (each.get("State") or {}).get("Status") == "running"]
        try:
            for container in running:
                self.cli.ask("pause", container)
            yield tuple(running)
        finally:
            self.thaw(running)

    def thaw(self, containers: Sequence[str]) -> None:
        for container in containers:
            with contextlib.suppress(DockerError):  # not paused, or gone
                self.cli.ask("unpause", container)

    def content(self, name: str) -> Iterator[bytes]:
        """A tar stream of all that is in it, its own folder with owner and mode first."""
        with self._reached(name) as container:
            command = self._command("cp", "--archive", f"{container}:{_AT}", "-")
            with on_a_leash(command, command.env) as process:
                process.stdin.close()
                out = process.streams[Stream.OUT]
                while chunk := out.read(CHUNK):
                    yield chunk
                said = process.streams[Stream.ERR].read(CHUNK).decode(errors="replace")
                if said.strip():
                    raise explained(said, f"The volume {name} could not be read")

    def fill(self, name: str, chunks: Iterable[bytes]) -> None:
        """From a tar stream, into an empty volume."""
        with self._reached(name) as container:
            command = self._command("cp", "-", f"{container}:/")
            with on_a_leash(command, command.env) as process:
                try:
                    for chunk in chunks:
                        process.stdin.write(chunk)
                    process.stdin.close()
                except BrokenPipeError:
                    pass
                said = process.streams[Stream.ERR].read(CHUNK).decode(errors="replace")
                process.streams[Stream.OUT].read(CHUNK)
                if said.strip():
                    raise explained(said, f"The volume {name} could not be filled")

    @contextmanager
    def _reached(self, name: str) -> Iterator[str]:
        helper = _helper(name)
        self._let_go(helper)
        mount = f"type=volume,source={name},target={_AT},volume-nocopy"
        self.cli.ask(
            "create", "--name", helper, "--network", "none", "--label", "backout.volume=1", "--mount", mount,
            "--entrypoint", "/nothing", self._some_image(name), "never-started",
        )  # fmt: skip
        try:
            yield helper
        finally:
            self._let_go(helper)

    def _let_go(self, helper: str) -> None:
        with contextlib.suppress(DockerError):
            self.cli.ask("rm", "--force", helper)

    def _some_image(self, name: str) -> str:
        """Of a container that uses it, else any: nothing of it is run."""
        for user in self.users(name):
            if self.cli.inspect(str(user["Image"]), kind="image"):
                return str(user["Image"])
        there = self.cli.ask("image", "ls", "--quiet", "--no-trunc").split()
        if not there:
            raise BackoutError("The engine has no image at all", next_step="docker pull any image, then try again.")
        return there[0]

    def _as_configured(self, name: str) -> dict[str, Any]:
        project = self.cli.name
        for key, entry in (self.cli.configuration().get("volumes") or {}).items():
            if name in (f"{project}_{key}", (entry or {}).get("name")):
                labels = {"com.docker.compose.project": project, "com.docker.compose.volume": str(key)}
                return {"driver": (entry or {}).get("driver") or "local", "labels": labels}
        return {}

    def _command(self, *words: str) -> Command:
        return Command(
            argv=(*self.cli.docker, *words), folder=self.cli.project.folder, env=self.cli.environ, deadline=LONGEST
        )


def _helper(name: str) -> str:
    return f"backout-volume-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fingerprint:
    """Of everything in a tar stream: names, modes, owners, links and contents; not of times, nor of any order."""

    digest: str
    files: int
    bytes: int


def fingerprint(chunks: Iterable[bytes]) -> Fingerprint:
    """BackoutError when it is no whole tar stream."""
    seen: dict[str, str] = {}
    lines, files, size = [], 0, 0
    try:
        with tarfile.open(fileobj=_Reader(chunks), mode="r|") as tar:
            for member in tar:
                name = member.name.removeprefix("./").strip("/")
                content = ""
                if member.isreg():
                    digest, source = hashlib.sha256(), tar.extractfile(member)
                    while source is not None and (piece := source.read(CHUNK)):
                        digest.update(piece)
                    content = seen[name] = digest.hexdigest()
                    files, size = files + 1, size + member.size
                elif member.islnk():
                    content = seen.get(member.linkname.removeprefix("./").strip("/"), "")
                    files += 1
                elif member.issym():
                    content = member.linkname
                kind = "file" if member.isreg() or member.islnk() else str(member.type)
                lines.append(f"{name}\0{kind}\0{member.mode & 0o7777:o}\0{member.uid}\0{member.gid}\0{content}")
    except tarfile.TarError as error:
        raise BackoutError("The archive is not whole: it cannot be read to its end") from error
    whole = hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogateescape")).hexdigest()
    return Fingerprint(digest=whole, files=files, bytes=size)


class Witnessed:
    """Pieces that somebody else consumes, with the fingerprint of what passed by: the volume is read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._passed: queue.Queue[bytes | None] = queue.Queue(maxsize=64)
        self._found: Fingerprint | BackoutError | None = None
        self._thread = threading.Thread(target=self._look, name="volume-fingerprint", daemon=True)

    def __iter__(self) -> Iterator[bytes]:
        self._thread.start()
        try:
            for chunk in self._chunks:
                self._passed.put(chunk)
                yield chunk
        finally:
            self._passed.put(None)

    def fingerprint(self) -> Fingerprint:
        """After all of it has passed."""
        self._thread.join()
        if isinstance(self._found, Fingerprint):
            return self._found
        raise self._found or BackoutError("The volume's content could not be followed")

    def _look(self) -> None:
        pieces = iter(self._passed.get, None)
        try:
            self._found = fingerprint(pieces)
        except BackoutError as error:
            self._found = error
        for _ in pieces:  # to the end, so that nobody waits for room
            pass


class _Reader(io.RawIOBase):
    """A stream of pieces as something that is read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts, wanted = [self._left], size - len(self._left)
        while size < 0 or wanted > 0:
            piece = next(self._chunks, None)
            if piece is None:
                break
            parts.append(piece)
            wanted -= len(piece)
        whole = b"".join(parts)
        if size < 0:
            self._left = b""
            return whole
        self._left = whole[size:]
        return whole[:size]
