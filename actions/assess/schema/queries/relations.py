"""Tables, their columns, views and sequences."""

# ruff: noqa: S608 -- put together from constants of this folder only; nothing from outside ever gets in

from actions.assess.schema.queries.pieces import USER_SCHEMA, comment, free, qualified, rights

TABLES = f"""
SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
       {rights("c.relacl", "'r'", "c.relowner")}, {comment("pg_class", "c.oid")},
       CASE c.relkind WHEN 'r' THEN 'ordinary' WHEN 'p' THEN 'partitioned' ELSE 'foreign' END AS form,
       c.relpersistence = 'u' AS unlogged,
       (SELECT am.amname FROM pg_am am WHERE am.oid = c.relam) AS access_method,
       (SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace) AS tablespace,
       pg_get_partkeydef(c.oid) AS partition_key, pg_get_expr(c.relpartbound, 0) AS partition_bound,
       coalesce(p.parents, '{{}}') AS parents, coalesce(p.oids, '{{}}') AS parent_oids,
       CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,
       c.relrowsecurity AS row_security, c.relforcerowsecurity AS row_security_forced,
       CASE c.relreplident WHEN 'd' THEN 'default' WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' ELSE coalesce(
           (SELECT 'index ' || quote_ident(k.relname) FROM pg_index i JOIN pg_class k ON k.oid = i.indexrelid
            WHERE i.indrelid = c.oid AND i.indisreplident), 'index') END AS replica_identity,
       coalesce(c.reloptions, '{{}}') || coalesce((SELECT array_agg('toast.' || o) FROM pg_class toast,
           unnest(toast.reloptions) o WHERE toast.oid = c.reltoastrelid), '{{}}')
           || coalesce(f.ftoptions, '{{}}') AS options,
       (SELECT s.srvname FROM pg_foreign_server s WHERE s.oid = f.ftserver) AS foreign_server,
       c.relfilenode::int8 AS storage,
       p.oids::text AS stored_parents, c.reloftype::text AS stored_of_type,
       md5(c.relpartbound::text) AS stored_partition_bound,
       (SELECT md5(concat_ws('|', k.partstrat, k.partattrs, k.partclass, k.partcollation, k.partexprs))
        FROM pg_partitioned_table k WHERE k.partrelid = c.oid) AS stored_partition_key,
       (SELECT i.indexrelid::text FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident
        AND c.relreplident = 'i') AS stored_replica_identity
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
LEFT JOIN (SELECT h.inhrelid, array_agg({qualified("pn.nspname", "pc.relname")} ORDER BY h.inhseqno) AS parents,
                  array_agg(pc.oid::int8 ORDER BY h.inhseqno) AS oids
           FROM pg_inherits h JOIN pg_class pc ON pc.oid = h.inhparent
           JOIN pg_namespace pn ON pn.oid = pc.relnamespace WHERE pc.relkind IN ('r', 'p', 'f')
           GROUP BY h.inhrelid) p ON p.inhrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'f') AND {USER_SCHEMA} AND {free("pg_class", "c.oid")}"""

# A plain default mentions no column, so it is printed without its table: with it, newer servers would lock the table.
# Servers patched since late 2026 keep a column's version (a position in their log, `pg_attver`) among its options; it
# is nobody's choice, differs in every copy, and pg_dump leaves it out as well.
# PostgreSQL 18 has a constraint for each NOT NULL, which says more than the column only if somebody chose its name,
# wants it not inherited, has not validated it, or commented on it.
COLUMNS = f"""
SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS "table", a.attname AS name,
       {rights("a.attacl", "'c'", "c.relowner")}, {comment("pg_class", "c.oid", "a.attnum")},
       a.attnum::int8 AS number, format_type(a.atttypid, a.atttypmod) AS type, a.atttypid::int8 AS type_oid,
       NOT a.attnotnull AS nullable,
       CASE WHEN k.oid IS NOT NULL THEN nullif(concat_ws(' ',
           CASE WHEN k.conname !~ '_not_null[0-9]*$' THEN quote_ident(k.conname) END,
           CASE WHEN k.connoinherit THEN 'NO INHERIT' END, CASE WHEN NOT k.convalidated THEN 'NOT VALID' END,
           (SELECT '-- ' || m.description FROM pg_description m WHERE m.classoid = 'pg_constraint'::regclass
            AND m.objoid = k.oid)), '') END AS not_null_form,
       pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE d.adrelid END) AS "default",
       CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generated,
       CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity_kind,
       CASE WHEN a.attcollation NOT IN (0, t.typcollation) THEN
           (SELECT {qualified("cn.nspname", "l.collname")} FROM pg_collation l
            JOIN pg_namespace cn ON cn.oid = l.collnamespace WHERE l.oid = a.attcollation) END AS collation,
       CASE WHEN a.attstorage <> t.typstorage THEN CASE a.attstorage WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external'
           WHEN 'm' THEN 'main' ELSE 'extended' END END AS storage,
       {{compression}} AS compression,
       CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::int8 END AS statistics_target,
       CASE WHEN a.attoptions IS NULL THEN '{{}}' ELSE
           ARRAY(SELECT o FROM unnest(a.attoptions) o WHERE NOT starts_with(o, 'pg_attver=')) END
           || coalesce(a.attfdwoptions, '{{}}') AS options,
       a.attinhcount > 0 AND NOT a.attislocal AS inherited,
       a.atttypid || ':' || a.atttypmod AS stored_type, md5(d.adbin::text) AS stored_default,
       a.attcollation::text AS stored_collation
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {USER_SCHEMA}
ORDER BY a.attrelid, a.attnum"""

VIEWS = f"""
SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
       {rights("c.relacl", "'r'", "c.relowner")}, {comment("pg_class", "c.oid")},
       CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END AS form,
       pg_get_viewdef(c.oid) AS definition, coalesce(c.reloptions, '{{}}') AS options,
       (SELECT s.spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace) AS tablespace,
       c.relispopulated AS populated, c.relfilenode::int8 AS storage,
       (SELECT md5(r.ev_action::text) FROM pg_rewrite r
        WHERE r.ev_class = c.oid AND r.rulename = '_RETURN') AS stored_definition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND {USER_SCHEMA} AND {free("pg_class", "c.oid")}"""

SEQUENCES = f"""
SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, pg_get_userbyid(c.relowner) AS owner,
       {rights("c.relacl", "'s'", "c.relowner")}, {comment("pg_class", "c.oid")},
       format_type(s.seqtypid, NULL) AS type, s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum,
       s.seqmax AS maximum, s.seqcache AS cache, s.seqcycle AS cycles, c.relpersistence = 'u' AS unlogged,
       {qualified("tn.nspname", "t.relname")} || '.' || quote_ident(a.attname) AS owned_by,
       t.oid::int8 AS owner_table_oid, a.attnum::int8 AS owner_column, coalesce(d.deptype = 'i', false) AS internal,
       d.refobjid || '.' || d.refobjsubid AS stored_owned_by
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE {USER_SCHEMA} AND {free("pg_class", "c.oid")}"""
