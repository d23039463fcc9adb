"""The one kind of error that reaches a user as a sentence."""


class UserError(Exception):
    """A mistake in a call, a file or the machine, told in one line: what is wrong, what to do.

    The command line prints it as ``error: ...`` and exits with status 2; from Python it is an
    ordinary exception.
    """
