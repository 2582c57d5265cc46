"""Which roles a schema needs, read from what pg_dump writes."""

import pytest

from actions.restore.roles_needed import needed_roles


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        pytest.param("ALTER TABLE public.t OWNER TO shop", ["shop"], id="owner"),
        pytest.param('ALTER FUNCTION public.f(a text) OWNER TO "The ""Owner"""', ['The "Owner"'], id="quoted"),
        pytest.param("GRANT SELECT ON TABLE public.t TO reader WITH GRANT OPTION", ["reader"], id="grant"),
        pytest.param("GRANT ALL ON SCHEMA s TO PUBLIC", [], id="public"),
        pytest.param("GRANT SELECT(name),UPDATE(a) ON TABLE public.\" TO odd\" TO w GRANTED BY g", ["g", "w"], id="granted by"),
        pytest.param("REVOKE ALL ON FUNCTION public.f() FROM PUBLIC", [], id="revoke from public"),
        pytest.param("REVOKE USAGE ON SCHEMA public FROM guest", ["guest"], id="revoke"),
        pytest.param("SET SESSION AUTHORIZATION 'o''brien'", ["o'brien"], id="in whose name"),
        pytest.param(
            "ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA s GRANT SELECT ON TABLES TO reader", ["boss", "reader"],
            id="default privileges",
        ),
        pytest.param("CREATE POLICY p ON public.t FOR SELECT TO a, \"B c\" USING ((x = 'TO z'::text))", ["B c", "a"], id="policy"),
        pytest.param("CREATE POLICY p ON public.t USING (true)", [], id="policy for all"),
        pytest.param("GRANT SELECT ON TABLE public.t TO pg_read_all_data", [], id="one that every server has"),
        pytest.param("COMMENT ON TABLE public.t IS 'OWNER TO nobody'", [], id="a comment"),
        pytest.param("CREATE TABLE public.t (\"TO me\" text)", [], id="a table"),
    ],
)  # fmt: skip
def test_roles_are_found_where_pg_dump_writes_them(statement: str, names: list[str]) -> None:
    assert [role.name for role in needed_roles([statement])] == names


def test_owners_of_what_only_superusers_may_own_become_superusers_in_a_throw_away_server() -> None:
    roles = needed_roles(
        ["ALTER EVENT TRIGGER e OWNER TO boss", "ALTER TABLE t OWNER TO boss", "ALTER TABLE t OWNER TO me"]
    )
    assert {role.name: role.superuser for role in roles} == {"boss": True, "me": False}
