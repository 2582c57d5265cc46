"""What depends on what."""

SETTINGS = """
SELECT set_config('search_path', '', true), set_config('jit', 'off', true),
       set_config('lock_timeout', %(patience)s, true)"""

#: Each relation asked for, its column's number or zero, and its place in the question.
RESOLVE = """
SELECT 'pg_class'::regclass::oid::int8, c.oid::int8, coalesce(a.attnum, 0)::int8, asked.place
FROM unnest(%(schemas)s::text[], %(tables)s::text[], %(columns)s::text[])
     WITH ORDINALITY asked(schema, name, attribute, place)
JOIN pg_namespace n ON n.nspname = asked.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = asked.name
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = asked.attribute AND NOT a.attisdropped
WHERE asked.attribute IS NULL OR a.attnum IS NOT NULL"""

EDGES = """
SELECT d.classid::int8, d.objid::int8, d.objsubid::int8, d.refclassid::int8, d.refobjid::int8, d.refobjsubid::int8,
       d.deptype::text
FROM pg_depend d WHERE d.objid >= 16384 AND d.refobjid >= 16384"""

NAMES = """
SELECT o.classid, o.objid, o.objsubid, i.type,
       -- An index is called by its table as well, as everywhere else.
       coalesce((SELECT ARRAY[i.object_names[1], t.relname, i.object_names[2]] FROM pg_index x
                 JOIN pg_class t ON t.oid = x.indrelid WHERE x.indexrelid = o.objid AND i.type = 'index'),
                i.object_names)::text[], i.object_args::text[],
       (SELECT k.contype::text FROM pg_constraint k
        WHERE k.oid = o.objid AND o.classid = 'pg_constraint'::regclass::oid::int8),
       coalesce((SELECT g.tgisinternal FROM pg_trigger g
                 WHERE g.oid = o.objid AND o.classid = 'pg_trigger'::regclass::oid::int8), false)
FROM unnest(%(classes)s::int8[], %(oids)s::int8[], %(parts)s::int8[]) o(classid, objid, objsubid),
     pg_identify_object_as_address(o.classid::oid, o.objid::oid, o.objsubid::int4) i"""

# Bodies kept as text are looked up when they run: nothing stops the drop, and the next call fails.
MENTIONS = """
SELECT n.nspname, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, p.prosrc
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
WHERE l.lanname IN ('sql', 'plpgsql') AND p.prosrc <> '' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid
                  AND m.deptype = 'e')"""
