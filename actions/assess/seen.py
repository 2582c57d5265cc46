"""What the reader saw in a service's migrations, as values.

The field names are those of `reader.py`'s answer; a newer reader may say more, never less.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel):
    """Frozen; unknown fields are left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Trouble(Value):
    """Something that did not work, as far as it can be told without a traceback."""

    code: str
    message: str
    #: `mig/versions/1a2b.py:12`, seen from the project's folder.
    where: str | None = None
    error_class: str | None = Field(default=None, alias="class")


class UnreadScript(Trouble):
    """A script that could not be imported. Alembic stops at it, so nothing migrates there until it is mended.

    Not so where the code is `looks_at_database`: it asks the database while it is loaded, which only works in a migration.
    """

    file: str


class Problem(Value):
    """What is wrong with the revisions taken together: a duplicate, a missing parent, a cycle."""

    code: str
    message: str
    revisions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Revision(Value):
    """One script's place in the graph."""

    id: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    #: Labels that this script introduces, and all that apply to it.
    branch_labels: tuple[str, ...]
    branches: tuple[str, ...]
    message: str
    created: str | None
    file: str
    sha256: str | None
    loads: bool


class Versions(Value):
    """What does the work over there."""

    python: str
    alembic: str
    sqlalchemy: str


class EnvFile(Value):
    """What `env.py` says, read and not executed."""

    file: str
    exists: bool
    sha256: str | None
    #: With 'set', the names of constraints may come from a naming convention that only `env.py` knows.
    target_metadata: Literal["set", "none", "unknown"]
    naming_convention_mentioned: bool
    is_async: bool
    #: Constants handed to `context.configure`, such as version_table and transaction_per_migration.
    configure: Mapping[str, str]
    #: The same options where their value is not a constant; `**` for a whole dictionary.
    not_constant: tuple[str, ...]
    plugins: tuple[str, ...]


class Graph(Value):
    """Every revision that the scripts know, whole or not."""

    revisions: tuple[Revision, ...]
    heads: tuple[str, ...]
    bases: tuple[str, ...]
    problems: tuple[Problem, ...]
    unread: tuple[UnreadScript, ...]
    #: Alembic accepts the revisions as one graph.
    whole: bool
    script_location: str
    version_locations: tuple[str, ...]
    versions: Versions
    env: EnvFile

    def revision(self, id_: str) -> Revision | None:
        """The revision with exactly this id."""
        return next((one for one in self.revisions if one.id == id_), None)


class Column(Value):
    """A column or index expression as a script wrote it; only the name is always there."""

    name: str | None
    type: str | None = None
    nullable: bool | None = None
    server_default: str | None = None
    primary_key: bool = False
    unique: bool = False
    references: tuple[str, ...] = ()


class Operation(Value):
    """One thing a function asked for, in order.

    `op` is Alembic's name for it. Besides those: `sql` is a statement sent on a connection directly,
    `batch_alter_table` the moment at which the operations of a batch are carried out, and a plugin's operation has its
    own name.
    """

    op: str
    line: int | None
    table: str | None = None
    db_schema: str | None = Field(default=None, alias="schema")
    column: str | None = None
    #: A constraint's or index's.
    name: str | None = None
    new_name: str | None = None
    type: str | None = None
    nullable: bool | None = None
    #: As SQL. None when not mentioned, empty when it is taken away.
    server_default: str | None = None
    existing_server_default: str | None = None
    columns: tuple[Column, ...] = ()
    constraints: tuple[str, ...] = ()
    #: The text of `execute` and `sql`.
    sql: str | None = None
    #: How many rows are inserted or statements repeated, where that is known.
    rows: int | None = None
    #: Everything else, as text.
    options: Mapping[str, str] = Field(default_factory=dict)
    #: What it would send to PostgreSQL.
    statements: tuple[str, ...] = ()
    batch: bool = False
    autocommit: bool = False
    direct: bool = False
    #: It asked the database for an answer.
    looks: bool = False
    error: Trouble | None = None


class Note(Value):
    """Something seen at a line."""

    what: str
    line: int | None


class Mention(Value):
    """A name in the code that leads out of the database: `network` `requests.post`, `application` `app.models.User`."""

    kind: str
    name: str
    line: int | None


class Asked(Value):
    """An operation that the text names, called or not."""

    op: str
    line: int


class Raised(Value):
    error_class: str = Field(alias="class")
    message: str | None


class Side(Value):
    """`upgrade()` or `downgrade()` of one revision."""

    source: str | None
    line: int | None
    #: `raises`: irreversible on purpose. `elsewhere`: not defined in the script itself. `unread`: not valid Python.
    body: Literal["empty", "raises", "code", "missing", "elsewhere", "unread"]
    raises: Raised | None
    mentions: tuple[Mention, ...]
    asks: tuple[Asked, ...]
    #: Its text speaks of deleting rows, whether it did so or not; also where there is no text.
    takes_rows: bool = True
    #: Why it could not even be called.
    not_called: Trouble | None
    operations: tuple[Operation, ...]
    #: Recording had to stop here: it wanted an answer from the database, or to reach outside. What follows is unknown.
    stopped: Trouble | None
    #: The same with every question answered by "nothing there"; only when it was stopped by a question.
    operations_if_empty: tuple[Operation, ...] | None
    looks: tuple[Note, ...]
    #: "type mood exists": what "create if missing" and "drop if there" were taken to mean.
    assumed: tuple[str, ...]
    reached_out: tuple[Note, ...]
    error: Trouble | None
    truncated: bool
    #: What `alembic --sql` would print, or why it would not.
    sql: str | None
    sql_error: Trouble | None

    @property
    def opaque(self) -> bool:
        """We do not know everything it would ask for."""
        return bool(self.not_called or self.stopped or self.looks or self.error or self.truncated)


class Imported(Value):
    module: str
    kind: Literal["standard", "library", "application", "missing"]


class PathRevision(Value):
    """One revision on the way."""

    id: str
    #: What the version table holds after it; None if Alembic's own bookkeeping fails on this path.
    version_after: tuple[str, ...] | None
    imports: tuple[Imported, ...]
    #: Why the script could not be imported.
    failure: Trouble | None
    upgrade: Side
    downgrade: Side


class ScriptPath(Value):
    """What `alembic downgrade TARGET` would run, first to last. Empty: it is there already."""

    revisions: tuple[PathRevision, ...]
    #: What the version table will hold. None: Alembic would fail on the way, while it keeps its books.
    ends_at: tuple[str, ...] | None
    #: Alembic's own, such as an ambiguous `-1` from several heads.
    warnings: tuple[str, ...]
    graph: Graph
    #: The scripts held more text than one answer carries; sources and statements are shortened.
    text_cut: bool
