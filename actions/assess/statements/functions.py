"""Functions that are known, by what a call of them does. Any other is code."""

import re
from collections.abc import Collection, Iterator, Sequence

from actions.assess.statements.tokens import Token, TokenKind
from actions.assess.statements.values import Kind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HARMLESS = _words(
    """
    abs age any_value array_agg array_append array_cat array_dims array_fill array_length array_lower array_ndims
    array_position array_positions array_prepend array_remove array_replace array_to_json array_to_string
    array_upper ascii avg bit_and bit_length bit_or bool_and bool_or btrim cardinality ceil ceiling char_length
    character_length chr clock_timestamp col_description concat concat_ws convert_from convert_to corr count
    covar_pop cume_dist current_catalog current_database current_date current_schema current_schemas current_setting
    current_timestamp current_user currval date date_bin date_part date_trunc decode dense_rank div encode
    enum_first enum_last enum_range every exp extract first_value floor format format_type gen_random_uuid
    generate_series generate_subscripts get_byte greatest inet_server_addr inet_server_port initcap isfinite
    json_agg json_array_elements json_array_elements_text json_array_length json_build_array json_build_object
    json_each json_each_text json_extract_path json_extract_path_text json_object json_object_agg json_object_keys
    json_populate_record json_populate_recordset json_strip_nulls json_to_record json_to_recordset json_typeof
    jsonb_agg jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object
    jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg
    jsonb_object_keys jsonb_path_exists jsonb_path_query jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_typeof
    justify_days justify_hours justify_interval lag last_value lastval lead least left length ln localtime
    localtimestamp log lower lpad ltrim make_date make_interval make_time make_timestamp make_timestamptz max md5
    min mod mode now nth_value ntile num_nonnulls num_nulls obj_description octet_length overlay percent_rank
    percentile_cont percentile_disc pg_backend_pid pg_collation_for pg_column_size
    pg_describe_object pg_encoding_to_char pg_has_role pg_identify_object pg_is_in_recovery pg_my_temp_schema
    pg_postmaster_start_time pg_relation_filenode pg_size_pretty pg_sleep pg_typeof pi position power quote_ident
    quote_literal quote_nullable random
    rank regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array
    regexp_split_to_table regexp_substr repeat replace reverse right round row_number row_to_json rpad rtrim scale
    session_user sha224 sha256 sha384 sha512 shobj_description sign split_part sqrt starts_with statement_timestamp
    stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strpos substr substring sum timeofday
    timezone to_ascii to_char to_date to_hex to_json to_jsonb to_number to_regclass to_regnamespace to_regproc
    to_regprocedure to_regrole to_regtype to_timestamp transaction_timestamp translate trim trunc
    txid_current_if_assigned unnest upper user uuid_generate_v4 uuidv7 var_pop var_samp variance version
    width_bucket
    """
)
#: Families of functions that tell what the catalogs hold.
_CATALOG_LOOK = re.compile(r"pg_get_\w+|pg_\w+_is_visible|has_\w+_privilege|pg_(?:index|indexam)_\w*has_property")
#: They read no row and write none, but what they answer depends on how many there are, and how they lie in files.
_MEASURES = re.compile(r"pg_(?:database|indexes|relation|table|total_relation|tablespace)_size|pg_stat_get_\w+")
_SESSION = frozenset({"set_config", "setseed"})
_OTHERS = {
    **dict.fromkeys(("nextval", "setval", "lo_create", "lo_creat", "lo_from_bytea", "lo_put", "lo_unlink"), Kind.DATA),
    "pg_sequence_last_value": Kind.READS,
}
_OUTSIDE = frozenset({"lo_export", "lo_import", "pg_notify", "query_to_file", "txid_snapshot_to_file"}) | _words(
    """
    pg_backup_start pg_backup_stop pg_cancel_backend pg_copy_logical_replication_slot
    pg_copy_physical_replication_slot pg_create_logical_replication_slot pg_create_physical_replication_slot
    pg_create_restore_point pg_drop_replication_slot pg_file_rename pg_file_sync pg_file_unlink pg_file_write
    pg_log_backend_memory_contexts pg_logical_emit_message pg_promote pg_read_binary_file pg_read_file
    pg_reload_conf pg_replication_origin_create pg_replication_origin_drop pg_replication_slot_advance
    pg_rotate_logfile pg_start_backup pg_stat_reset_shared pg_stop_backup pg_switch_wal pg_terminate_backend
    pg_wal_replay_pause pg_wal_replay_resume postgres_fdw_disconnect postgres_fdw_disconnect_all
    http http_delete http_get http_head http_patch http_post http_put
    """
)
_OUTSIDE_PREFIXES = ("dblink", "aws_s3", "aws_lambda", "google_ml", "azure_storage")
_OUTSIDE_SCHEMAS = frozenset({"aws_s3", "aws_lambda", "azure_storage", "cron", "net", "pgmq"})

#: Words that stand before a parenthesis and call nothing.
_NO_CALL = _words(
    """
    all and any array as asc between bit bpchar by case cast char character coalesce collate cube dec decimal default
    desc distinct do else end escape except exists filter float for from group grouping having ilike in int intersect
    interval into is isnull join lateral like limit materialized nchar not notnull nullif numeric of offset on only or
    order over overlaps precision primary references returning rollup row select sets similar some symmetric table
    tablesample then time timestamp timestamptz timetz union unique using values varbit varchar varying when where
    window with within xmlelement xmlforest xmlparse
    """
)


def calls(tokens: Sequence[Token], *, no_functions: Collection[str] = ()) -> Iterator[tuple[str, Kind]]:
    """Every function called by name, and what that means. Takes what only looks like a call for one, except an alias
    with its columns, and the names that are known to be none."""
    for place, token in enumerate(tokens[:-1]):
        if not token.is_name or not tokens[place + 1].says("(") or (place and tokens[place - 1].says("as")):
            continue
        schema = _schema(tokens, place)
        if schema is None and token.name in no_functions:
            continue
        if token.kind is TokenKind.WORD and schema is None and token.name in _NO_CALL:
            continue
        written = token.name if schema is None else f"{schema}.{token.name}"
        yield written, _meaning(schema, token.name)


def _schema(tokens: Sequence[Token], place: int) -> str | None:
    if place >= 2 and tokens[place - 1].says(".") and tokens[place - 2].is_name:
        return tokens[place - 2].name
    return None


def _meaning(schema: str | None, name: str) -> Kind:
    if name in _OUTSIDE or name.startswith(_OUTSIDE_PREFIXES) or schema in _OUTSIDE_SCHEMAS:
        return Kind.OUTSIDE
    if schema not in {None, "pg_catalog"}:
        return Kind.CODE
    if _MEASURES.fullmatch(name):
        return Kind.MEASURES
    if name in _HARMLESS or _CATALOG_LOOK.fullmatch(name):
        return Kind.LOOK
    if name in _SESSION or name.startswith(("pg_advisory_", "pg_try_advisory_")):
        return Kind.SESSION
    return _OTHERS.get(name, Kind.CODE)
