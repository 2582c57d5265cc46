-- Everything that makes a schema, as (kind, name, definition). The order of a table's columns is left out on purpose:
-- no application sees it, and a column that comes back is always the last.
WITH spaces AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND nspname !~ '^pg_(toast_)?temp'
), foreign_made AS (
    -- What an extension brought is the extension's.
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), relations AS (
    SELECT c.*, CASE WHEN s.nspname = 'public' THEN c.relname::text ELSE s.nspname || '.' || c.relname END AS called
    FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
    WHERE c.relname NOT LIKE 'alembic\_version%'
      AND NOT EXISTS (SELECT FROM foreign_made f WHERE f.classid = 'pg_class'::regclass AND f.objid = c.oid)
), types AS (
    SELECT t.*, CASE WHEN s.nspname = 'public' THEN t.typname::text ELSE s.nspname || '.' || t.typname END AS called
    FROM pg_type t JOIN spaces s ON s.oid = t.typnamespace
    WHERE NOT EXISTS (SELECT FROM foreign_made f WHERE f.classid = 'pg_type'::regclass AND f.objid = t.oid)
)
SELECT 'schema', nspname::text, '' FROM spaces
UNION ALL
SELECT 'table', called, concat_ws(' ', relkind, relpersistence, pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid),
       CASE WHEN relrowsecurity THEN 'row security' END, CASE WHEN relforcerowsecurity THEN 'forced' END,
       array_to_string(reloptions, ','))
FROM relations WHERE relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'column', r.called || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attnotnull THEN 'not null' END, 'default ' || pg_get_expr(d.adbin, d.adrelid),
       'identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''),
       'collation ' || nullif(a.attcollation, t.typcollation)::regcollation::text)
FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'f', 'c')
UNION ALL
SELECT 'constraint', r.called || '.' || k.conname, pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN relations r ON r.oid = k.conrelid WHERE k.contype NOT IN ('n', 't')
UNION ALL
SELECT 'index', i.called, pg_get_indexdef(x.indexrelid) || CASE WHEN x.indisvalid THEN '' ELSE ' INVALID' END
FROM pg_index x JOIN relations i ON i.oid = x.indexrelid
UNION ALL
SELECT 'sequence', r.called, concat_ws(' ', format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
       s.seqcycle, 'owned by ' || pg_describe_object(o.refclassid, o.refobjid, o.refobjsubid))
FROM pg_sequence s JOIN relations r ON r.oid = s.seqrelid
LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = r.oid AND o.deptype IN ('a', 'i') AND o.refobjsubid > 0
UNION ALL
SELECT 'view', called, relkind::text || ' ' || pg_get_viewdef(oid) FROM relations WHERE relkind IN ('v', 'm')
UNION ALL
SELECT 'enum', t.called, (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
FROM types t WHERE t.typtype = 'e'
UNION ALL
SELECT 'type', t.called, concat_ws(' ', t.typtype, format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typdefault,
       CASE WHEN t.typnotnull THEN 'not null' END,
       (SELECT string_agg(pg_get_constraintdef(k.oid), ' ' ORDER BY k.conname) FROM pg_constraint k WHERE k.contypid = t.oid))
FROM types t LEFT JOIN pg_class c ON c.oid = t.typrelid WHERE t.typtype IN ('d', 'r') OR c.relkind = 'c'
UNION ALL
SELECT 'function', p.oid::regprocedure::text,
       CASE WHEN p.prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END
FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM foreign_made f WHERE f.classid = 'pg_proc'::regclass AND f.objid = p.oid)
UNION ALL
SELECT 'trigger', r.called || '.' || g.tgname, pg_get_triggerdef(g.oid) || ' ' || g.tgenabled::text
FROM pg_trigger g JOIN relations r ON r.oid = g.tgrelid WHERE NOT g.tgisinternal
UNION ALL
SELECT 'policy', r.called || '.' || p.polname, concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::regrole[]::text,
       pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p JOIN relations r ON r.oid = p.polrelid
UNION ALL
SELECT 'extension', extname::text, '' FROM pg_extension
UNION ALL
SELECT 'comment', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description
FROM pg_description d JOIN relations r ON r.oid = d.objoid AND d.classoid = 'pg_class'::regclass
UNION ALL
SELECT 'privileges', r.called || ' of ' || CASE a.grantee WHEN 0 THEN 'everybody' ELSE a.grantee::regrole::text END, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
FROM relations r, aclexplode(coalesce(r.relacl, acldefault('r', r.relowner))) a
WHERE r.relkind IN ('r', 'p', 'v', 'm') AND a.grantee <> r.relowner GROUP BY r.called, a.grantee
