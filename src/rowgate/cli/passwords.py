"""Passwords for commands: asked for, read from the input, or made up; never an argument, which others can see."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from typing import Any, Final

import click

from rowgate.auth.users import check_password

__all__ = ["generated", "password_options", "read_password"]

# Without the letters and digits that are easily taken for others.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def password_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that takes a password."""
    made_up = click.option(
        "--generate-password", "generates", is_flag=True, help="Make up a password, and show it once."
    )
    piped = click.option(
        "--password-stdin", "from_input", is_flag=True, help="Read the password from the input, one line."
    )
    return made_up(piped(command))


def read_password(who: str, *, from_input: bool, generates: bool) -> str:
    """The password that somebody is to have.

    Args:
        who: whose it is, for the question.
        from_input: it is the first line of the input.
        generates: it is made up.

    Raises:
        click.UsageError: both are wanted; or neither, and there is no terminal to ask at.
        UserRefused: it cannot be a password.
    """
    if from_input and generates:
        raise click.UsageError("--password-stdin and --generate-password exclude each other.")
    if generates:
        return generated()
    if from_input:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = click.prompt(f"Password of {who}", hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise click.UsageError(
            "There is no terminal to ask for the password: add --password-stdin or --generate-password."
        )
    check_password(password)
    return password


def generated() -> str:
    """A password of four groups of four: about 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
