"""All the questions about one service, in the order in which a rollback would stumble over them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from actions.assess.live_database import DatabaseFacts, look_at
from actions.backup.programs import find_programs, programs_for
from actions.backup.stores import open_store
from actions.catalog.database import Tools
from actions.catalog.envref import as_variables
from actions.catalog.platform import ComposePlatform, KubernetesPlatform, LocalPlatform
from actions.catalog.service import Service
from actions.catalog.stores import FolderStore as FolderEntry
from actions.errors import BackoutError, ConfigurationError
from actions.platforms import compose, kubernetes
from actions.platforms.compose_house import compose_of, project_of
from actions.platforms.docker_cli import client_surroundings
from actions.platforms.houses import house_of
from actions.readiness.answers import Answer, Level
from actions.readiness.approvers import Directory, ask_approvers
from actions.readiness.cluster import ask_cluster
from actions.readiness.revision import ask_revision
from actions.restore.tools_inside import place_of, version_in


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the questions need besides the service itself."""

    environ: Mapping[str, str]
    #: Where backups go when the catalog names no store.
    default_store: Path
    #: Who knows the people; None while Slack is not configured.
    directory: Directory | None


def ask_about(service: Service, around: Surroundings) -> Iterator[Answer]:
    """One answer per question; none of them raises, none changes anything that stays."""
    facts: DatabaseFacts | None = None
    if service.database is not None:
        facts_or_answer = _look_at_database(service, around)
        if isinstance(facts_or_answer, Answer):
            yield facts_or_answer
        else:
            facts = facts_or_answer
            yield _database_answer(service, facts)
        if service.migrations is not None:
            yield ask_revision(service, facts, around.environ)
        yield _ask_tools(service, facts, around)
    yield _ask_platform(service, around)
    if isinstance(service.platform, KubernetesPlatform):
        yield from ask_cluster(service, around.environ)
    if service.database is not None:
        yield from _ask_stores(service, around)
    people = service.approvers
    if people is None:
        yield ask_approvers(None, (), around.directory)
    else:
        yield ask_approvers(people.group, people.users, around.directory, people.terminal)


def failed(question: str, error: BackoutError) -> Answer:
    said = f"{error.where}: {error.what}" if error.where else error.what
    return Answer(question=question, level=Level.FAILED, said=said, remedy=error.next_step)


def _look_at_database(service: Service, around: Surroundings) -> DatabaseFacts | Answer:
    if service.database is None:
        raise ValueError("asked only for services with a database")
    migrations = service.migrations
    try:
        return look_at(
            service.database.url.resolve(around.environ),
            version_table=migrations.version_table if migrations else "alembic_version",
            version_schema=migrations.version_schema if migrations else None,
        )
    except BackoutError as error:
        return failed("database", error)


def _database_answer(service: Service, facts: DatabaseFacts) -> Answer:
    said = f"PostgreSQL {facts.version} as {facts.user}, {_size(facts.size_bytes)}"
    beside = service.database is not None and service.database.scratch == "beside"
    has_admin = service.database is not None and service.database.admin_url is not None
    if beside and not has_admin and not facts.may_create_databases:
        return Answer(
            question="database", level=Level.WARNING, said=f"{said}; may not create databases",
            remedy="Give the role CREATEDB, name an `admin_url`, or set `scratch: embedded`: rehearsals need a copy.",
        )  # fmt: skip
    return Answer(question="database", level=Level.OK, said=said)


def _ask_tools(service: Service, facts: DatabaseFacts | None, around: Surroundings) -> Answer:
    question = "client tools"
    tools = service.database.tools if service.database is not None else None
    if tools is not None and isinstance(service.platform, KubernetesPlatform):
        return Answer(
            question=question, level=Level.FAILED, said="`tools` cannot be used on Kubernetes",
            remedy="Leave it out: Backout's own client programs make and prove the backups, straight on the database.",
        )  # fmt: skip
    if tools is not None:
        return _ask_tools_inside(service, tools, facts, around)
    found = find_programs(around.environ)
    if facts is None:
        said = f"pg_dump {found[0].version}" if found else "none here"
        return Answer(question=question, level=Level.UNKNOWN, said=f"{said}; the server's version is not known")
    try:
        chosen = programs_for(facts.major, found)
    except ConfigurationError as error:
        return failed(question, error)
    return Answer(question=question, level=Level.OK, said=f"pg_dump {chosen.version} in {chosen.folder}")


def _ask_tools_inside(
    service: Service, inside: Tools, facts: DatabaseFacts | None, around: Surroundings
) -> Answer:  # fmt: skip
    question = "client tools"
    try:
        house = compose_of(house_of(service, around.environ), "`tools` in a container")
        place = place_of(house, inside)
        major, minor = version_in(house, place)
    except BackoutError as error:
        return failed(question, error)
    said = f"pg_dump {major}.{minor} in {place.named}"
    if facts is not None and major < facts.major:
        remedy = f"The server is PostgreSQL {facts.major}: name a container or image whose programs are as new."
        return Answer(question=question, level=Level.FAILED, said=said, remedy=remedy)
    return Answer(question=question, level=Level.OK, said=said)


def _ask_platform(service: Service, around: Surroundings) -> Answer:
    question = "platform"
    try:
        return Answer(question=question, level=Level.OK, said=_look_at_platform(service, around.environ))
    except BackoutError as error:
        return failed(question, error)


def _look_at_platform(service: Service, environ: Mapping[str, str]) -> str:
    match service.platform:
        case LocalPlatform(folder=folder):
            if not folder.is_dir():
                raise ConfigurationError(f"There is no folder {folder}", next_step="Correct the platform's `folder`.")
            return f"local, {folder}"
        case ComposePlatform() as entry:
            facts = compose.look_at(
                project_of(entry), {**client_surroundings(environ), **as_variables(entry.env, environ)}
            )
            return f"{facts.program} on engine {facts.engine}, {len(facts.services)} services"
        case KubernetesPlatform() as entry:
            cluster = kubernetes.Cluster(namespace=entry.namespace, context=entry.context, kubeconfig=entry.kubeconfig)
            found = kubernetes.look_at(cluster, environ)
            return f"Kubernetes {found.version}, namespace {found.namespace}"


def _ask_stores(service: Service, around: Surroundings) -> Iterator[Answer]:
    entries = service.backups.stores or (FolderEntry(folder=around.default_store),)
    for entry in entries:
        question = f"store {entry.name}" if entry.name else "store"
        try:
            yield Answer(question=question, level=Level.OK, said=open_store(entry, around.environ).probe())
        except BackoutError as error:
            yield failed(question, error)


def _size(size: int) -> str:
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size / 1000:.0f} kB"
