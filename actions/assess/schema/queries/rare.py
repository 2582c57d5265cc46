"""The rarer kinds of objects, each as a name and one definition text: all we do is see that they changed.

Options of foreign servers and wrappers are compared by hash and never read out; those of user mappings and
subscriptions, where passwords live, are not read at all.
"""

# ruff: noqa: S608 -- put together from constants of this folder only; nothing from outside ever gets in

from actions.assess.schema.queries.pieces import USER_SCHEMA

#: Objects without a schema that initdb did not make.
_OURS = 16384


def _rare(form: str, catalog: str, alias: str, columns: str, source: str, stored: str | None = None) -> str:
    """One branch of the union: `columns` gives schema, name, owner and definition."""
    return f"""
SELECT '{form}' AS form, {alias}.oid::int8 AS oid, {columns},
       (SELECT m.description FROM pg_description m WHERE m.classoid = '{catalog}'::regclass
        AND m.objoid = {alias}.oid AND m.objsubid = 0) AS comment,
       {stored or "NULL::text"} AS stored_definition
FROM {source}
  AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = '{catalog}'::regclass AND m.objid = {alias}.oid
                  AND m.deptype IN ('e', 'i'))"""


def _in_schema(catalog: str, alias: str, namespace: str) -> str:
    return f"{catalog} {alias} JOIN pg_namespace n ON n.oid = {alias}.{namespace} WHERE {USER_SCHEMA}"


def _columns(schema: str, name: str, owner: str, definition: str) -> str:
    owned = f"pg_get_userbyid({owner})::text" if owner else "NULL::text"
    return f"{schema}::text AS schema, {name}::text AS name, {owned} AS owner, ({definition})::text AS definition"


_OPERATOR_ITEMS = """(SELECT string_agg(item, ', ' ORDER BY item COLLATE "C") FROM (
    SELECT 'operator ' || o.amopstrategy || ' ' || o.amopopr::regoperator AS item FROM pg_amop o
     WHERE o.amopfamily = x.oid
    UNION ALL SELECT 'function ' || o.amprocnum || ' ' || o.amproc::regprocedure FROM pg_amproc o
     WHERE o.amprocfamily = x.oid) items)"""

_BRANCHES = (
    _rare("event trigger", "pg_event_trigger", "x",
          _columns("NULL", "x.evtname", "x.evtowner",
                   "concat_ws(' ', x.evtevent, x.evtfoid::regproc, x.evtenabled, x.evttags)"),
          "pg_event_trigger x WHERE true"),
    _rare("statistics", "pg_statistic_ext", "x",
          _columns("n.nspname", "x.stxname", "x.stxowner",
                   "concat_ws(' target ', pg_get_statisticsobjdef(x.oid), nullif(x.stxstattarget, -1))"),
          _in_schema("pg_statistic_ext", "x", "stxnamespace"),
          "concat_ws('|', x.stxrelid, x.stxkeys, x.stxkind, {statistics_tree}, x.stxstattarget)"),
    _rare("operator", "pg_operator", "x",
          _columns("n.nspname",
                   "x.oprname || '(' || concat_ws(', ', format_type(nullif(x.oprleft, 0), NULL), "
                   "format_type(nullif(x.oprright, 0), NULL)) || ')'", "x.oprowner",
                   "concat_ws(' ', format_type(nullif(x.oprresult, 0), NULL), x.oprcode::regprocedure, "
                   "x.oprcom::regoperator, x.oprnegate::regoperator, x.oprcanmerge, x.oprcanhash, "
                   "x.oprrest::regproc, x.oprjoin::regproc)"),
          _in_schema("pg_operator", "x", "oprnamespace")),
    _rare("operator class", "pg_opclass", "x",
          _columns("n.nspname", "x.opcname || ' using ' || (SELECT a.amname FROM pg_am a WHERE a.oid = x.opcmethod)",
                   "x.opcowner",
                   "concat_ws(' ', format_type(x.opcintype, NULL), x.opcdefault, "
                   "format_type(nullif(x.opckeytype, 0), NULL), "
                   "(SELECT f.opfname FROM pg_opfamily f WHERE f.oid = x.opcfamily))"),
          _in_schema("pg_opclass", "x", "opcnamespace")),
    _rare("operator family", "pg_opfamily", "x",
          _columns("n.nspname", "x.opfname || ' using ' || (SELECT a.amname FROM pg_am a WHERE a.oid = x.opfmethod)",
                   "x.opfowner", f"coalesce({_OPERATOR_ITEMS}, '')"),
          _in_schema("pg_opfamily", "x", "opfnamespace")),
    _rare("cast", "pg_cast", "x",
          _columns("NULL", "format_type(x.castsource, NULL) || ' as ' || format_type(x.casttarget, NULL)", "",
                   "concat_ws(' ', x.castfunc::regprocedure, x.castcontext, x.castmethod)"),
          f"pg_cast x WHERE x.oid >= {_OURS}"),
    _rare("collation", "pg_collation", "x",
          _columns("n.nspname", "x.collname", "x.collowner",
                   "concat_ws(' ', x.collprovider, x.collisdeterministic, x.collcollate, x.collctype, "
                   "{collation_locale})"),
          _in_schema("pg_collation", "x", "collnamespace")),
    _rare("conversion", "pg_conversion", "x",
          _columns("n.nspname", "x.conname", "x.conowner",
                   "concat_ws(' ', x.conforencoding, x.contoencoding, x.conproc::regproc, x.condefault)"),
          _in_schema("pg_conversion", "x", "connamespace")),
    _rare("text search configuration", "pg_ts_config", "x",
          _columns("n.nspname", "x.cfgname", "x.cfgowner",
                   "(SELECT p.prsname FROM pg_ts_parser p WHERE p.oid = x.cfgparser) || coalesce((SELECT ' ' || "
                   "string_agg(m.maptokentype || ':' || m.mapdict::regdictionary, ' ' ORDER BY m.maptokentype, "
                   "m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = x.oid), '')"),
          _in_schema("pg_ts_config", "x", "cfgnamespace")),
    _rare("text search dictionary", "pg_ts_dict", "x",
          _columns("n.nspname", "x.dictname", "x.dictowner",
                   "concat_ws(' ', (SELECT t.tmplname FROM pg_ts_template t WHERE t.oid = x.dicttemplate), "
                   "x.dictinitoption)"),
          _in_schema("pg_ts_dict", "x", "dictnamespace")),
    _rare("text search parser", "pg_ts_parser", "x",
          _columns("n.nspname", "x.prsname", "",
                   "concat_ws(' ', x.prsstart, x.prstoken, x.prsend, x.prsheadline, x.prslextype)"),
          _in_schema("pg_ts_parser", "x", "prsnamespace")),
    _rare("text search template", "pg_ts_template", "x",
          _columns("n.nspname", "x.tmplname", "", "concat_ws(' ', x.tmplinit, x.tmpllexize)"),
          _in_schema("pg_ts_template", "x", "tmplnamespace")),
    _rare("foreign data wrapper", "pg_foreign_data_wrapper", "x",
          _columns("NULL", "x.fdwname", "x.fdwowner",
                   "concat_ws(' ', x.fdwhandler::regproc, x.fdwvalidator::regproc, md5(x.fdwoptions::text), x.fdwacl)"),
          f"pg_foreign_data_wrapper x WHERE x.oid >= {_OURS}"),
    _rare("foreign server", "pg_foreign_server", "x",
          _columns("NULL", "x.srvname", "x.srvowner",
                   "concat_ws(' ', (SELECT f.fdwname FROM pg_foreign_data_wrapper f WHERE f.oid = x.srvfdw), "
                   "x.srvtype, x.srvversion, md5(x.srvoptions::text), x.srvacl)"),
          f"pg_foreign_server x WHERE x.oid >= {_OURS}"),
    """
SELECT 'user mapping', x.umid::int8, NULL::text, x.srvname || ' for ' || x.usename, NULL::text, '', NULL, NULL
FROM pg_user_mappings x""",
    _rare("language", "pg_language", "x",
          _columns("NULL", "x.lanname", "x.lanowner",
                   "concat_ws(' ', x.lanpltrusted, x.lanplcallfoid::regproc, x.laninline::regproc, "
                   "x.lanvalidator::regproc, x.lanacl)"),
          f"pg_language x WHERE x.oid >= {_OURS}"),
    _rare("access method", "pg_am", "x",
          _columns("NULL", "x.amname", "", "concat_ws(' ', x.amtype, x.amhandler::regproc)"),
          f"pg_am x WHERE x.oid >= {_OURS}"),
    _rare("transform", "pg_transform", "x",
          _columns("NULL", "format_type(x.trftype, NULL) || ' for ' || (SELECT l.lanname FROM pg_language l "
                   "WHERE l.oid = x.trflang)", "",
                   "concat_ws(' ', x.trffromsql::regprocedure, x.trftosql::regprocedure)"),
          f"pg_transform x WHERE x.oid >= {_OURS}"),
    _rare("default privileges", "pg_default_acl", "x",
          _columns("(SELECT n.nspname FROM pg_namespace n WHERE n.oid = x.defaclnamespace)",
                   "'of ' || pg_get_userbyid(x.defaclrole) || ' on ' || CASE x.defaclobjtype WHEN 'r' THEN 'tables' "
                   "WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' "
                   "ELSE x.defaclobjtype::text END", "",
                   "SELECT string_agg(i::text, ' ' ORDER BY i::text COLLATE \"C\") FROM unnest(x.defaclacl) i"),
          "pg_default_acl x WHERE true"),
)  # fmt: skip

OTHERS = "\nUNION ALL".join(_BRANCHES)
