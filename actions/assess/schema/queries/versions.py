"""What newer servers have and older ones lack."""

VERSIONED = {
    "compression": (
        14,
        "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END",
        "NULL::text",
    ),
    "collation_locale": (17, "x.colllocale", "{collation_locale_15}"),
    "collation_locale_15": (15, "x.colliculocale", "NULL"),
    "enforced": (18, "k.conenforced", "true"),
    "multirange_name": (14, "'multirange ' || format_type(r.rngmultitypid, NULL)", "NULL"),
    "multirange_oid": (14, "coalesce(r.rngmultitypid, 0)", "0"),
    "statistics_tree": (14, "md5(x.stxexprs::text)", "NULL"),
    "sql_body": (14, "pg_get_function_sqlbody(p.oid)", "NULL"),
    "sql_tree": (14, "p.prosqlbody", "NULL"),
    "subscription_oid": (14, "s.oid", "hashtext(s.subname)"),
    "publication_columns": (
        15,
        """coalesce((SELECT ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')'
             FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])), '')""",
        "''",
    ),
    "publication_filter": (15, "coalesce(' WHERE ' || pg_get_expr(r.prqual, r.prrelid), '')", "''"),
    "publication_schemas": (
        15,
        """UNION ALL SELECT '(all tables in ' || quote_ident(n.nspname) || ')' FROM pg_publication_namespace r
             JOIN pg_namespace n ON n.oid = r.pnnspid WHERE r.pnpubid = p.oid""",
        "",
    ),
    "publication_stored": (
        15,
        """md5(string_agg(concat_ws('|', r.prattrs, r.prqual), ',' ORDER BY r.prrelid))
           || coalesce((SELECT string_agg(s.pnnspid::text, ',' ORDER BY s.pnnspid) FROM pg_publication_namespace s
                        WHERE s.pnpubid = p.oid), '')""",
        "''",
    ),
}


def for_server(query: str, version: int) -> str:
    """The query as this major version understands it."""
    for placeholder, (since, there, before) in VERSIONED.items():
        query = query.replace("{" + placeholder + "}", there if version >= since else before)
    return query
