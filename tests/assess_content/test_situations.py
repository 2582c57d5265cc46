"""What downgrades do, situation by situation: down, and up again."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pytest

from actions.assess.content.outcomes import AppearedColumn, Comparison
from actions.assess.content.verdicts import brings_back_anew, brings_back_empty, loses_data, missing
from actions.assess.schema.naming import Identity


@dataclass(frozen=True, kw_only=True)
class Case:
    down: str
    #: None: the upgrade does not run again.
    up: str | None
    loses: bool
    #: Missing after the downgrade, and after the upgrade: what -> (had, missing).
    after: dict[str, tuple[int, int]]
    again: dict[str, tuple[int, int]]
    empty: tuple[str, ...] = ()
    #: Back with content that the downgrade made up.
    anew: tuple[str, ...] = ()
    #: Those of them that only have the values of a column that goes: fine where the upgrade keeps what comes back.
    moved: tuple[str, ...] = ()


CASES = [
    pytest.param(
        Case(down="UPDATE alembic_version SET version_num = 'r1'", up="UPDATE alembic_version SET version_num = 'r2'",
             loses=False, after={}, again={}), id="nothing but the version"),
    pytest.param(
        Case(down="ALTER TABLE users RENAME TO people; ALTER TABLE people RENAME email TO mail",
             up="ALTER TABLE people RENAME TO users; ALTER TABLE users RENAME mail TO email",
             loses=False, after={}, again={}), id="renames"),
    pytest.param(
        Case(down="ALTER TABLE users RENAME email TO mail", up="ALTER TABLE users DROP mail, ADD email varchar(255)",
             loses=False, after={}, again={"users.email": (6, 6)}), id="only the second upgrade loses"),
    pytest.param(
        Case(down="ALTER TABLE users DROP email", up="ALTER TABLE users ADD email varchar(255)",
             loses=True, after={"users.email": (6, 6)}, again={"users.email": (6, 6)}), id="column dropped"),
    pytest.param(
        Case(down="ALTER TABLE users DROP plan", up="ALTER TABLE users ADD plan text DEFAULT 'pro3'",
             loses=True, after={"users.plan": (9, 9)}, again={"users.plan": (9, 8)}), id="column with a default"),
    pytest.param(
        Case(down="ALTER TABLE users DROP shout",
             up="ALTER TABLE users ADD shout text GENERATED ALWAYS AS (upper(name)) STORED",
             loses=False, after={"users.shout": (9, 9)}, again={}), id="generated column"),
    pytest.param(
        Case(down="ALTER TABLE users DROP plan", up="ALTER TABLE users ADD plan text; UPDATE users SET plan = 'pro' || id",
             loses=False, after={"users.plan": (9, 9)}, again={}), id="derived column"),
    pytest.param(
        Case(down="ALTER TABLE unused DROP note", up="ALTER TABLE unused ADD note text", loses=False, after={}, again={}),
        id="column of an empty table"),
    pytest.param(
        Case(down="ALTER TABLE users ADD old_flag boolean NOT NULL DEFAULT false", up="ALTER TABLE users DROP old_flag",
             loses=False, after={}, again={}, empty=("users.old_flag",)), id="shell of a column with a default"),
    pytest.param(
        Case(down="ALTER TABLE users ADD nick text; CREATE TABLE teams (id int)",
             up="ALTER TABLE users DROP nick; DROP TABLE teams",
             loses=False, after={}, again={}, empty=("teams", "users.nick")), id="shells without a value"),
    pytest.param(
        Case(down="ALTER TABLE users ADD first text; UPDATE users SET first = split_part(name, ' ', 2)",
             up="ALTER TABLE users DROP first", loses=False, after={}, again={}, anew=("users.first",)),
        id="column brought back with values"),
    pytest.param(
        Case(down="CREATE TABLE currencies (code text PRIMARY KEY); INSERT INTO currencies VALUES ('EUR'), ('CHF')",
             up="DROP TABLE currencies", loses=False, after={}, again={}, anew=("currencies",)),
        id="table brought back with the rows that a script knows"),
    pytest.param(
        Case(down="ALTER TABLE users ADD fax text; UPDATE users SET fax = role FROM members WHERE person = users.id;"
                  " DELETE FROM members WHERE person > 9; DROP TABLE members",
             up="CREATE TABLE members (team int, person int, role text); ALTER TABLE users DROP fax", loses=True,
             after={"members": (12, 12)}, again={"members": (12, 12)}, anew=("users.fax",)),
        id="column filled from a part of a table that goes"),
    pytest.param(
        Case(down="ALTER TABLE users ADD item bigint; UPDATE users SET item = n FROM (SELECT id, user_id, total AS n"
                  " FROM orders) o WHERE o.id = users.id; ALTER TABLE users ADD mood text; UPDATE users SET mood = state;"
                  " ALTER TABLE users DROP state, DROP item",
             up="ALTER TABLE users ADD state mood; UPDATE users SET state = mood::mood; ALTER TABLE users DROP mood",
             loses=False, after={"users.state": (9, 9)}, again={}, anew=("users.mood",),
             moved=("users.mood",)), id="column moved, with another type"),
    pytest.param(
        Case(down="CREATE TABLE people AS SELECT * FROM members; DROP TABLE members",
             up="CREATE TABLE members AS SELECT * FROM people; DROP TABLE people", loses=False,
             after={"members": (12, 12)}, again={}, anew=("people",), moved=("people",)), id="table renamed by copying"),
    pytest.param(
        Case(down="ALTER TABLE users ADD mood text;"
                  " UPDATE users SET mood = CASE state WHEN 'sad' THEN 'blue' WHEN 'great' THEN 'high' END",
             up="ALTER TABLE users DROP mood", loses=False, after={}, again={}, anew=("users.mood",)),
        id="column brought back with some of its values"),
    pytest.param(
        Case(down="ALTER TABLE users ADD mail text; UPDATE users SET mail = email; ALTER TABLE users DROP email",
             up="ALTER TABLE users ADD email varchar(255); UPDATE users SET email = mail; ALTER TABLE users DROP mail",
             loses=False, after={"users.email": (6, 6)}, again={}, anew=("users.mail",), moved=("users.mail",)),
        id="column renamed by copying, nulls and all"),
    pytest.param(
        Case(down="DROP TABLE orders", up="CREATE TABLE orders (id bigserial PRIMARY KEY, user_id int, total numeric)",
             loses=True, after={"orders": (18, 18)}, again={"orders": (18, 18)}), id="table dropped"),
    pytest.param(
        Case(down="DROP TABLE unused", up="CREATE TABLE unused (id int PRIMARY KEY, note text)",
             loses=False, after={}, again={}), id="empty table dropped"),
    pytest.param(
        Case(down="CREATE TABLE m2 AS SELECT * FROM members; DROP TABLE members; ALTER TABLE m2 RENAME TO members",
             up="ALTER TABLE members ADD PRIMARY KEY (team, person)", loses=False, after={}, again={}),
        id="table rebuilt with its rows"),
    pytest.param(
        Case(down="CREATE TABLE m2 AS SELECT * FROM members WHERE team > 0; DROP TABLE members;"
                  " ALTER TABLE m2 RENAME TO members",
             up="", loses=True, after={"members": (12, 3)}, again={"members": (12, 3)}), id="table rebuilt with some rows"),
    pytest.param(
        Case(down="TRUNCATE members", up="", loses=True, after={"members": (12, 12)}, again={"members": (12, 12)}),
        id="truncated"),
    pytest.param(
        Case(down="DELETE FROM users WHERE email IS NULL", up="",
             loses=True, after={"users": (9, 3), "orders": (18, 6)}, again={"users": (9, 3), "orders": (18, 6)}),
        id="rows deleted, and their dependants by cascade"),
    pytest.param(
        Case(down="ALTER TYPE mood RENAME TO mood_new; CREATE TYPE mood AS ENUM ('sad', 'fine');"
                  " ALTER TABLE users ALTER state TYPE mood USING"
                  "   CASE state WHEN 'great' THEN 'fine' ELSE state::text END::mood; DROP TYPE mood_new",
             up="ALTER TYPE mood ADD VALUE 'great'", loses=True,
             after={"users.state": (9, 3)}, again={"users.state": (9, 3)}), id="enum labels mapped together"),
    pytest.param(
        Case(down="ALTER TYPE mood RENAME TO mood_new; CREATE TYPE mood AS ENUM ('great', 'sad', 'fine');"
                  " ALTER TABLE users ALTER state TYPE mood USING state::text::mood; DROP TYPE mood_new",
             up="", loses=False, after={}, again={}), id="enum made anew with the same labels"),
    pytest.param(
        Case(down="ALTER TABLE users ALTER email TYPE varchar(100), ALTER age TYPE bigint",
             up="ALTER TABLE users ALTER email TYPE varchar(255), ALTER age TYPE int", loses=False, after={}, again={}),
        id="types changed and nothing cut"),
    pytest.param(
        Case(down="ALTER TABLE users ALTER email TYPE varchar(3) USING left(email, 3)",
             up="ALTER TABLE users ALTER email TYPE varchar(255)", loses=True,
             after={"users.email": (6, 6)}, again={"users.email": (6, 6)}), id="texts cut"),
    pytest.param(
        Case(down="ALTER TABLE users ALTER balance TYPE int", up="ALTER TABLE users ALTER balance TYPE numeric(12,2)",
             loses=True, after={"users.balance": (9, 5)}, again={"users.balance": (9, 5)}), id="numbers rounded"),
    pytest.param(
        Case(down="ALTER TABLE users ALTER balance TYPE numeric(14,4), ALTER seen TYPE timestamp",
             up="ALTER TABLE users ALTER balance TYPE numeric(12,2), ALTER seen TYPE timestamptz",
             loses=False, after={}, again={}), id="another scale, and no zone, for a while"),
    pytest.param(
        Case(down="ALTER TABLE users ALTER settings TYPE jsonb", up="ALTER TABLE users ALTER settings TYPE json",
             loses=False, after={}, again={}), id="json as jsonb and back"),
    pytest.param(
        Case(down="ALTER TABLE users ALTER age TYPE text", up=None, loses=True, after={}, again={}),
        id="numbers turned to text, and no way forward"),
    pytest.param(
        Case(down="ALTER TABLE users ALTER age TYPE text", up="", loses=True, after={}, again={}),
        id="numbers turned to text, and left so"),
    pytest.param(
        Case(down="ALTER TABLE users ALTER age TYPE text", up="ALTER TABLE users ALTER age TYPE int USING age::int",
             loses=False, after={}, again={}), id="numbers turned to text, and back"),
    pytest.param(
        Case(down="UPDATE orders SET user_id = 1 WHERE user_id = 2", up="", loses=True,
             after={"orders.user_id": (18, 2)}, again={"orders.user_id": (18, 2)}), id="values rewritten"),
    pytest.param(
        Case(down="UPDATE users SET email = '' WHERE email IS NULL", up="UPDATE users SET email = NULL WHERE email = ''",
             loses=False, after={}, again={}), id="nulls filled"),
    pytest.param(
        Case(down="ALTER TABLE orders DROP COLUMN id; ALTER TABLE orders ADD id uuid DEFAULT gen_random_uuid() PRIMARY KEY",
             up="ALTER TABLE orders DROP COLUMN id; ALTER TABLE orders ADD id bigserial PRIMARY KEY;"
                " UPDATE orders SET id = id + 1000", loses=True,
             after={"orders.id": (18, 18)}, again={"orders.id": (18, 18)}), id="new keys for old rows"),
    pytest.param(
        Case(down="ALTER TABLE members DROP CONSTRAINT members_pkey; DELETE FROM members WHERE person > 4;"
                  " ALTER TABLE members DROP team; ALTER TABLE members ADD PRIMARY KEY (person)",
             up="", loses=True, after={"members": (12, 8), "members.team": (12, 12)},
             again={"members": (12, 8), "members.team": (12, 12)}), id="smaller primary key"),
    pytest.param(
        Case(down="ALTER TABLE orders DROP CONSTRAINT orders_pkey", up="ALTER TABLE orders ADD PRIMARY KEY (id)",
             loses=False, after={}, again={}), id="primary key dropped"),
    pytest.param(
        Case(down="DELETE FROM log WHERE ctid = (SELECT min(ctid) FROM log WHERE line = 'line 1')", up="",
             loses=True, after={"log": (10, 1)}, again={"log": (10, 1)}), id="one of two equal rows without a key"),
    pytest.param(
        Case(down="UPDATE log SET line = 'line' WHERE line = 'line 2'", up="",
             loses=True, after={"log.line": (10, 2)}, again={"log.line": (10, 2)}), id="values of rows without a key"),
    pytest.param(
        Case(down="CREATE TABLE r AS SELECT * FROM log; TRUNCATE log; INSERT INTO log SELECT * FROM r ORDER BY level;"
                  " DROP TABLE r", up="", loses=False, after={}, again={}), id="truncated and rebuilt in another order"),
]  # fmt: skip


@pytest.mark.by_day(16)
@pytest.mark.parametrize("case", CASES)
def test_what_a_downgrade_loses_for_good(shop: Any, case: Case) -> None:
    after = shop.down(case.down)
    again = shop.up(case.up) if case.up is not None else None
    assert _missing(after) == case.after
    assert (_missing(again) if again else {}) == case.again
    assert loses_data(after, again) is case.loses
    assert {_said(thing) for thing in brings_back_empty(after)} == set(case.empty)
    assert _anew(after) == set(case.anew)
    kept = [column.column for table in after.tables for column in table.appeared]
    kept += [table.table for table in after.appeared]
    assert _anew(after, kept) == set(case.anew) - set(case.moved)
    assert after.complete


def test_identical_copies_have_nothing_to_tell(shop: Any) -> None:
    assert shop.down() == Comparison(compared=5)
    assert shop.up() == Comparison(compared=5)


def _missing(found: Comparison) -> dict[str, tuple[int, int]]:
    return {_said(entry.column or entry.table): (entry.had, entry.missing) for entry in missing(found)}


def _anew(after: Comparison, kept: Collection[Identity] = ()) -> set[str]:
    found = brings_back_anew(after, kept)
    return {_said(back.column if isinstance(back, AppearedColumn) else back.table) for back in found}


def _said(identity: Identity) -> str:
    return f"{identity.table}.{identity.name}" if identity.table else identity.name
