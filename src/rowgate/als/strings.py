"""String filters, parsed and never evaluated: ``'{entity_class}.Client_id == Security.current_user().client_id'``.

They have the grammar of :mod:`rowgate.policy.texts`, with ``{entity_class}`` for ``row`` and
``Security.current_user()`` for ``user``.
"""

from __future__ import annotations

import ast

from rowgate.errors import DeclarationError
from rowgate.policy.texts import TextCondition, parse_condition

__all__ = ["parse_filter"]

_ENTITY = "entity_class"


def parse_filter(text: str) -> TextCondition:
    """Read a string filter.

    Args:
        text: the filter, with ``{entity_class}`` for the entity.

    Returns:
        The condition it means: ``(entity class, principal) -> expression``.

    Raises:
        DeclarationError: it is not Python, or outside of the grammar.
    """
    try:
        tree = ast.parse(text.replace("{entity_class}", _ENTITY).strip(), mode="eval")
    except (SyntaxError, ValueError) as fault:
        raise DeclarationError(
            f"The filter {text!r} is no expression ({fault}).",
            hint="Write it as a function: where=lambda row, user: row.Column == user.claim",
        ) from fault
    return parse_condition(_Renamed().visit(tree.body), shown=text)


class _Renamed(ast.NodeTransformer):
    """ApiLogicServer's names for the row and the user as ours."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name("row", node.ctx) if node.id == _ENTITY else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="Security"), attr="current_user"), args=[], keywords=[]):
                return ast.Name("user", ast.Load())
        return self.generic_visit(node)
