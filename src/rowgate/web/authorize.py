"""``@authorize("order_pizza")`` on a route or RPC: who may call it, and on which rows it may work."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, request

from rowgate.errors import DeclarationError, ReadOnlyView
from rowgate.policy import Authorization
from rowgate.web.context import caller, request_id
from rowgate.web.runtime import runtime

__all__ = ["ARGUMENT", "action_of", "authorize", "check_actions"]

ARGUMENT = "authorization"
"""The parameter through which a function that asks for it gets its `Authorization`."""

_ACTION = "__rowgate_action__"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

P = ParamSpec("P")
R = TypeVar("R")


def authorize(action: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Let a route or RPC be called only by those to whom the policy gives the action.

    A function that has a parameter ``authorization`` gets the `rowgate.policy.Authorization`, with the rows on which
    the action may be done; it is no argument of an RPC.

    Args:
        action: as declared with ``policy.action``. A name that is not declared stops the start.

    Raises (when the function is called):
        MissingPrincipal: nobody has logged in for this request.
        ActionRefused: the policy does not give the action to the caller, at this address with this method.
        ReadOnlyView: the caller views somebody else's rows, and the method is one that writes.
    """

    def decorate(function: Callable[..., R]) -> Callable[..., R]:
        signature = inspect.signature(function)
        wanted = ARGUMENT in signature.parameters

        @wraps(function)
        def called(*args: Any, **kwargs: Any) -> R:
            authorization = _authorization(action)
            return function(*args, **kwargs, **({ARGUMENT: authorization} if wanted else {}))

        # Who looks at the function for what a client may send does not see the parameter.
        kept = [each for name, each in signature.parameters.items() if name != ARGUMENT]
        called.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        setattr(called, _ACTION, action)
        return called

    return decorate


def action_of(function: Callable[..., object]) -> str | None:
    """The action that a function was decorated with; None for none."""
    return getattr(function, _ACTION, None)


def check_actions(app: Flask, *more: Callable[..., object]) -> None:
    """Refuse to start with a decorated function whose action is not declared.

    Args:
        app: its routes are looked at.
        more: further functions.

    Raises:
        DeclarationError: names the function and the actions there are.
    """
    declared = runtime(app).gate.bound.actions.names
    for function in (*app.view_functions.values(), *more):
        action = action_of(function)
        if action is not None and action not in declared:
            raise DeclarationError(
                f"{function.__module__}.{function.__qualname__} is for the action {action!r}, which is not declared.",
                hint=f"The actions are: {', '.join(sorted(declared)) or 'none'}. Declare it with policy.action(...).",
            )


def _authorization(action: str) -> Authorization:
    who = caller()
    if who.read_only and request.method not in _SAFE:
        raise ReadOnlyView.of(who.principal.id)
    rule = request.url_rule
    endpoints = [each for each in (request.endpoint, rule.rule if rule is not None else None) if each]
    return runtime().gate.authorize(
        who.principal,
        action,
        method=request.method,
        endpoints=endpoints,
        request_id=request_id(),
        actor=who.actor.id if who.actor is not None else None,
    )
