"""Charts that know nothing of scores: numbers and labels in, a matplotlib ``Figure`` out.

They never touch pyplot: no backend is chosen, nothing is displayed twice. One dark blue, greys and one accent,
told apart by shape or dash as well as by colour; legible at a width of 700 px and in black and white print.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perfkit.errors import PerfkitError, Problem
from perfkit.reporting.canvas import ACCENT, BLUE, GREY, INK, PALE, blank, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = ("-", "--", ":", "-.")
_SHADES = (BLUE, GREY, "#5b7fb0", INK)
_STRIP_BELOW = 20


def bars(
    labels: Sequence[str],
    values: Sequence[float | None],
    full: Sequence[float | None] | None = None,
    *,
    xlabel: str,
    unit: str = "",
) -> Figure:
    """Draw a horizontal bar for each value, on a pale bar for what it could be.

    Parameters
    ----------
    labels
        One a bar, from top to bottom.
    values
        The lengths; a missing one shows as "—".
    full
        The most each value can be (full points, the budget).
    xlabel
        What the values are.
    unit
        Follows the printed values.

    Raises
    ------
    PerfkitError
        If there is nothing to draw or the lengths differ.
    """
    _fail_if_lengths_differ("bars", labels=labels, values=values, **({"full": full} if full is not None else {}))
    fig, axes = blank(0.9 + 0.38 * len(labels))
    known = [_finite(value) for value in values]
    most = [_finite(value) for value in full] if full is not None else [None] * len(known)
    with styled():
        if full is not None:
            axes.barh(range(len(labels)), [m or 0 for m in most], height=0.62, color=PALE)
        axes.barh(range(len(labels)), [v or 0 for v in known], height=0.62 if full is None else 0.4, color=BLUE)
        for row, (value, limit) in enumerate(zip(known, most, strict=True)):
            shown = _shown(value) + (f" / {_shown(limit)}" if limit is not None else "")
            end = max(value or 0, limit or 0, 0)
            axes.annotate(f"{shown}{unit}", (end, row), (4, 0), textcoords="offset points", va="center")
        _rows(axes, labels)
        # Every bar says its value: a scale would say it again, and ticks are what takes most of the drawing.
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.set_xlabel(xlabel)
        axes.margins(x=0.16)
    return fig


def intervals(
    labels: Sequence[str],
    values: Sequence[float | None],
    low: Sequence[float | None],
    high: Sequence[float | None],
    *,
    xlabel: str,
    mark: tuple[float, str] | None = None,
) -> Figure:
    """Draw an estimate and its interval a row.

    Parameters
    ----------
    labels
        One a row, from top to bottom.
    values, low, high
        Estimates and limits; a row without limits shows its estimate as an open circle.
    xlabel
        What the estimates are.
    mark
        A line to compare with: where, and what it is.

    Raises
    ------
    PerfkitError
        If there is nothing to draw or the lengths differ.
    """
    _fail_if_lengths_differ("intervals", labels=labels, values=values, low=low, high=high)
    fig, axes = blank(0.9 + 0.27 * len(labels))
    with styled():
        for row, limits in enumerate(zip(values, low, high, strict=True)):
            value, lower, upper = (_finite(each) for each in limits)
            if lower is not None and upper is not None:
                axes.plot([lower, upper], [row, row], color=GREY, linewidth=2)
            if value is not None:
                sure = lower is not None and upper is not None
                axes.plot([value], [row], "o", color=BLUE, markersize=5, markerfacecolor=BLUE if sure else "white")
        if mark is not None:
            axes.axvline(mark[0], color=ACCENT, linewidth=1.2, linestyle="--")
            axes.annotate(mark[1], (mark[0], -0.9), (4, 0), textcoords="offset points", color=ACCENT, va="center")
        _rows(axes, labels)
        axes.set_ylim(len(labels) - 0.4, -1.4 if mark is not None else -0.6)
        axes.set_xlabel(xlabel)
        axes.margins(x=0.08)
    return fig


def distribution(
    values: Sequence[float],
    mark: float | None,
    *,
    xlabel: str,
    mark_label: str,
    cuts: Mapping[str, float] | None = None,
    ylabel: str = "",
) -> Figure:
    """Draw where one unit stands among all: a histogram, or a dot each when there are fewer than 20.

    Parameters
    ----------
    values
        Of all units; missing ones are left out.
    mark
        The value of the unit in question; None marks none.
    xlabel, ylabel
        What is measured; what is counted.
    mark_label
        The name of the unit in question.
    cuts
        Lines to draw, label to value (the bounds of grades).

    Raises
    ------
    PerfkitError
        If there is no value.
    """
    from matplotlib.ticker import MaxNLocator

    known = [value for value in map(_finite, values) if value is not None]
    _fail_if_lengths_differ("distribution", values=known)
    dots = len(known) < _STRIP_BELOW
    fig, axes = blank(2.1 if dots else 3.2)
    with styled():
        if dots:
            axes.scatter(known, _stacked(known), s=46, color=GREY, alpha=0.75, linewidths=0)
            axes.set_yticks([])
            axes.spines["left"].set_visible(False)
            axes.set_ylim(-0.6, max(_stacked(known)) + 2.2)
        else:
            axes.hist(known, bins=_bins(known), color=PALE, edgecolor=GREY, linewidth=0.8)
            axes.set_ylabel(ylabel)
            axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
            axes.margins(y=0.22)
        for label, cut in (cuts or {}).items():
            axes.axvline(cut, color=GREY, linestyle=":", linewidth=1)
            _at_top(axes, cut, label, GREY, 0.86)
        marked = _finite(mark)
        if marked is not None:
            axes.axvline(marked, color=ACCENT, linewidth=1.8)
            _at_top(axes, marked, f"{mark_label} {_shown(marked)}", ACCENT, 0.98)
        axes.set_xlabel(xlabel)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        _count_in_thousands(axes, "x")
    return fig


def lines(
    x: Sequence[float],
    ys: Mapping[str, Sequence[float | None]],
    *,
    xlabel: str,
    ylabel: str,
    zero: bool = True,
    marks: Sequence[tuple[float, float, str]] = (),
) -> Figure:
    """Draw curves over ``x`` (net present value over the discount rate).

    Parameters
    ----------
    x
        Shared by all curves.
    ys
        Name to values; a missing value is a gap.
    xlabel, ylabel
        What the axes measure.
    zero
        Draw the line y = 0.
    marks
        Points to mark: (x, y, label).

    Raises
    ------
    PerfkitError
        If there is nothing to draw or the lengths differ.
    """
    _fail_if_lengths_differ("lines", x=x, **dict(ys))
    fig, axes = blank(3.6)
    with styled():
        if zero:
            axes.axhline(0, color=INK, linewidth=0.9)
        for at, (name, values) in enumerate(ys.items()):
            gaps = [math.nan if value is None else value for value in map(_finite, values)]
            dash, shade = _DASHES[at % len(_DASHES)], _SHADES[at % len(_SHADES)]
            axes.plot(list(x), gaps, label=name, linewidth=1.8, linestyle=dash, color=shade)
        for at_x, at_y, label in marks:
            axes.plot([at_x], [at_y], "o", color=ACCENT, markersize=6)
            offset = (6, 7) if at_y >= 0 else (6, -16)
            axes.annotate(label, (at_x, at_y), offset, textcoords="offset points", color=ACCENT)
        if len(ys) > 1:
            axes.legend(frameon=False)
        axes.set_xlabel(xlabel)
        axes.set_ylabel(ylabel)
        _count_in_thousands(axes, "x")
        _count_in_thousands(axes, "y")
    return fig


def steps(labels: Sequence[str], values: Sequence[float], *, unit: str) -> Figure:
    """Draw a waterfall from top to bottom: a first total, signed changes, the total they lead to.

    Parameters
    ----------
    labels
        One a step ("申请金额", "核减：…", "建议金额").
    values
        The first total, the changes (a reduction is negative), the last total.
    unit
        What the values are counted in.

    Raises
    ------
    PerfkitError
        If the lengths differ, there are fewer than two steps, or the changes do not lead to the last total.
    """
    _fail_if_lengths_differ("steps", labels=labels, values=values)
    amounts = [float(value) for value in values]
    _fail_if_not_adding_up(labels, amounts)
    fig, axes = blank(0.9 + 0.42 * len(labels))
    level = 0.0
    with styled():
        for row, amount in enumerate(amounts):
            total = row in (0, len(amounts) - 1)
            start = 0.0 if total else level
            axes.barh(row, amount, left=start, height=0.56, color=BLUE if total else ACCENT if amount < 0 else GREY)
            level = start + amount
            if row < len(amounts) - 1:
                axes.plot([level, level], [row - 0.28, row + 1.28], color=GREY, linewidth=0.8, linestyle=":")
            sign = "" if total or amount < 0 else "+"
            end = max(start, start + amount)
            axes.annotate(f"{sign}{_shown(amount)}", (end, row), (5, 0), textcoords="offset points", va="center")
        axes.axvline(0, color=GREY, linewidth=0.8)
        _rows(axes, labels)
        axes.set_xlabel(unit)
        axes.margins(x=0.16)
        _count_in_thousands(axes, "x")
    return fig


def _bins(values: Sequence[float]) -> Any:
    """Return the edges of a histogram: on whole numbers where all values are whole or half, as points and days are.

    Edges between the values that occur would make gaps and peaks that are not there, and hide a cut-off in a bar.
    """
    import numpy as np

    edges = np.histogram_bin_edges(values, bins="auto")
    if any(2 * value != round(2 * value) for value in values):
        return edges
    width = max(round(float(edges[1] - edges[0])), 1)
    return np.arange(math.floor(min(values) / width), math.floor(max(values) / width) + 2) * width


def _fail_if_lengths_differ(chart: str, **sequences: Sequence[Any]) -> None:
    lengths = {name: len(held) for name, held in sequences.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise PerfkitError(
            (f"{chart}: nothing to draw, or lengths differ", f"{chart}：没有可画的数据，或长度不一"),
            [
                Problem(
                    ("lengths differ", "长度不一"),
                    expected="one value a label, at least one",
                    got=", ".join(f"{name}: {n}" for name, n in lengths.items()),
                )
            ],
        )


def _fail_if_not_adding_up(labels: Sequence[str], amounts: list[float]) -> None:
    reached = math.fsum(amounts[:-1])
    if len(amounts) < 2 or not math.isclose(reached, amounts[-1], rel_tol=1e-9, abs_tol=0.005):
        raise PerfkitError(
            ("the steps do not add up", "各步骤加总不符"),
            [
                Problem(
                    ("wrong total", "合计不符"),
                    str(labels[-1]),
                    _shown(reached),
                    _shown(amounts[-1]),
                    ("give reductions as negative numbers", "核减请以负数表示"),
                )
            ],
        )


def _rows(axes: Axes, labels: Sequence[str]) -> None:
    # A Chinese character is twice as wide as a Latin letter.
    wrapped = [textwrap.fill(str(label), 30 if str(label).isascii() else 16) for label in labels]
    axes.set_yticks(range(len(labels)), wrapped, linespacing=1.3)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _at_top(axes: Axes, at: float, label: str, colour: str, height: float) -> None:
    axes.annotate(
        label,
        (at, height),
        (4, 0),
        xycoords=axes.get_xaxis_transform(),
        textcoords="offset points",
        color=colour,
        va="top",
    )


def _stacked(values: Sequence[float]) -> list[int]:
    seen: dict[float, int] = {}
    heights = []
    for value in values:
        heights.append(seen.get(value, 0))
        seen[value] = heights[-1] + 1
    return heights


def _count_in_thousands(axes: Axes, which: str) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}".replace("-", "−"))


def _finite(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _shown(value: float | None) -> str:
    if value is None:
        return "—"
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return text.replace("-", "−") if text != "-0" else "0"
