"""The whole product on embedded parts: a PostgreSQL, an example company with three services, a local Slack with its page,
and the real `backout serve` between them. It speaks to that Slack as it would to any other.
"""

import fcntl
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from slack_sdk import WebClient

from actions.embedded import EmbeddedPostgres
from actions.errors import BackoutError, ConfigurationError, RefusedError
from actions.platforms.local import LocalCommands
from actions.platforms.port import Command, Line
from bot.demo_world.building import fill, lay_out, make_databases
from bot.demo_world.catalog import write_catalog
from bot.demo_world.running import free_ports, running_applications, wait_until_well
from bot.demo_world.services import SERVICES
from bot.demo_world.workspace import CHANNEL, LEADS, hotel_company, welcome
from bot.sandbox import Sandbox
from bot.wiring import Wiring

PORT = 8065
#: It is thrown away with the demo: nothing has to survive a loss of power.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
MARK = ".backout-demo"
LOCK = ".lock"
LONGEST = timedelta(days=30)
READY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Demo:
    """It runs while its context lasts."""

    slack: Sandbox
    #: The services' folders and the catalog.
    world: Path
    #: What a shell would have to export to look at it with `backout` by hand.
    environ: Mapping[str, str] = field(repr=False)
    serving: "Serving"

    @property
    def channel_page(self) -> str:
        """Where it begins."""
        return f"{self.slack.page_url}/#{self.slack.channel_id(CHANNEL)}"


class Serving:
    """`backout serve` as a process of its own, on a leash: it ends when we do, however we do."""

    def __init__(self, environ: Mapping[str, str], folder: Path, log: Path) -> None:
        self._command = Command(
            argv=(sys.executable, "-m", "bot", "serve"),
            env=environ,
            folder=folder,
            deadline=LONGEST,
            keep_bytes=1 << 16,
        )
        self._log, self._over = log, threading.Event()
        self._thread = threading.Thread(target=self._run, name="serve", daemon=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._over.set()
            self._thread.join(30)

    @property
    def has_ended(self) -> bool:
        return not self._thread.is_alive()

    def _run(self) -> None:
        with self._log.open("a", encoding="utf-8") as log:

            def keep(line: Line) -> None:
                log.write(f"{line.text.rstrip()}\n")
                log.flush()

            LocalCommands().run(self._command, watch=keep, should_stop=self._over.is_set)


@contextmanager
def running_demo(
    home: Path, *, port: int | None = None, keep: bool = False, say: Callable[[str], None] = lambda _: None
) -> Iterator[Demo]:
    """`port` None: the usual one, or any other when that is taken. The folder is emptied before and afterwards, unless
    it is to be kept.
    """
    with ExitStack() as stack:
        stack.enter_context(_alone_in(home, keep=keep))
        slack = stack.enter_context(_local_slack(port))
        say(f"The page: {slack.page_url}")
        say("Making three services with some hundred thousand rows ...")
        server = stack.enter_context(EmbeddedPostgres(home / "postgres", settings=FAST))
        world = home / "world"
        lay_out(world)
        urls = make_databases(server)
        ports = dict(zip(urls, free_ports(len(urls)), strict=True))
        leads = [slack.person(name).id for name in LEADS]
        catalog = write_catalog(world, ports, group=slack.group_id("leads"), leads=leads)
        environ = _environment(home, catalog, urls, slack)
        wiring = Wiring(environ=environ)
        fill(world, urls, seen=lambda: wiring.note_sightings(wiring.catalog.services.values()))
        stack.enter_context(running_applications(world, urls, ports))
        serving = Serving(environ, world, home / "serve.log")
        stack.enter_context(serving.running())
        _wait_for_connection(slack, serving, home / "serve.log")
        if not wait_until_well(ports):
            raise BackoutError(
                "The demo's services did not start", next_step="Try again; report it if it happens twice."
            )
        _post_welcome(slack, world)
        yield Demo(slack=slack, world=world, environ=environ, serving=serving)


def _wait_for_connection(slack: Sandbox, serving: Serving, log: Path) -> None:
    for _ in range(int(READY_SECONDS * 2)):
        try:
            slack.wait_for_connection(seconds=0.5)
        except TimeoutError:
            if serving.has_ended:
                break
        else:
            return
    lines = log.read_text().splitlines()[-1:] if log.exists() else []
    raise BackoutError(
        f"`backout serve` did not connect: {lines[0] if lines else 'it said nothing'}", next_step=f"See {log}."
    )


def _post_welcome(slack: Sandbox, world: Path) -> None:
    client = WebClient(token=slack.bot_token, base_url=slack.api_url)
    client.api_call("chat.postMessage", json={"channel": slack.channel_id(CHANNEL), **welcome(world)})


def _environment(home: Path, catalog: Path, urls: Mapping[str, str], slack: Sandbox) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("BACKOUT_", "SLACK_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {
        **mine,
        **{service.variable: urls[service.name] for service in SERVICES},
        **slack.environment(),
        "PATH": path,
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "BACKOUT_HOME": str(home),
        "BACKOUT_CATALOG": str(catalog),
        "DEMO_PROCESS": str(os.getpid()),
    }


@contextmanager
def _alone_in(home: Path, *, keep: bool) -> Iterator[None]:
    """One demo in a folder; and only a folder of ours is ever emptied."""
    if home.is_file() or (home.is_dir() and any(home.iterdir()) and not (home / MARK).exists()):
        raise ConfigurationError(
            f"{home} is there already, and no demo made it", next_step="Give an empty folder with --home."
        )
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / MARK).touch()
        lock = (home / LOCK).open("w")
    except OSError as error:
        raise ConfigurationError(
            f"{home} cannot be used: {error.strerror}", next_step="Choose another --home."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusedError(
                f"Another demo runs in {home}", next_step="Look at its page, end it, or give this one another --home."
            ) from None
        if not keep:
            _empty(home)
        try:
            yield
        finally:
            if not keep:
                _empty(home)
                shutil.rmtree(home, ignore_errors=True)


def _empty(home: Path) -> None:
    for each in home.iterdir():
        if each.name in (MARK, LOCK):
            continue
        if each.is_dir():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)


@contextmanager
def _local_slack(port: int | None) -> Iterator[Sandbox]:
    manifest = next(
        each
        for each in (Path(__file__).parent.parent / "manifest.yml", Path(__file__).parent / "manifest.yml")
        if each.exists()
    )
    with ExitStack() as stack:
        try:
            slack = stack.enter_context(
                Sandbox(manifest=manifest, seed=hotel_company(), port=PORT if port is None else port)
            )
        except OSError as error:
            if port is not None:
                raise ConfigurationError(
                    f"Port {port} cannot be used: {error.strerror}",
                    next_step="Choose another one with --port, or 0 for any.",
                ) from error
            slack = stack.enter_context(Sandbox(manifest=manifest, seed=hotel_company()))
        yield slack
