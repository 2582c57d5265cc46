"""What upgrade() and downgrade() ask for, recorded without any database.

All situations stand in one project, one revision each, so that it is read once.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from actions.assess.scripts import PathRevision, ScriptPath, Side

#: Name of the revision: what its downgrade() does. The order is that of the history.
DOWNGRADES: Mapping[str, str] = {
    "plain": """
        op.drop_column('users', 'nick', schema='shop')
        op.drop_index('ix_nick', table_name='users')
        op.alter_column('users', 'age', type_=sa.SmallInteger(), existing_type=sa.BigInteger(), nullable=False,
                        server_default=None, postgresql_using='age::smallint')
        op.alter_column('users', 'name', new_column_name='title', server_default='it''s')
        op.rename_table('a', 'b')
        op.drop_table('orders')
        op.create_foreign_key(None, 'x', 'y', ['a'], ['b'], ondelete='CASCADE', source_schema='shop')
        op.drop_constraint('ck_age', 'users', type_='check')
    """,
    "table": """
        op.create_table(
            'pets',
            sa.Column('id', sa.Integer, sa.Identity(), primary_key=True),
            sa.Column('mood', postgresql.ENUM('sad', 'ok', name='mood', create_type=False), nullable=False,
                      server_default='ok'),
            sa.Column('owner', sa.Integer, sa.ForeignKey('users.id', ondelete='CASCADE'), unique=True),
            sa.CheckConstraint('id > 0', name='ck_id'),
            sa.UniqueConstraint('owner', 'mood', name='uq_owner'),
        )
        op.add_column('pets', sa.Column('at', sa.DateTime(timezone=True), server_default=sa.func.now()))
        op.create_index('ix', 'pets', [sa.text('lower(name)')], unique=True, postgresql_where=sa.text('id > 3'))
    """,
    "batch": """
        with op.batch_alter_table('users', schema='shop') as batch:
            batch.drop_column('nick')
            batch.create_unique_constraint('uq_name', ['name'])
    """,
    "rows": """
        users = sa.table('users', sa.column('id', sa.Integer), sa.column('name', sa.String))
        op.bulk_insert(users, [{'id': number, 'name': 'x'} for number in range(7)])
        op.execute(users.update().where(users.c.id == 4).values(name='ann'))
        op.execute("DELETE FROM users WHERE name LIKE '50%'")
        op.get_bind().execute(sa.text('UPDATE users SET name = :name'), {'name': 'bob'})
        op.get_bind().execute(users.insert().values(name='eve'))
    """,
    "autocommit": """
        with op.get_context().autocommit_block():
            op.drop_index('ix', postgresql_concurrently=True)
        op.execute('SELECT 1')
    """,
    "enum": """
        mood = postgresql.ENUM('sad', 'ok', name='mood')
        mood.create(op.get_bind(), checkfirst=True)
        mood.drop(op.get_bind(), checkfirst=True)
    """,
    "looks": """
        connection = op.get_bind()
        op.drop_column('a', 'b')
        for row in connection.execute(sa.text('SELECT id FROM users')):
            connection.execute(sa.text('UPDATE users SET id = 1'))
        op.drop_table('users')
    """,
    "inspects": """
        try:
            columns = sa.inspect(op.get_bind()).get_columns('users')
        except Exception:
            columns = []
        if columns:
            op.drop_table('users')
    """,
    "session": """
        from sqlalchemy.orm import Session
        with Session(bind=op.get_bind()) as session:
            session.execute(sa.text('UPDATE users SET id = 2'))
            session.execute(sa.text('SELECT 1')).scalar()
    """,
    "cursor": """
        cursor = op.get_bind().connection.cursor()
        cursor.execute('TRUNCATE users')
        cursor.copy_expert('COPY users TO STDOUT', None)
    """,
    "counts": """
        if op.get_bind().execute(sa.text('SELECT count(*) FROM users')).scalar() > 0:
            raise RuntimeError('there are users')
        op.drop_table('users')
    """,
    "irreversible": """
        'No way back.'
        raise NotImplementedError('orders were merged')
    """,
    "empty": "'Nothing.'\npass",
    "fails": """
        op.drop_column('users', 'nick')
        {}['password=hunter2 is not there']
    """,
    "unnamed": """
        op.drop_constraint(None, 'users', type_='foreignkey')
        op.drop_column('users', 'boss')
    """,
    "swallows": """
        try:
            op.get_bind().execute(sa.text('SELECT 1')).fetchall()
        except Exception:
            op.drop_table('never')
    """,
    "asks_context": """
        from alembic import context
        if context.is_offline_mode():
            op.execute('offline')
        else:
            op.execute('online')
    """,
    "prints": "print('x' * 1000)\nimport sys\nsys.exit('enough')",
    "many": "for number in range(3000): op.execute(f'SELECT {number}')",
}
OUTSIDE: Mapping[str, str] = {
    "connects": "import socket\nsocket.create_connection(('127.0.0.1', 9))",
    "resolves": "import urllib.request\nurllib.request.urlopen('http://example.org')",
    "starts": "import subprocess\ntry:\n    subprocess.run(['touch', 'reached'])\nexcept Exception:\n    pass",
    "shells": "import os\nos.system('touch reached')",
    "writes": "open('reached', 'w').write('x')",
    "renames": "import os\nos.rename('alembic.ini', 'reached')",
    "own_engine": "sa.create_engine('postgresql+psycopg://nobody@127.0.0.1:9/x').connect()",
    "own_driver": "import psycopg\npsycopg.connect('host=127.0.0.1 port=9')",
    "own_sqlite": "import sqlite3\nsqlite3.connect('reached')",
}


def build(new_project: Callable[[], Any], downgrades: Mapping[str, str]) -> Any:
    project = new_project()
    project.ini("script_location = mig\nprepend_sys_path = .")
    before = None
    for name, text in downgrades.items():
        project.script(name, before, downgrade=text)
        before = name
    return project


@pytest.fixture(scope="module")
def path(new_project: Callable[[], Any]) -> ScriptPath:
    project = build(new_project, DOWNGRADES)
    project.write("mig/env.py", "target_metadata = Base.metadata\n")
    return project.path(list(DOWNGRADES)[-1], "base")


@pytest.fixture(scope="module")
def side(path: ScriptPath) -> Callable[[str], Side]:
    found: dict[str, PathRevision] = {revision.id: revision for revision in path.revisions}
    return lambda name: found[name].downgrade


def kinds(side: Side) -> list[str]:
    return [operation.op for operation in side.operations]


def test_ordinary_operations_are_told_with_what_they_are_about(side) -> None:
    column, index, change, renamed, table, dropped, key, check = side("plain").operations
    assert (column.op, column.db_schema, column.table, column.column) == ("drop_column", "shop", "users", "nick")
    assert (index.op, index.table, index.name) == ("drop_index", "users", "ix_nick")
    assert (change.type, change.nullable, change.server_default) == ("SMALLINT", False, "")
    assert change.options["existing_type"] == "BIGINT"
    assert change.options["postgresql_using"] == "age::smallint"
    assert (renamed.new_name, renamed.server_default, renamed.type, renamed.nullable) == ("title", "'its'", None, None)
    assert (table.op, table.table, table.new_name) == ("rename_table", "a", "b")
    assert (dropped.op, dropped.table) == ("drop_table", "orders")
    assert (key.op, key.name, key.table, key.db_schema) == ("create_foreign_key", None, "x", "shop")
    assert key.options["ondelete"] == "CASCADE"
    assert (check.op, check.name) == ("drop_constraint", "ck_age")
    assert column.statements == ("ALTER TABLE shop.users DROP COLUMN nick",)
    assert len(change.statements) == 3
    assert not side("plain").opaque


def test_operations_know_their_line_in_the_script(side) -> None:
    plain = side("plain")
    lines = plain.source.splitlines()
    assert len(plain.operations) == 8
    for operation in plain.operations:
        assert f"op.{operation.op}(" in lines[operation.line - plain.line]


def test_a_created_table_is_told_with_its_columns_and_constraints(side) -> None:
    table, column, index = side("table").operations
    by_name = {one.name: one for one in table.columns}
    assert by_name["id"].primary_key
    assert by_name["mood"].type == "mood ['sad', 'ok']"
    assert (by_name["mood"].nullable, by_name["mood"].server_default) == (False, "'ok'")
    assert by_name["owner"].references == ("users.id",)
    assert by_name["owner"].unique
    assert "CheckConstraint ck_id (id > 0)" in table.constraints
    assert "UniqueConstraint uq_owner (owner, mood)" in table.constraints
    assert (column.op, column.column, column.type) == ("add_column", "at", "TIMESTAMP WITH TIME ZONE")
    assert column.server_default == "now()"
    assert index.columns[0].name == "lower(name)"
    assert index.options == {"unique": "True", "postgresql_where": "id > 3"}


def test_batch_mode_is_marked(side) -> None:
    batch = side("batch")
    assert kinds(batch) == ["drop_column", "create_unique_constraint", "batch_alter_table"]
    assert all(operation.batch for operation in batch.operations)
    assert {(operation.db_schema, operation.table) for operation in batch.operations} == {("shop", "users")}
    assert batch.operations[-1].statements == (
        "ALTER TABLE shop.users DROP COLUMN nick",
        "ALTER TABLE shop.users ADD CONSTRAINT uq_name UNIQUE (name)",
    )


def test_changes_of_rows_are_told_whichever_way_they_are_sent(side) -> None:
    bulk, update, delete, direct, insert = side("rows").operations
    assert (bulk.op, bulk.table, bulk.rows) == ("bulk_insert", "users", 7)
    assert [column.name for column in bulk.columns] == ["id", "name"]
    assert (update.op, update.sql) == ("execute", "UPDATE users SET name='ann' WHERE users.id = 4")
    assert delete.statements == ("DELETE FROM users WHERE name LIKE '50%'",)
    assert (direct.op, direct.sql, direct.direct) == ("sql", "UPDATE users SET name = :name", True)
    assert direct.options == {"name": "bob"}
    assert insert.sql.startswith("INSERT INTO users (name)")
    assert not side("rows").looks


def test_what_runs_outside_the_transaction_is_marked(side) -> None:
    autocommit = side("autocommit")
    assert [(operation.op, operation.autocommit) for operation in autocommit.operations] == [
        ("drop_index", True),
        ("execute", False),
    ]
    assert autocommit.sql.startswith("COMMIT;\n\nDROP INDEX CONCURRENTLY ix;\n\nBEGIN;")


def test_create_if_missing_and_drop_if_there_are_taken_at_their_word(side) -> None:
    enum = side("enum")
    assert [operation.sql for operation in enum.operations] == [
        "CREATE TYPE mood AS ENUM ('sad', 'ok')",
        "DROP TYPE mood",
    ]
    assert enum.assumed == ("type mood is missing", "type mood exists")
    assert enum.stopped is None


def test_a_question_to_the_database_ends_what_we_know_for_sure(side) -> None:
    looks = side("looks")
    assert kinds(looks) == ["drop_column", "sql"]
    assert looks.operations[1].looks
    assert looks.stopped.code == "looks_at_database"
    assert looks.stopped.where.endswith(f":{looks.looks[0].line}")
    assert looks.looks[0].what == "SELECT id FROM users"
    assert [operation.op for operation in looks.operations_if_empty] == ["drop_column", "sql", "drop_table"]
    assert [asked.op for asked in looks.asks] == ["get_bind", "drop_column", "drop_table"]
    assert looks.opaque


@pytest.mark.parametrize("name", ["inspects", "session", "cursor", "counts", "swallows"])
def test_every_way_to_ask_the_database_is_noticed(side, name: str) -> None:
    asked = side(name)
    assert asked.stopped.code == "looks_at_database"
    assert asked.opaque
    assert "drop_table" not in kinds(asked)


def test_what_was_sent_before_a_question_is_told(side) -> None:
    assert side("session").operations[0].sql == "UPDATE users SET id = 2"
    assert side("cursor").operations[0].sql == "TRUNCATE users"


def test_an_empty_table_counts_nothing(side) -> None:
    assert [operation.op for operation in side("counts").operations_if_empty] == ["sql", "drop_table"]


def test_a_downgrade_that_refuses_is_irreversible_on_purpose(side) -> None:
    refuses = side("irreversible")
    assert refuses.body == "raises"
    assert (refuses.raises.error_class, refuses.raises.message) == ("NotImplementedError", "orders were merged")
    assert refuses.error.error_class == "NotImplementedError"


def test_an_empty_downgrade_is_empty(side) -> None:
    empty = side("empty")
    assert (empty.body, empty.operations, empty.sql, empty.opaque) == ("empty", (), "", False)


def test_an_error_is_told_with_its_place_and_without_secrets(side) -> None:
    fails = side("fails")
    assert kinds(fails) == ["drop_column"]
    assert fails.error.error_class == "KeyError"
    assert "hunter2" not in fails.error.message
    assert fails.error.where.startswith("mig/versions/fails_made.py:")
    assert fails.sql is None
    assert fails.sql_error.error_class == "KeyError"


def test_a_missing_name_is_blamed_on_the_naming_convention_that_env_py_may_have(side) -> None:
    unnamed = side("unnamed")
    assert unnamed.operations[0].error.code == "needs_naming_convention"
    assert kinds(unnamed) == ["drop_constraint", "drop_column"]
    assert unnamed.error is None


def test_without_metadata_a_missing_name_is_an_error(project) -> None:
    project.ini()
    project.write("mig/env.py", "target_metadata = None\n")
    project.script("aaaa0001", downgrade=DOWNGRADES["unnamed"])
    unnamed = project.path("aaaa0001", "base").revisions[0].downgrade
    assert kinds(unnamed) == ["drop_constraint"]
    assert unnamed.error.error_class == "sqlalchemy.exc.CompileError"


def test_a_script_is_recorded_as_online_and_printed_as_offline(side) -> None:
    asks = side("asks_context")
    assert asks.operations[0].sql == "online"
    assert asks.sql == "offline;\n\n"


def test_printing_and_exiting_do_no_harm(side) -> None:
    assert side("prints").error.error_class == "SystemExit"


def test_endless_operations_are_cut(side) -> None:
    many = side("many")
    assert len(many.operations) == 2000
    assert many.truncated
    assert many.opaque


def test_the_upgrade_is_told_too(path: ScriptPath) -> None:
    assert {revision.upgrade.body for revision in path.revisions} == {"empty"}


# ---- what leads out of the database


@pytest.fixture(scope="module")
def outside(new_project: Callable[[], Any]) -> tuple[Any, dict[str, Side]]:
    project = build(new_project, OUTSIDE)
    read = project.path(list(OUTSIDE)[-1], "base")
    return project, {revision.id: revision.downgrade for revision in read.revisions}


@pytest.mark.parametrize("name", list(OUTSIDE))
def test_a_step_outside_is_prevented_and_told(outside, name: str) -> None:
    project, sides = outside
    assert sides[name].stopped.code == "reaches_outside"
    assert sides[name].reached_out
    assert sides[name].opaque
    assert not (project.folder / "reached").exists()
    assert (project.folder / "alembic.ini").exists()


def test_what_the_code_mentions_is_told_also_through_helpers(project) -> None:
    project.ini("script_location = mig\nprepend_sys_path = .")
    project.write("shop/__init__.py", "")
    project.write("shop/models.py", "class User: pass\n")
    head = """
    import os
    import requests as web
    from slack_sdk import WebClient
    from shop.models import User
    from alembic import op

    def tell():
        web.post("http://example.org", json={})

    def unused():
        os.remove("x")
    """
    downgrade = """
    if False:
        tell()
        WebClient(token=os.environ["TOKEN"]).chat_postMessage()
        open("notes.txt").read()
        User()
        import boto3
        boto3.client("s3").delete_object()
    """
    project.script("aaaa0001", head=head, upgrade="unused()", downgrade=downgrade)
    revision = project.path("aaaa0001", "base").revisions[0]
    told = {(mention.kind, mention.name) for mention in revision.downgrade.mentions}
    assert told == {
        ("network", "requests.post"),
        ("messaging", "slack_sdk.WebClient"),
        ("environment", "os.environ"),
        ("files", "open"),
        ("application", "shop.models.User"),
        ("storage", "boto3.client"),
    }
    assert [(mention.kind, mention.name) for mention in revision.upgrade.mentions] == [("files", "os.remove")]
    assert {(one.module, one.kind) for one in revision.imports} >= {("shop", "application"), ("os", "standard")}
    assert revision.downgrade.operations == ()


@pytest.mark.parametrize(
    ("upgrade", "takes_rows"),
    [
        ("op.execute('INSERT INTO a SELECT id FROM b')", False),
        ("op.create_table('a', sa.Column('b', sa.Integer, sa.ForeignKey('c.id', ondelete='CASCADE')))", False),
        ("if False:\n    op.execute('delete  from b')", True),
        ("if False:\n    clean()", True),
    ],
)
def test_an_upgrade_that_may_delete_rows_is_told_whether_it_does_so_or_not(
    project, upgrade: str, takes_rows: bool
) -> None:
    head = """
    import sqlalchemy as sa
    from alembic import op

    def clean():
        op.get_bind().execute(sa.table("b").delete())
    """
    project.ini("script_location = mig")
    project.script("aaaa0001", head=head, upgrade=upgrade, downgrade="op.execute('DELETE FROM a')")
    assert project.path("aaaa0001", "base").revisions[0].upgrade.takes_rows is takes_rows


def test_a_function_that_hangs_or_dies_does_not_take_the_others_along(project) -> None:
    project.ini()
    project.script("aaaa0001", downgrade="op.drop_table('a')")
    project.script("bbbb0001", "aaaa0001", downgrade="while True:\n    try:\n        pass\n    except:\n        pass")
    project.script("cccc0001", "bbbb0001", downgrade="import os\nos._exit(9)")
    project.script("dddd0001", "cccc0001", downgrade="held = [b'x' * 10**8 for _ in range(10**4)]")
    project.script("eeee0001", "dddd0001", downgrade="op.drop_table('e')")
    path = project.path("eeee0001", "base", call_deadline=timedelta(seconds=2))
    sides = {revision.id: revision.downgrade for revision in path.revisions}
    assert kinds(sides["aaaa0001"]) == kinds(sides["eeee0001"]) == ["drop_table"]
    assert sides["bbbb0001"].error.code == sides["bbbb0001"].sql_error.code == "timeout"
    assert sides["cccc0001"].error.code == "died"
    assert sides["dddd0001"].error.code in ("memory", "died", "timeout")
    assert all(sides[name].opaque for name in ("bbbb0001", "cccc0001", "dddd0001"))


def test_functions_of_several_databases_need_what_only_env_py_has(project) -> None:
    project.ini()
    text = '"""x"""\nrevision = "aaaa0001"\ndown_revision = None\n'
    text += "def upgrade(engine_name):\n    pass\ndef downgrade(engine_name):\n    pass\n"
    project.write("mig/versions/a.py", text)
    side = project.path("aaaa0001", "base").revisions[0].downgrade
    assert side.not_called.code == "needs_arguments"
    assert "engine_name" in side.not_called.message


def test_operations_of_the_projects_own_are_told_by_name(project) -> None:
    project.ini("script_location = mig\nprepend_sys_path = .")
    project.write(
        "own_operations.py",
        """
        from alembic.operations import MigrateOperation, Operations

        @Operations.register_operation("retire")
        class RetireOp(MigrateOperation):
            def __init__(self, table_name, keep):
                self.table_name, self.keep = table_name, keep

            @classmethod
            def retire(cls, operations, table_name, keep=3):
                return operations.invoke(cls(table_name, keep))

        @Operations.implementation_for(RetireOp)
        def carry_out(operations, operation):
            operations.execute(f"ALTER TABLE {operation.table_name} RENAME TO retired")
            operations.get_bind().exec_driver_sql("SELECT 1").fetchall()
        """,
    )
    head = "import own_operations\nfrom alembic import op"
    project.script("aaaa0001", head=head, downgrade="op.retire('users')\nop.drop_table('x')")
    side = project.path("aaaa0001", "base").revisions[0].downgrade
    own, table = side.operations
    assert (own.op, own.table, own.options, own.looks) == ("retire", "users", {"keep": "3"}, True)
    assert own.statements == ("ALTER TABLE users RENAME TO retired", "SELECT 1")
    assert table.op == "drop_table"
    assert side.opaque


def test_a_huge_script_is_shortened_and_that_is_said(project) -> None:
    project.ini()
    project.script("aaaa0001", downgrade=f"op.execute('''{'x' * 300_000}''')")
    path = project.path("aaaa0001", "base")
    assert path.text_cut
    assert len(path.revisions[0].downgrade.source) < 101_000


def test_the_live_url_is_not_needed(project) -> None:
    """Nothing of ours is in the environment over there but what was handed over."""
    project.cold()
    project.ini()
    project.env = {"COLOUR": "blue"}
    head = "import os\nfrom alembic import op"
    downgrade = "op.execute(' '.join(sorted(name for name in os.environ if name not in ('LC_CTYPE', 'PWD', '_'))))"
    project.script("aaaa0001", head=head, downgrade=downgrade)
    assert project.path("aaaa0001", "base").revisions[0].downgrade.operations[0].sql == "COLOUR PATH"


def test_a_connection_taken_while_the_script_is_loaded_works_as_it_does_while_alembic_migrates(project) -> None:
    project.ini()
    head = "import sqlalchemy as sa\nfrom alembic import op\nconnection = op.get_bind()\nname = op.f('ix_a')"
    project.script("aaaa0001", head=head, downgrade="connection.execute(sa.text('DROP TABLE a'))\nop.drop_index(name)")
    side = project.path("aaaa0001", "base").revisions[0].downgrade
    assert [(operation.sql, operation.name) for operation in side.operations] == [
        ("DROP TABLE a", None),
        (None, "ix_a"),
    ]
    assert side.error is None
    assert side.sql_error.code == "needs_connection"


def test_a_script_that_looks_at_the_database_while_it_is_loaded_cannot_be_read_without_one(project) -> None:
    project.ini()
    head = "import sqlalchemy as sa\nfrom alembic import op\ntables = sa.inspect(op.get_bind()).get_table_names()"
    project.script("aaaa0001", head=head, downgrade="if 'a' in tables:\n    op.drop_table('a')")
    project.script("bbbb0001", "aaaa0001", downgrade="op.drop_table('b')")
    looks, plain = sorted(project.path("bbbb0001", "base").revisions, key=lambda revision: revision.id)
    assert looks.failure.code == "looks_at_database"
    assert looks.failure.where.startswith("mig/versions/aaaa0001")
    assert looks.downgrade.opaque
    assert kinds(plain.downgrade) == ["drop_table"]


def test_what_else_is_wrong_with_a_script_that_uses_alembic_while_it_is_loaded_is_told(project) -> None:
    project.ini()
    project.script(
        "aaaa0001", head="from alembic import op\nop.get_bind()\nimport nothing_of_that_name", downgrade="pass"
    )
    failure = project.path("aaaa0001", "base").revisions[0].failure
    assert failure.error_class == "ModuleNotFoundError"
    assert "nothing_of_that_name" in failure.message
