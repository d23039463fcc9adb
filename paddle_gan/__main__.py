"""``python -m paddle_gan COMMAND``, and what ``paddle-gan``, train.py and infer.py call."""

from __future__ import annotations

from paddle_gan import signals


def main(command: str | None = None) -> int:
    """Run the command line, or one ``command`` of it; returns the exit status."""
    signals.listen()  # before the imports below, which take a while
    from paddle_gan import cli

    status = cli.main(command=command)
    signals.ignore()
    return status


if __name__ == "__main__":
    raise SystemExit(main())
