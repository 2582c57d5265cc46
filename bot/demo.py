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
from typing import TYPE_CHECKING

from actions.embedded import EmbeddedPostgres
from actions.errors import BackoutError
from bot.demo_world.builder import Builder
from bot.demo_world.catalog import write_catalog
from bot.demo_world.folder import alone_in, lay_out
from bot.demo_world.running import free_ports, running_applications, wait_until_well
from bot.demo_world.services import SERVICES
from bot.demo_world.serving import Serving
from bot.loading import loading

if TYPE_CHECKING:  # loaded when others are at work already
    from bot.sandbox import Sandbox

#: Where our own packages are.
ROOT = Path(__file__).parent.parent
#: It is thrown away with the demo: nothing has to survive a loss of power.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class StoppedError(Exception):
    """Somebody wants the demo to end while it begins."""


@dataclass(frozen=True, kw_only=True)
class Demo:
    """It runs while its context lasts."""

    slack: "Sandbox"
    #: The services' folders and the catalog.
    world: Path
    #: What a shell would have to export to look at it with `backout` by hand.
    environ: Mapping[str, str] = field(repr=False)
    serving: Serving

    @property
    def channel_page(self) -> str:
        """Where it begins."""
        return channel_page(self.slack)


def channel_page(slack: "Sandbox") -> str:
    from bot.demo_world.workspace import CHANNEL

    return f"{slack.page_url}/#{slack.channel_id(CHANNEL)}"


@contextmanager
def running_demo(
    home: Path, *, port: int | None = None, keep: bool = False, say: Callable[[str], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Demo]:  # fmt: skip
    """`port` None: the usual one, or any other when that is taken. The folder is emptied before and afterwards, unless
    it is to be kept. StoppedError once it should stop, between two steps of the beginning.

    What takes long runs side by side: the server is made and the builder loads while we load the local Slack, and `serve`
    starts while rows are written.
    """

    def look() -> None:
        if should_stop():
            raise StoppedError

    with ExitStack() as stack:
        stack.enter_context(alone_in(home, keep=keep))
        server = EmbeddedPostgres(home / "postgres", settings=FAST)
        stack.callback(server.close)
        starting = stack.enter_context(ThreadPoolExecutor(1)).submit(server.open)
        builder = stack.enter_context(Builder(str(ROOT)).running())
        with loading():
            from bot.demo_world.slack import local_slack, post_welcome
        slack = stack.enter_context(local_slack(port))
        say(f"The page: {channel_page(slack)}")
        say("Making three services with some hundred thousand rows ...")
        world = home / "world"
        lay_out(world)
        starting.result()
        look()
        builder.make_databases(server.url(), look=look)
        urls = {service.name: server.url(service.name) for service in SERVICES}
        ports = dict(zip(urls, free_ports(len(urls)), strict=True))
        environ = _environment(home, _catalog(world, ports, slack), urls, slack)
        serving = Serving(environ, world, home / "serve.log")
        stack.enter_context(serving.running())
        builder.fill(world, urls, environ, look=look)
        stack.enter_context(running_applications(world, urls, ports))
        serving.wait_for(slack, look=look)
        if not wait_until_well(ports, look=look):
            raise BackoutError(
                "The demo's services did not start", next_step="Try again; report it if it happens twice."
            )
        post_welcome(slack, world)
        yield Demo(slack=slack, world=world, environ=environ, serving=serving)


def _catalog(world: Path, ports: Mapping[str, int], slack: "Sandbox") -> Path:
    from bot.demo_world.workspace import LEADS

    leads = [slack.person(name).id for name in LEADS]
    return write_catalog(world, ports, group=slack.group_id("leads"), leads=leads)


def _environment(home: Path, catalog: Path, urls: Mapping[str, str], slack: "Sandbox") -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("BACKOUT_", "SLACK_"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {
        **mine,
        **{service.variable: urls[service.name] for service in SERVICES},
        **slack.environment(),
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "BACKOUT_HOME": str(home),
        "BACKOUT_CATALOG": str(catalog),
        "DEMO_PROCESS": str(os.getpid()),
    }
