"""The job queue: procrastinate's schema, pinned.

The SQL is a copy of the library's `schema.sql` as it has been since procrastinate 3.4, not a look into whatever
version is installed: otherwise a database made today and one made next year would both say "0002" and differ.
The library changes its schema by files named after the version that brings them. When a version that we take
up brings one, a test of ours fails (the copy no longer equals the library's file), and the answer is a new
migration here that holds those files and their way back.
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    _run("procrastinate_3_4_up.sql")


def downgrade() -> None:
    _run("procrastinate_3_4_down.sql")


def _run(name: str) -> None:
    # As it is, in one go: no parameters, so that the driver leaves its percent signs and semicolons alone.
    op.get_bind().exec_driver_sql((SQL / name).read_text(), execution_options={"no_parameters": True})
