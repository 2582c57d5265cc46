from alembic import op

revision, down_revision = "0004", "0003"


def upgrade():
    op.execute(
        "CREATE TABLE opportunities (id bigserial PRIMARY KEY, paper_id bigint REFERENCES papers, headline text)"
    )
    op.execute("CREATE INDEX papers_by_domain ON papers (domain)")


def downgrade():
    op.execute("DROP INDEX papers_by_domain")
    op.execute("DROP TABLE opportunities")
