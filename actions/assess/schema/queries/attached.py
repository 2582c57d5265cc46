"""What hangs on a table: constraints, indexes, triggers, policies, rules."""

# ruff: noqa: S608 -- put together from constants of this folder only; nothing from outside ever gets in

from actions.assess.schema.queries.pieces import USER_SCHEMA, comment, enabled, free

# Foreign keys to a partitioned table have one shadow per partition on the very same table: bookkeeping, left out.
# NOT NULL is kept with the column.
CONSTRAINTS = f"""
SELECT k.oid::int8 AS oid, n.nspname AS schema, c.relname AS "table", k.conname AS name,
       {comment("pg_constraint", "k.oid")},
       CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'f' THEN 'foreign key' WHEN 'c'
           THEN 'check' WHEN 'x' THEN 'exclusion' ELSE 'trigger' END AS form,
       pg_get_constraintdef(k.oid) AS definition, k.condeferrable AS deferrable, k.condeferred AS deferred,
       k.convalidated AS validated, {{enforced}} AS enforced, k.conrelid::int8 AS table_oid,
       coalesce(k.conkey::int8[], '{{}}') AS column_numbers,
       nullif(k.confrelid, 0)::int8 AS refers_to_oid, rn.nspname AS refers_to_schema, r.relname AS refers_to_name,
       coalesce(k.confkey::int8[], '{{}}') AS refers_to_numbers,
       k.conparentid <> 0 OR (k.coninhcount > 0 AND NOT k.conislocal) AS inherited,
       md5(concat_ws('|', k.contype, k.conkey, k.confrelid, k.confkey, k.confupdtype, k.confdeltype, k.confmatchtype,
           k.connoinherit, k.conexclop, k.conbin)) AS stored_definition
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class r ON r.oid = k.confrelid LEFT JOIN pg_namespace rn ON rn.oid = r.relnamespace
WHERE k.contype <> 'n' AND {USER_SCHEMA} AND NOT EXISTS (
    SELECT FROM pg_constraint p WHERE p.oid = k.conparentid AND p.conrelid = k.conrelid)"""

INDEXES = f"""
SELECT i.indexrelid::int8 AS oid, n.nspname AS schema, t.relname AS "table", c.relname AS name,
       {comment("pg_class", "c.oid")}, pg_get_indexdef(i.indexrelid) AS definition, i.indisunique AS "unique",
       i.indisprimary AS "primary", i.indisvalid AS valid, i.indisclustered AS clustered,
       (SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace) AS tablespace,
       (SELECT k.conname FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid
        AND k.contype IN ('p', 'u', 'x')) AS "constraint",
       i.indrelid::int8 AS table_oid, i.indkey::int2[]::int8[] AS column_numbers,
       c.relfilenode::int8 AS storage, c.relispartition AS inherited,
       md5(concat_ws('|', i.indrelid, i.indkey, i.indclass, i.indcollation, i.indoption, i.indnkeyatts, i.indisunique,
           i.indexprs, i.indpred, c.relam, c.reloptions)) AS stored_definition
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE t.relkind IN ('r', 'p', 'm') AND {USER_SCHEMA}"""

# The clones of a trigger on partitions count as internal before 15; those of constraints are bookkeeping.
TRIGGERS = f"""
SELECT g.oid::int8 AS oid, n.nspname AS schema, c.relname AS "table", g.tgname AS name,
       {comment("pg_trigger", "g.oid")}, pg_get_triggerdef(g.oid) AS definition,
       {enabled("g.tgenabled")}, g.tgparentid <> 0 AS inherited,
       md5(concat_ws('|', g.tgrelid, g.tgfoid, g.tgtype, g.tgconstrrelid, g.tgdeferrable, g.tginitdeferred, g.tgattr,
           encode(g.tgargs, 'hex'), g.tgqual, g.tgoldtable, g.tgnewtable)) AS stored_definition
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (NOT g.tgisinternal OR g.tgparentid <> 0 AND g.tgconstraint = 0) AND {USER_SCHEMA}
      AND {free("pg_trigger", "g.oid")}"""

POLICIES = f"""
SELECT p.oid::int8 AS oid, n.nspname AS schema, c.relname AS "table", p.polname AS name,
       {comment("pg_policy", "p.oid")},
       CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete'
           ELSE 'all' END AS command, p.polpermissive AS permissive,
       ARRAY(SELECT CASE WHEN u.role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(u.role)) END COLLATE "C"
             FROM unnest(p.polroles) u(role) ORDER BY 1) AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS "using", pg_get_expr(p.polwithcheck, p.polrelid) AS "check",
       md5(p.polqual::text) AS stored_using, md5(p.polwithcheck::text) AS stored_check
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {USER_SCHEMA}"""

RULES = f"""
SELECT r.oid::int8 AS oid, n.nspname AS schema, c.relname AS "table", r.rulename AS name,
       {comment("pg_rewrite", "r.oid")}, pg_get_ruledef(r.oid) AS definition, {enabled("r.ev_enabled")},
       md5(concat_ws('|', r.ev_class, r.ev_type, r.is_instead, r.ev_qual, r.ev_action)) AS stored_definition
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND {USER_SCHEMA}"""
