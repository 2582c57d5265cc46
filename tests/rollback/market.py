"""Several shops with one history, and the workers that take all of them back at the same time.

The services and the history have a PostgreSQL each, so that one can be restarted without the other. All shops of a
market are copies of one database, so a market with many costs little.
"""

import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from clocks import wrong_by
from psycopg import sql
from world import FIRST, PYTHON, SECOND, THIRD, Shop, free_port, wait_for

from actions.embedded import EmbeddedPostgres
from actions.history.database import History, open_history
from actions.history.lifecycle import FINAL, Status
from actions.history.queries import show
from actions.history.rollbacks import RollbackRequest, open_rollback
from actions.history.values import RollbackId
from tests.warm import Begun, get_ready, start_backout

#: They are killed, so what was committed must be out of their hands; the machine stays up, so the disk need not have it.
FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
TEMPLATE = "shop_template"
RESTING = FINAL | {Status.CHOOSING, Status.HALTED, Status.WAITING}
#: Each downgrade says that it began (which a rollback does not take back) and that it was done.
_COUNTS = """
    op.execute("SELECT nextval('begun')")
    op.execute("INSERT INTO undone VALUES ('{revision}')")
"""
#: Where a shop is to fail it does so on its own database alone: nothing says so beforehand, and all of it is undone.
_MAY_FAIL = """    import os
    if os.environ.get("SHOP_FAILS") and op.get_bind().engine.url.database.startswith("shop_"):
        raise RuntimeError("this does not fit")
"""
SCRIPTS = (
    FIRST.replace(
        "def downgrade", '    op.execute("CREATE TABLE undone (revision text)")\n'
        '    op.execute("CREATE SEQUENCE begun")\ndef downgrade',
    ),
    SECOND.rstrip("\n") + _COUNTS.format(revision="0002"),
    THIRD.rstrip("\n").replace("def downgrade():\n", "def downgrade():\n" + _MAY_FAIL)
    + _COUNTS.format(revision="0003"),
)  # fmt: skip
assert _MAY_FAIL in SCRIPTS[2]
START, TARGET = "0003", "0001"


class Servers:
    """One for the services and one for the history; started once for many markets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.services = EmbeddedPostgres(folder / "services", settings=FAST)
        self.history = EmbeddedPostgres(folder / "history", settings=FAST)

    def __enter__(self) -> "Servers":
        self.services.open()
        self.history.open()
        self._make_template()
        return self

    def __exit__(self, *_: object) -> None:
        self.services.close()
        self.history.close()

    def restart(self, server: EmbeddedPostgres, *, away: float) -> None:
        server.close()
        time.sleep(away)
        server.open()

    def crash(self, server: EmbeddedPostgres, *, away: float) -> None:
        """As `kill -9` leaves it: it has to recover."""
        main = psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0]))
        main.kill()
        self.restart(server, away=away)

    def _make_template(self) -> None:
        create(self.services, TEMPLATE)
        folder = self.folder / "template"
        folder.mkdir()
        shop = Shop(
            folder=folder, url=self.services.url(TEMPLATE), home=folder, history_url="", port=1, scripts=SCRIPTS
        )
        shop.make()
        create(self.history, TEMPLATE)
        open_history(self.history.url(TEMPLATE)).close()


def create(server: EmbeddedPostgres, name: str, template: str = "template1") -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        words = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        connection.execute(words)


class Market:
    """Use `opened`: it ends every process of it."""

    def __init__(
        self, servers: Servers, folder: Path, *, shops: int, lease: int, failing: Container[int] = ()
    ) -> None:  # fmt: skip
        """`failing`: the numbers (from 1) of those whose downgrade does not work, so that everything is undone."""
        self.servers, self.folder, self.lease, self._failing = servers, folder, lease, failing
        self.tag = secrets.token_hex(3)
        self.home = folder / "home"
        self.shops = [self._shop(number) for number in range(1, shops + 1)]
        self.history_url = servers.history.url(f"history_{self.tag}")
        self.workers: list[Begun] = []
        self.rollbacks: dict[RollbackId, Shop] = {}
        self.customers = ""
        #: By how many seconds the clocks of the workers are wrong, one after the other.
        self.clocks: tuple[int, ...] = (0,)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C.UTF-8",
            "BACKOUT_DATABASE_URL": self.history_url, "BACKOUT_CATALOG": str(self.folder / "catalog.yml"),
            "BACKOUT_HOME": str(self.home), "BACKOUT_LEASE": f"{self.lease}s", "BACKOUT_LOG_LEVEL": "info",
            "PYTHONPATH": str(Path(__file__).parents[2]), **{shop.variable: shop.url for shop in self.shops},
        }  # fmt: skip

    def build(self) -> None:
        self.home.mkdir()
        create(self.servers.history, f"history_{self.tag}", TEMPLATE)
        for shop in self.shops:
            create(self.servers.services, self._database(shop.name), TEMPLATE)
            shop.folder.mkdir()
            shop.make(upgrade=False)
            (shop.folder / "catalog.yml").unlink()
        catalog = {"services": {shop.name: shop.entry() for shop in self.shops}}
        (self.folder / "catalog.yml").write_text(json.dumps(catalog))
        self.customers = customers_of(self.shops[0])
        for shop in self.shops:
            for words in (
                ["writer.py", f"{shop.folder}/writer.pid"],
                ["web.py", str(shop.port), f"{shop.folder}/web.pid"],
            ):
                subprocess.run(
                    ["/bin/sh", "-c", '"$0" "$@" </dev/null >/dev/null 2>&1 &', PYTHON, *words], cwd=shop.folder,
                    env=shop.environ, check=True, start_new_session=True,
                )  # fmt: skip
        for shop in self.shops:
            wait_for(lambda shop=shop: shop.writes() and shop.answers(), f"{shop.name} did not start", 120)

    def clear(self) -> None:
        try:
            for worker in self.workers:
                if worker.poll() is None:
                    worker.send_signal(signal.SIGCONT)
                    worker.kill()
                worker.wait()
        finally:
            time.sleep(0.5)  # a shell that was about to start a writer has done so then
            for shop in self.shops:
                shop.stop()
        for server in (self.servers.services, self.servers.history):
            with psycopg.connect(server.url(), autocommit=True) as connection:
                found = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"%{self.tag}%"])
                for (name,) in found.fetchall():
                    connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def ask_for_all(self, history: History) -> None:
        """Every shop is to go back; the workers assess it. They begin together: while one had to be loaded first, another would
        have done everything alone."""
        for seconds in set(self.clocks):
            get_ready(wrong_by(seconds))
        for shop in self.shops:
            request = RollbackRequest(
                request_key=secrets.token_hex(8), service=shop.name, environment="staging", requester="the test",
                target=TARGET,
            )  # fmt: skip
            self.rollbacks[open_rollback(history, request).rollback.id] = shop

    def start_worker(self) -> Begun:
        with (self.folder / "serve.log").open("ab") as log:
            worker = start_backout(
                ["serve", "--workers-only"], folder=self.folder, env=self.environ, log=log,
                before=wrong_by(self.clocks[len(self.workers) % len(self.clocks)]),
            )  # fmt: skip
        self.workers.append(worker)
        return worker

    def end_workers(self, seconds: float = 30) -> list[int]:
        """Politely; their exit codes."""
        living = [worker for worker in self.workers if worker.poll() is None]
        for worker in living:
            worker.send_signal(signal.SIGCONT)
            worker.send_signal(signal.SIGTERM)
        return [worker.wait(seconds) for worker in living]

    def statuses(self, history: History) -> dict[RollbackId, Status]:
        return {each: show(history, each).rollback.status for each in self.rollbacks}

    def processes(self) -> list[psutil.Process]:
        """Whatever has to do with this market: its folder is in the command line or the environment."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                    continue
                words = [*process.cmdline(), *process.environ().values()]
            except psutil.Error:
                continue
            if any(str(self.folder) in word for word in words):
                found.append(process)
        return found

    def _shop(self, number: int) -> Shop:
        name = f"shop-{number}"
        return Shop(
            folder=self.folder / name, url=self.servers.services.url(self._database(name)), home=self.home, history_url="",
            port=free_port(), name=name, variable=f"SHOP_{number}_URL", scripts=SCRIPTS, quiet_for="300ms", patience="90s",
            surroundings={"SHOP_FAILS": "yes"} if number in self._failing else {},
        )  # fmt: skip

    def _database(self, name: str) -> str:
        return f"{name.replace('-', '_')}_{self.tag}"


@contextmanager
def opened(
    servers: Servers, folder: Path, *, shops: int, lease: int = 4, failing: Container[int] = ()
) -> Iterator[Market]:  # fmt: skip
    market = Market(servers, folder, shops=shops, lease=lease, failing=failing)
    try:
        market.build()
        yield market
    finally:
        market.clear()


def customers_of(shop: Shop) -> str:
    return str(shop.ask("SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM customers c"))
