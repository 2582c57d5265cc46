"""Schemas, extensions, publications and subscriptions."""

# ruff: noqa: S608 -- put together from constants of this folder only; nothing from outside ever gets in

from actions.assess.schema.queries.pieces import USER_SCHEMA, comment, free, qualified, rights

SCHEMAS = f"""
SELECT n.oid::int8 AS oid, n.nspname AS name, pg_get_userbyid(n.nspowner) AS owner,
       {rights("n.nspacl", "'n'", "n.nspowner")}, {comment("pg_namespace", "n.oid")}
FROM pg_namespace n WHERE {USER_SCHEMA} AND {free("pg_namespace", "n.oid")}"""

EXTENSIONS = f"""
SELECT e.oid::int8 AS oid, e.extname AS name, pg_get_userbyid(e.extowner) AS owner, e.extversion AS version,
       n.nspname AS namespace, {comment("pg_extension", "e.oid")}, e.extnamespace::text AS stored_namespace,
       ARRAY(SELECT {qualified("k.nspname", "c.relname")} COLLATE "C" FROM pg_class c
             JOIN pg_namespace k ON k.oid = c.relnamespace
             WHERE c.oid = ANY (e.extconfig) AND c.relkind IN ('r', 'p') ORDER BY 1) AS keeps
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"""

PUBLICATIONS = f"""
SELECT p.oid::int8 AS oid, p.pubname AS name, pg_get_userbyid(p.pubowner) AS owner,
       {comment("pg_publication", "p.oid")},
       array_remove(ARRAY[CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
           CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END,
           CASE WHEN p.pubviaroot THEN 'via root' END], NULL) AS operations,
       ARRAY(SELECT m.member COLLATE "C" FROM (
           SELECT '(all tables)' AS member WHERE p.puballtables
           UNION ALL SELECT {qualified("n.nspname", "c.relname")} || {{publication_columns}} || {{publication_filter}}
             FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid
             JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE r.prpubid = p.oid {{publication_schemas}}) m ORDER BY 1) AS tables,
       (SELECT string_agg(r.prrelid::text, ',' ORDER BY r.prrelid) || '|' || {{publication_stored}}
        FROM pg_publication_rel r WHERE r.prpubid = p.oid) AS stored_tables
FROM pg_publication p"""

# Version 13 shows nobody but a superuser the oid of a subscription.
SUBSCRIPTIONS = f"""
SELECT {{subscription_oid}}::int8 AS oid, s.subname AS name, pg_get_userbyid(s.subowner) AS owner,
       {comment("pg_subscription", "{subscription_oid}")}, s.subpublications AS publications
FROM pg_subscription s WHERE s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())"""
