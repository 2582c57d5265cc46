"""Welcome everybody."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

revision = "0002"
down_revision = "0001"

notices = sa.table("notices", sa.column("id", sa.Integer), sa.column("text", sa.Text))


def upgrade() -> None:
    with Session(bind=op.get_bind()) as session:
        session.execute(notices.insert().values(text="Welcome!"))
        session.commit()


def downgrade() -> None:
    with Session(bind=op.get_bind()) as session:
        for row in session.execute(sa.select(notices)).all():
            if row.text.startswith("Welcome"):
                session.execute(notices.delete().where(notices.c.id == row.id))
        session.commit()
