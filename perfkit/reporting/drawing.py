"""The charts a document shows: drawn, numbered and described in one call, and nothing drawn where nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit.reporting import charts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Words = str | tuple[str, str]


class Drawing:
    """The chart methods of :class:`perfkit.reporting.figures.Document`; texts may be (zh, en) pairs.

    Each takes a caption and ``alt``, what the chart says in words, and shows nothing where there are no data,
    or the caption with "（无）" if it is not ``optional``.
    """

    def figure(self, fig: Figure, caption: Words, alt: Words) -> Any:
        """Show a matplotlib figure (the document does it)."""
        raise NotImplementedError

    def nothing(self, caption: Words, optional: bool = False) -> Any:
        """Show that there is nothing to show, or nothing at all (the document does it)."""
        raise NotImplementedError

    def words(self, text: Words) -> str:
        """Return ``text`` in the language of the document (the document does it)."""
        raise NotImplementedError

    def bars(
        self,
        frame: pd.DataFrame,
        columns: tuple[str, str] | tuple[str, str, str],
        caption: Words,
        alt: Words,
        *,
        xlabel: Words,
        optional: bool = True,
    ) -> Any:
        """Show a bar a row; ``columns`` name the label, the value and, for a pale bar behind it, what it could be."""
        if frame.empty:
            return self.nothing(caption, optional)
        label, value, *full = (list(frame[column]) for column in columns)
        return self.figure(charts.bars(label, value, *full, xlabel=self.words(xlabel)), caption, alt)

    def intervals(
        self,
        frame: pd.DataFrame,
        columns: tuple[str, str, str, str],
        caption: Words,
        alt: Words,
        *,
        xlabel: Words,
        mark: tuple[float, Words] | None = None,
        optional: bool = True,
    ) -> Any:
        """Show an estimate and its interval a row; ``columns`` name label, estimate, lower and upper limit."""
        if frame.empty:
            return self.nothing(caption, optional)
        label, value, low, high = (list(frame[column]) for column in columns)
        line = None if mark is None else (mark[0], self.words(mark[1]))
        drawn = charts.intervals(label, value, low, high, xlabel=self.words(xlabel), mark=line)
        return self.figure(drawn, caption, alt)

    def distribution(
        self,
        values: Iterable[float],
        mine: float | None,
        caption: Words,
        alt: Words,
        *,
        xlabel: Words,
        ylabel: Words = ("对象数", "units"),
        mark: Words = ("本对象", "this unit"),
        cuts: Iterable[tuple[float, str]] = (),
        optional: bool = True,
    ) -> Any:
        """Show where one value stands among all; ``cuts`` are lines to draw: (value, label)."""
        known = [float(v) for v in values if pd.notna(v)]
        if not known:
            return self.nothing(caption, optional)
        drawn = charts.distribution(
            known,
            mine,
            xlabel=self.words(xlabel),
            ylabel=self.words(ylabel),
            mark_label=self.words(mark),
            cuts={label: at for at, label in cuts},
        )
        return self.figure(drawn, caption, alt)

    def lines(
        self,
        curves: pd.DataFrame,
        caption: Words,
        alt: Words,
        *,
        xlabel: Words,
        ylabel: Words,
        at: float | None = None,
        optional: bool = True,
    ) -> Any:
        """Show every column of ``curves`` over its index; ``at`` marks each curve at that x."""
        if curves.empty or not len(curves.columns):
            return self.nothing(caption, optional)
        marks = [_mark(curves[name], at) for name in curves.columns] if at is not None else []
        drawn = charts.lines(
            list(curves.index),
            {str(name): list(curves[name]) for name in curves.columns},
            xlabel=self.words(xlabel),
            ylabel=self.words(ylabel),
            marks=marks,
        )
        return self.figure(drawn, caption, alt)

    def steps(
        self, changes: Sequence[tuple[str, float]], caption: Words, alt: Words, *, unit: str, optional: bool = True
    ) -> Any:
        """Show how a first total becomes the last by signed changes: (label, value) pairs."""
        if not changes:
            return self.nothing(caption, optional)
        drawn = charts.steps([label for label, _ in changes], [value for _, value in changes], unit=unit)
        return self.figure(drawn, caption, alt)


def _mark(curve: pd.Series, at: float) -> tuple[float, float, str]:
    """Return the point to mark on ``curve`` at ``at`` (that of the nearest x), and what to print beside it."""
    y = float(curve.iloc[(curve.index.to_series() - at).abs().argmin()])
    return float(at), y, f"{y:,.2f}"
