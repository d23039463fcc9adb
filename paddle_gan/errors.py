"""The one kind of error that reaches a user as a sentence."""

from __future__ import annotations

import difflib
from collections.abc import Collection


class UserError(Exception):
    """A mistake in a call, a file or the machine, told in one line: what is wrong, what to do.

    The command line prints it as ``error: ...`` and exits with status 2; from Python it is an
    ordinary exception.
    """


def unknown(what: str, wanted: object, names: Collection[str]) -> UserError:
    """The error for a name that is none of ``names``: it tells the nearest and all there are."""
    near = difflib.get_close_matches(str(wanted), names, n=1, cutoff=0.0)
    return UserError(
        f"unknown {what} {wanted!r}; did you mean {near[0]!r}? There are {', '.join(names)}"
    )
