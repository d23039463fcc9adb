"""``python -m paddle_gan COMMAND``, and what ``paddle-gan``, train.py and infer.py call."""

from __future__ import annotations

import atexit

from paddle_gan.system import signals


def main(argv: list[str] | None = None, command: str | None = None) -> int:
    """Run the command line, or one ``command`` of it; returns the exit status."""
    signals.listen()  # before the imports below, which take a while
    atexit.register(signals.ignore)
    from paddle_gan import cli

    return cli.main(argv, command)


if __name__ == "__main__":
    raise SystemExit(main())
