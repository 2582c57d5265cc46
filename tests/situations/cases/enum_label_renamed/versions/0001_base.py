"""Where it all begins."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("CREATE TYPE mood AS ENUM ('calm', 'busy')")
    op.create_table(
        "people",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("mood", postgresql.ENUM("calm", "busy", name="mood", create_type=False), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("people")
    op.execute("DROP TYPE mood")
