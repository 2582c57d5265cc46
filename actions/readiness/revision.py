"""Which revision is live, and which is the newest that the scripts know?"""

from collections.abc import Mapping

from actions.assess.live_database import DatabaseFacts
from actions.assess.place import migrations_place
from actions.assess.scripts import Graph, read_graph
from actions.catalog.service import Service
from actions.errors import BackoutError
from actions.platforms.houses import house_of
from actions.readiness.answers import Answer, Level

QUESTION = "revision"


def ask_revision(service: Service, facts: DatabaseFacts | None, environ: Mapping[str, str]) -> Answer:
    try:
        graph = read_graph(house_of(service, environ).commands, migrations_place(service, environ))
    except BackoutError as error:
        said = f"{error.where}: {error.what}" if error.where else error.what
        return Answer(question=QUESTION, level=Level.FAILED, said=said, remedy=error.next_step)
    if facts is None:
        return Answer(question=QUESTION, level=Level.UNKNOWN, said=f"newest {_names(graph.heads)}; live is not known")
    return judge(facts.revisions, graph)


def judge(live: tuple[str, ...] | None, graph: Graph) -> Answer:
    """What the live revisions mean beside the scripts."""
    if live is None:
        return Answer(
            question=QUESTION, level=Level.WARNING, said="the database has no version table: Alembic never ran on it",
            remedy="Look at `migrations.version_table`, or run the migrations once.",
        )  # fmt: skip
    known = {revision.id for revision in graph.revisions}
    unknown = [revision for revision in live if revision not in known]
    if unknown:
        return Answer(
            question=QUESTION, level=Level.FAILED, said=f"live {_names(live)}, but no script knows {_names(unknown)}",
            remedy="The scripts are older than the database, or a file is missing: restore it from git "
            "(git checkout <commit> -- path/to/versions/), or check out the newer release.",
        )  # fmt: skip
    if set(live) == set(graph.heads):
        return Answer(question=QUESTION, level=Level.OK, said=f"live {_names(live)}, the newest")
    return Answer(
        question=QUESTION, level=Level.WARNING, said=f"live {_names(live)}, newest {_names(graph.heads)}",
        remedy="Fine while a release is on its way; otherwise somebody forgot to upgrade.",
    )  # fmt: skip


def _names(revisions: object) -> str:
    names = list(revisions) if isinstance(revisions, tuple | list) else []
    return " and ".join(names) if names else "nothing"
