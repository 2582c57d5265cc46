"""Functions, procedures and aggregates."""

# ruff: noqa: S608 -- put together from constants of this folder only; nothing from outside ever gets in

from actions.assess.schema.queries.pieces import USER_SCHEMA, comment, free, rights

# Constructors of range types are made and dropped by the server with their type (dependency "i").
FUNCTIONS = f"""
SELECT p.oid::int8 AS oid, n.nspname AS schema,
       p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name,
       pg_get_userbyid(p.proowner) AS owner, {rights("p.proacl", "'f'", "p.proowner")}, {comment("pg_proc", "p.oid")},
       CASE p.prokind WHEN 'f' THEN 'function' WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate'
           ELSE 'window function' END AS form,
       pg_get_function_arguments(p.oid) AS arguments, pg_get_function_result(p.oid) AS result, l.lanname AS language,
       CASE WHEN p.prokind = 'a' THEN (SELECT concat_ws(' ', 'kind', g.aggkind, 'direct', g.aggnumdirectargs,
             'transition', g.aggtransfn::regprocedure, 'state', format_type(g.aggtranstype, NULL), g.aggtransspace,
             'final', g.aggfinalfn::regprocedure, g.aggfinalextra, g.aggfinalmodify, 'combine',
             g.aggcombinefn::regprocedure, 'serial', g.aggserialfn::regprocedure, g.aggdeserialfn::regprocedure,
             'moving', g.aggmtransfn::regprocedure, g.aggminvtransfn::regprocedure, g.aggmfinalfn::regprocedure,
             format_type(nullif(g.aggmtranstype, 0), NULL), g.aggmtransspace, g.aggmfinalextra, g.aggmfinalmodify,
             'sort', g.aggsortop::regoperator, 'initial', quote_nullable(g.agginitval), quote_nullable(g.aggminitval))
             FROM pg_aggregate g WHERE g.aggfnoid = p.oid)
         ELSE coalesce({{sql_body}}, concat_ws(' ', p.prosrc, p.probin)) END AS body,
       CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel,
       p.prosecdef AS security_definer, p.proisstrict AS strict, p.proleakproof AS leakproof,
       p.procost::float8 AS cost, p.prorows::float8 AS rows, coalesce(p.proconfig, '{{}}') AS settings,
       nullif(p.prosupport::oid, 0)::regprocedure::text AS support,
       p.proname || '|' || p.proargtypes::text AS stored_identity,
       concat_ws('|', p.proargtypes, p.proallargtypes, p.proargmodes, p.proargnames,
           md5(p.proargdefaults::text)) AS stored_arguments,
       concat_ws('|', p.prorettype, p.proretset, p.proallargtypes) AS stored_result,
       CASE WHEN p.prokind <> 'a' THEN md5(concat_ws('|', {{sql_tree}}, p.prosrc, p.probin)) END AS stored_body
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE {USER_SCHEMA} AND {free("pg_proc", "p.oid", ", 'i'")}"""
