"""The whole product on embedded parts: a PostgreSQL, an example company with three services, a local Slack with its page,
and the real `backout serve` between them. It speaks to that Slack as it would to any other.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from slack_sdk import WebClient

from actions.embedded import EmbeddedPostgres
from actions.errors import BackoutError, ConfigurationError
from bot.demo_world.building import Migrations, fill, lay_out, make_databases
from bot.demo_world.catalog import write_catalog
from bot.demo_world.folder import alone_in
from bot.demo_world.running import free_ports, running_applications, wait_until_well
from bot.demo_world.services import SERVICES
from bot.demo_world.serving import Serving
from bot.demo_world.workspace import CHANNEL, LEADS, hotel_company, welcome
from bot.sandbox import Sandbox
from bot.wiring import Wiring

PORT = 8065
#: It is thrown away with the demo: nothing has to survive a loss of power.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class StoppedError(Exception):
    """Somebody wants the demo to end while it begins."""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """It runs while its context lasts."""

    slack: Sandbox
    #: The services' folders and the catalog.
    world: Path
    #: What a shell would have to export to look at it with `backout` by hand.
    environ: Mapping[str, str] = field(repr=False)
    serving: Serving

    @property
    def channel_page(self) -> str:
        """Where it begins."""
        return channel_page(self.slack)


def channel_page(slack: Sandbox) -> str:
    return f"{slack.page_url}/#{slack.channel_id(CHANNEL)}"


@contextmanager
def running_demo(
    home: Path, *, port: int | None = None, keep: bool = False, say: Callable[[str], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Demo]:  # fmt: skip
    """`port` None: the usual one, or any other when that is taken. The folder is emptied before and afterwards, unless
    it is to be kept. StoppedError once it should stop, between two steps of the beginning.

    What takes long runs side by side: the server is made while Alembic is loaded, and `serve` starts while rows are
    written.
    """

    def look() -> None:
        if should_stop():
            raise StoppedError

    with ExitStack() as stack:
        stack.enter_context(alone_in(home, keep=keep))
        server = EmbeddedPostgres(home / "postgres", settings=FAST)
        stack.callback(server.close)
        starting = stack.enter_context(ThreadPoolExecutor(1)).submit(server.open)
        migrations = stack.enter_context(Migrations().running())
        slack = stack.enter_context(_local_slack(port))
        say(f"The page: {channel_page(slack)}")
        say("Making three services with some hundred thousand rows ...")
        world = home / "world"
        lay_out(world)
        starting.result()
        look()
        urls = make_databases(server)
        ports = dict(zip(urls, free_ports(len(urls)), strict=True))
        leads = [slack.person(name).id for name in LEADS]
        catalog = write_catalog(world, ports, group=slack.group_id("leads"), leads=leads)
        environ = _environment(home, catalog, urls, slack)
        wiring = Wiring(environ=environ)
        serving = Serving(environ, world, home / "serve.log")
        stack.enter_context(serving.running())
        fill(world, urls, migrations, seen=lambda: wiring.note_sightings(wiring.catalog.services.values()), look=look)
        stack.enter_context(running_applications(world, urls, ports))
        serving.wait_for(slack, look=look)
        if not wait_until_well(ports, look=look):
            raise BackoutError(
                "The demo's services did not start", next_step="Try again; report it if it happens twice."
            )
        _post_welcome(slack, world)
        yield Demo(slack=slack, world=world, environ=environ, serving=serving)


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
