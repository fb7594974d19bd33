"""Measured curves with what they may be off by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from attnkit.figures.inputs import numbers, short, writer
from attnkit.figures.picture import INK, Picture, house_style
from attnkit.figures.sheet import sheet_of

# Told apart by marker and dash as well as by colour.
_LOOKS = (
    ("output", "o", "-"),
    ("key", "s", (0, (6, 2))),
    ("value", "^", (0, (2, 1.5))),
    ("query", "D", (0, (6, 2, 1.5, 2))),
    ("ink", "v", (0, (10, 3))),
    ("muted", "P", (0, (1, 1))),
)


def lines(
    x: ArrayLike,
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    logx: bool = False,
) -> Picture:
    """Draw measured curves, each named at its end and told apart by marker and dash, not by colour alone.

    Parameters
    ----------
    x : (n_points,)
        Rising; positive where ``logx``.
    curves : {name: (mean, spread)}
        Of each curve the means, (n_points,), and what they may be off by on either side, (n_points,) or one number.
        At most 6. A spread is drawn as error bars for up to 8 points, as a band beyond.
    xlabel, ylabel : str
    title : str, optional
    logx : bool

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If shapes differ, a number is not finite, a spread is negative, x does not rise, or there are too many curves.

    Examples
    --------
    >>> lines([1, 2], {"dot": ([0.2, 0.9], 0.1)}, xlabel="epoch", ylabel="accuracy").alt
    'Line chart of accuracy against epoch, from 1 to 2: dot goes from 0.20 to 0.90, give or take at most 0.10.'
    """
    x = numbers(x, "x", "(n_points,)")
    if np.any(np.diff(x) <= 0) or (logx and x[0] <= 0):
        raise ValueError(f"x must rise{' and be positive' if logx else ''}; got {x.tolist()}")
    if not 1 <= len(curves) <= len(_LOOKS):
        raise ValueError(f"curves must be 1 to {len(_LOOKS)}, so that they can be told apart; got {len(curves)}")
    measured = {str(name): _measured(name, curve, len(x)) for name, curve in curves.items()}
    write = writer(np.concatenate([np.concatenate(pair) for pair in measured.values()]))
    courses = "; ".join(_course(name, x, *pair, write) for name, pair in measured.items())
    alt = f"Line chart of {ylabel} against {xlabel}, from {short(x[0])} to {short(x[-1])}: {courses}."

    with house_style():
        picture, axes = sheet_of(380, 240, title, alt, left=-40, rise=34, pixels=False)
        for (mean, spread), (ink, marker, dash) in zip(measured.values(), _LOOKS, strict=False):
            look = {"color": INK[ink], "linewidth": 1.8, "clip_on": False}
            marks = {"marker": marker, "markersize": 6, "markeredgewidth": 0, "markevery": -(-len(x) // 10)}
            axes.plot(x, mean, linestyle=dash, **marks, **look)
            if spread.any() and len(x) <= 8:
                axes.errorbar(x, mean, spread, fmt="none", color=INK[ink], elinewidth=1, capsize=3)
            elif spread.any():
                axes.fill_between(x, mean - spread, mean + spread, color=INK[ink], alpha=0.14, linewidth=0)
        _furnish(axes, x, xlabel, ylabel, logx=logx)
        _name_ends(axes, x[-1], {name: mean[-1] for name, (mean, _) in measured.items()})
    return picture


def _measured(name: str, curve: tuple, n_points: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the means and spreads of one curve, checked."""
    try:
        mean, spread = curve
    except (TypeError, ValueError):
        raise ValueError(f"curve {name!r} must be a pair (mean, spread); got {curve!r}") from None
    mean = numbers(mean, f"the mean of {name!r}", "(n_points,)")
    if np.ndim(spread) == 0:
        spread = [spread] * n_points
    spread = numbers(spread, f"the spread of {name!r}", "(n_points,)")
    for part, what in ((mean, "mean"), (spread, "spread")):
        if len(part) != n_points:
            raise ValueError(f"the {what} of {name!r} must have shape (n_points={n_points},); got {part.shape}")
    if spread.min() < 0:
        raise ValueError(f"the spread of {name!r} must not be negative; got {spread.min():g}")
    return mean, spread


def _course(name: str, x: np.ndarray, mean: np.ndarray, spread: np.ndarray, write: Callable[[float], str]) -> str:
    """Say where a curve begins and ends, and its peak or trough if that lies between."""
    words = f"{name} goes from {write(mean[0])} to {write(mean[-1])}" if len(x) > 1 else f"{name} {write(mean[0])}"
    for word, place in (("highest", mean.argmax()), ("lowest", mean.argmin())):
        if 0 < place < len(x) - 1:
            words += f", {word} {write(mean[place])} at {short(x[place])}"
    return words + (f", give or take at most {write(spread.max())}" if spread.any() else "")


def _furnish(axes: Axes, x: np.ndarray, xlabel: str, ylabel: str, *, logx: bool) -> None:
    """Draw one line below, hairlines across, and the names of the axes where they are read first."""
    if logx:
        axes.set_xscale("log")
    plain = FuncFormatter(lambda number, _: short(number))
    axes.xaxis.set(
        major_locator=LogLocator() if logx else MaxNLocator(6, steps=(1, 2, 5, 10)), minor_locator=NullLocator()
    )
    axes.xaxis.set(major_formatter=plain)
    axes.yaxis.set(major_locator=MaxNLocator(5, steps=(1, 2, 5, 10)), major_formatter=plain)
    places = axes.transAxes.inverted().transform(axes.transData.transform([(at, 0) for at in x]))[:, 0]
    if len(x) <= 8 and np.all(np.diff(places) > 0.08):  # few points, far enough apart: name each
        axes.xaxis.set(major_locator=FixedLocator(x))
    axes.spines[["left", "top", "right"]].set_visible(False)
    axes.spines["bottom"].set_color(INK["muted"])
    axes.grid(axis="y", color=INK["line"], linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK["muted"], labelsize=13, length=0, pad=7)
    axes.set_xlabel(xlabel, labelpad=6, color=INK["ink"])
    above = {"xycoords": "axes fraction", "textcoords": "offset points", "annotation_clip": False}
    axes.annotate(ylabel, (0, 1), (-40, 12), va="bottom", **above)


def _name_ends(axes: Axes, x: float, ends: dict[str, float]) -> None:
    """Write each curve's name where it ends, names that would touch moved apart."""
    axes.get_xlim(), axes.get_ylim()  # matplotlib sets its limits when they are asked for; transData alone does not ask
    height = 240 * axes.transAxes.inverted().transform(axes.transData.transform([(x, end) for end in ends.values()]))
    order = np.argsort(height[:, 1])
    free = -np.inf
    for index in order:
        free = max(height[index, 1], free + 18)
        place = {"xycoords": ("axes fraction", "axes points"), "textcoords": "offset points", "annotation_clip": False}
        axes.annotate(list(ends)[index], (1, free), (0, 0), va="center", color=INK[_LOOKS[index][0]], **place)
