"""Enums, domains and the other types people make."""

# ruff: noqa: S608 -- put together from constants of this folder only; nothing from outside ever gets in

from actions.assess.schema.queries.pieces import USER_SCHEMA, comment, free, qualified, rights

_TYPE_HEAD = f"""
SELECT t.oid::int8 AS oid, n.nspname AS schema, t.typname AS name, pg_get_userbyid(t.typowner) AS owner,
       {rights("t.typacl", "'T'", "t.typowner")}, {comment("pg_type", "t.oid")}, t.typarray::int8 AS array_oid"""
_TYPE_WHERE = f"{USER_SCHEMA} AND {free('pg_type', 't.oid')}"

ENUMS = f"""{_TYPE_HEAD},
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels,
       ARRAY(SELECT e.oid::int8 FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS label_oids
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND {_TYPE_WHERE}"""

DOMAINS = f"""{_TYPE_HEAD},
       format_type(t.typbasetype, t.typtypmod) AS base, NOT t.typnotnull AS nullable,
       pg_get_expr(t.typdefaultbin, 0) AS "default",
       t.typbasetype::int8 AS base_oid,
       CASE WHEN t.typcollation NOT IN (0, b.typcollation) THEN
           (SELECT {qualified("cn.nspname", "l.collname")} FROM pg_collation l
            JOIN pg_namespace cn ON cn.oid = l.collnamespace WHERE l.oid = t.typcollation) END AS collation,
       ARRAY(SELECT quote_ident(k.conname) || ': ' || pg_get_constraintdef(k.oid) FROM pg_constraint k
             WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname COLLATE "C") AS constraints,
       t.typbasetype || ':' || t.typtypmod AS stored_base, md5(t.typdefaultbin::text) AS stored_default,
       (SELECT md5(string_agg(concat_ws('|', k.conname, k.convalidated, k.conbin), ',' ORDER BY k.oid))
        FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c') AS stored_constraints
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype
WHERE t.typtype = 'd' AND {_TYPE_WHERE}"""

TYPES = f"""{_TYPE_HEAD},
       CASE t.typtype WHEN 'c' THEN 'composite' WHEN 'r' THEN 'range' WHEN 'b' THEN 'base' ELSE 'shell' END AS form,
       CASE t.typtype
         WHEN 'c' THEN coalesce((SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
             || CASE WHEN a.attcollation NOT IN (0, y.typcollation) THEN ' COLLATE '
                || (SELECT {qualified("cn.nspname", "l.collname")} FROM pg_collation l
                    JOIN pg_namespace cn ON cn.oid = l.collnamespace WHERE l.oid = a.attcollation) ELSE '' END
             || coalesce(' -- ' || col_description(a.attrelid, a.attnum), ''), E',\\n' ORDER BY a.attnum)
             FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
             WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '')
         WHEN 'r' THEN concat_ws(' ', 'subtype', format_type(r.rngsubtype, NULL), 'operators',
             (SELECT o.opcname FROM pg_opclass o WHERE o.oid = r.rngsubopc),
             'collation', r.rngcollation::regcollation::text, 'canonical', r.rngcanonical::regprocedure::text,
             'difference', r.rngsubdiff::regprocedure::text, {{multirange_name}})
         ELSE concat_ws(' ', t.typlen, t.typalign, t.typstorage, t.typcategory, t.typdelim, t.typdefault,
             t.typinput::regproc, t.typoutput::regproc, t.typreceive::regproc, t.typsend::regproc,
             t.typmodin::regproc, t.typmodout::regproc, t.typanalyze::regproc)
       END AS definition,
       CASE t.typtype WHEN 'c' THEN ARRAY(SELECT a.atttypid::int8 FROM pg_attribute a WHERE a.attrelid = t.typrelid
             AND a.attnum > 0 AND NOT a.attisdropped)
         WHEN 'r' THEN ARRAY[r.rngsubtype::int8] ELSE '{{}}' END AS part_oids,
       {{multirange_oid}}::int8 AS multirange_oid,
       CASE t.typtype WHEN 'c' THEN (SELECT md5(string_agg(concat_ws('|', a.attname, a.atttypid, a.atttypmod,
             a.attcollation, col_description(a.attrelid, a.attnum)), E'\\n' ORDER BY a.attnum))
             FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
         END AS stored_definition
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE (t.typtype = 'r' OR t.typtype = 'c' AND c.relkind = 'c' OR t.typtype = 'p' AND NOT t.typisdefined
       OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)) AND {_TYPE_WHERE}"""
