"""Where it all begins."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "state",
            sa.Enum("new", "done", name="jobs_state", native_enum=False, create_constraint=True),
            nullable=False,
        ),
    )


def downgrade() -> None:
    op.drop_table("jobs")
