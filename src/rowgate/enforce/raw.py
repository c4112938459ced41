"""What a client's statement may not hold because no policy can see through it: raw SQL, and functions that run SQL.

``text()``, ``literal_column()``, hints, prefixes, custom operators and ``extract`` put words into a statement that the
compiler does not understand. Some functions take a query or a table's name as text (PostgreSQL's ``query_to_xml``). A
list of the harmful ones would never be complete, so these are lists of harmless ones; everything else is refused.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from sqlalchemy.sql.compiler import IdentifierPreparer

from rowgate.errors import StatementRefused

__all__ = ["HARMLESS_FUNCTIONS", "RefusesRaw", "quoting_preparer"]

# Raw SQL that cannot reach a table: a star, a number, a plain name.
_LITERAL = re.compile(r"\*|-?\d+(\.\d+)?|[A-Za-z_][A-Za-z0-9_]*|NULL|'[A-Za-z0-9_ ]*'", re.ASCII)
# Signs that begin no comment and no quote, and the words that databases know as operators. Any other words could spell
# out a statement of their own: .op("UNION SELECT name FROM people WHERE id =").
_SIGNS = re.compile(r"(?!.*(--|/\*|\*/))[-+*/<>=~!@#%^&|?:.]+", re.ASCII)
_OPERATORS = {
    "AND",
    "OR",
    "XOR",
    "DIV",
    "MOD",
    "IS",
    "LIKE",
    "ILIKE",
    "GLOB",
    "REGEXP",
    "RLIKE",
    "MATCH",
    "OVERLAPS",
    "COLLATE",
    "IS NOT",
    "IS DISTINCT FROM",
    "IS NOT DISTINCT FROM",
    "NOT LIKE",
    "NOT ILIKE",
    "NOT REGEXP",
    "NOT RLIKE",
    "SIMILAR TO",
    "NOT SIMILAR TO",
    "SOUNDS LIKE",
    "AT TIME ZONE",
}
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PREFIXES = frozenset({"ALL", "DISTINCT", "MATERIALIZED", "NOT MATERIALIZED"})

HARMLESS_FUNCTIONS = frozenset(
    # aggregates and windows
    "count sum avg min max total group_concat string_agg aggregate_strings array_agg bool_and bool_or every "
    "stddev stddev_pop stddev_samp variance var_pop var_samp percentile_cont percentile_disc mode cube rollup "
    "grouping_sets row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value "
    # text
    "lower upper initcap trim ltrim rtrim btrim length char_length character_length octet_length substr substring "
    "left right replace translate reverse repeat lpad rpad position strpos instr concat concat_ws split_part "
    "regexp_replace regexp_match regexp_matches regexp_split_to_array regexp_count regexp_like starts_with "
    "md5 sha256 hex encode decode ascii chr char format quote_literal to_char to_number unaccent similarity soundex "
    # numbers
    "abs round ceil ceiling floor trunc mod power pow sqrt exp ln log log10 sign greatest least random "
    "width_bucket div pi degrees radians sin cos tan "
    # dates
    "now current_date current_time current_timestamp localtime localtimestamp sysdate date time datetime julianday "
    "unixepoch strftime date_trunc date_part date_bin age make_date make_interval make_timestamp to_date to_timestamp "
    "year month day hour minute second week quarter date_format date_add date_sub datediff timestampdiff "
    "last_day dayofweek dayofyear weekday extract "
    # nulls, types, arrays, JSON, ranges
    "coalesce nullif ifnull isnull if iif nvl typeof any some all unnest array_length array_position array_append "
    "array_remove array_to_string string_to_array cardinality generate_series json_extract json_array json_object "
    "json_array_length json_type json_each json_tree json_build_object json_build_array jsonb_build_object "
    "jsonb_build_array json_agg jsonb_agg json_object_agg jsonb_object_agg jsonb_array_length jsonb_array_elements "
    "jsonb_array_elements_text jsonb_each jsonb_extract_path jsonb_extract_path_text json_extract_path_text "
    "jsonb_path_exists jsonb_path_query jsonb_typeof json_typeof to_json to_jsonb row_to_json json_group_array "
    "json_group_object json_value json_unquote lower_inc upper_inc isempty "
    # full text
    "to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_headline "
    "gen_random_uuid uuid".split()
)


# A mix-in in front of a dialect's own SQLCompiler, whose methods it calls; those have no types.
_Compiler: Any = object


class RefusesRaw(_Compiler):  # type: ignore[misc]
    """The part of the securing compiler that refuses raw SQL."""

    functions: frozenset[str] = HARMLESS_FUNCTIONS

    @property
    def authored(self) -> bool:
        """Whether what is being written has the author's authority: a declaration's condition, a rule, a check."""
        raise NotImplementedError

    def visit_column(self, column: Any, *args: Any, **kw: Any) -> Any:
        if column.is_literal:
            self._refuse_unless(_LITERAL.fullmatch(str(column.name)))
        return super().visit_column(column, *args, **kw)

    def visit_textclause(self, textclause: Any, *args: Any, **kw: Any) -> Any:
        # As a FROM even a plain name is raw: it would be a table.
        self._refuse_unless(not kw.get("asfrom") and _LITERAL.fullmatch(textclause.text))
        return super().visit_textclause(textclause, *args, **kw)

    def visit_select(self, select_stmt: Any, *args: Any, **kw: Any) -> Any:
        self._refuse_unless(not select_stmt._hints and not select_stmt._statement_hints)
        return super().visit_select(select_stmt, *args, **kw)

    def _generate_prefixes(self, stmt: Any, prefixes: Any, **kw: Any) -> Any:
        # Prefixes and suffixes of SELECT and WITH: single words, but any number of them.
        self._refuse_unless(all(getattr(prefix, "text", "").upper() in _PREFIXES for prefix, _ in prefixes))
        return super()._generate_prefixes(stmt, prefixes, **kw)

    def visit_extract(self, extract: Any, **kw: Any) -> Any:
        self._refuse_unless(_LITERAL.fullmatch(extract.field))
        return super().visit_extract(extract, **kw)

    def visit_function(self, func: Any, *args: Any, **kw: Any) -> Any:
        name = ".".join((*func.packagenames, func.name)).lower()
        if not self.authored and name not in self.functions:
            raise StatementRefused(
                f"A statement calls the function {name!r}, which is not known to be harmless.",
                hint=f"Where it runs no SQL and reads no table by name, allow it: Gate(..., functions=[{name!r}]).",
            )
        return super().visit_function(func, *args, **kw)

    def visit_custom_op_binary(self, element: Any, operator: Any, **kw: Any) -> Any:
        self._refuse_operator(operator)
        return super().visit_custom_op_binary(element, operator, **kw)

    def visit_custom_op_unary_operator(self, element: Any, operator: Any, **kw: Any) -> Any:
        self._refuse_operator(operator)
        return super().visit_custom_op_unary_operator(element, operator, **kw)

    def visit_custom_op_unary_modifier(self, element: Any, operator: Any, **kw: Any) -> Any:
        self._refuse_operator(operator)
        return super().visit_custom_op_unary_modifier(element, operator, **kw)

    def _refuse_operator(self, operator: Any) -> None:
        sign = operator.opstring.strip()
        self._refuse_unless(_SIGNS.fullmatch(sign) or sign.upper() in _OPERATORS)

    def _refuse_unless(self, harmless: object) -> None:
        if not harmless and not self.authored:
            raise StatementRefused(
                "A statement holds raw SQL (text(), literal_column(), a hint), which no policy can filter.",
                hint="Write it with column expressions, or open with gate.trusted(reason='...').",
            )


def quoting_preparer(preparer: IdentifierPreparer) -> IdentifierPreparer:
    """A dialect's writer of names, but for names that ask not to be quoted and are no plain names: those are raw SQL.

    Args:
        preparer: ``dialect.identifier_preparer``.
    """

    class QuotingPreparer(type(preparer)):  # type: ignore[misc]
        def quote(self, ident: str, force: Any = None) -> str:
            if getattr(ident, "quote", None) is False and not _PLAIN_NAME.fullmatch(ident):
                ident = str.__str__(ident)
            return str(super().quote(ident, force))

    strict = copy.copy(preparer)
    strict.__class__ = QuotingPreparer
    return strict
