"""How the axes of curves are scaled."""

from __future__ import annotations


def logarithmic(axis) -> None:
    """Give a matplotlib axis a logarithmic scale, with plain numbers at 1, 2, 5, 10 and so on.

    Scores often lie within one decade, where matplotlib's own would have no or awkward ones.
    """
    from matplotlib.ticker import LogLocator  # takes longer to load than a table to print

    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("")
