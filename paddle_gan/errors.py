"""The one kind of error that reaches a user as a sentence."""

from __future__ import annotations

import difflib
from collections.abc import Collection

_ALIKE = 0.6  # from 0 to 1, difflib's own threshold
_LONGEST = 100  # characters that are compared; a file may hold names of a megabyte


class UserError(Exception):
    """A mistake in a call, a file or the machine, told in one line: what is wrong, what to do.

    The command line prints it as ``error: ...`` and exits with status 2; from Python it is an
    ordinary exception.
    """


def unknown(what: str, wanted: object, names: Collection[str]) -> UserError:
    """The error for a name that is none of ``names``: it tells the nearest and all there are.

    Case does not count. A name that begins with what was typed is nearer than any other; of names
    that are all unlike it none is suggested.
    """
    typed = str(wanted)[:_LONGEST].casefold()

    def likeness(name: str) -> float:
        starts = bool(typed) and name.startswith(typed)
        return starts + difflib.SequenceMatcher(None, typed, name).ratio()

    near = max(names, key=likeness)
    hint = f"did you mean {near!r}? There are" if likeness(near) >= _ALIKE else "there are"
    return UserError(f"unknown {what} {wanted!r}; {hint} {', '.join(names)}")
