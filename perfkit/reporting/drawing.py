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

    Each takes a caption and ``alt``, what the chart says in words, and shows "（无）" where there are no data.
    """

    def figure(self, fig: Figure, caption: Words, alt: Words) -> Any:
        """Show a matplotlib figure (the document does it)."""
        raise NotImplementedError

    def nothing(self, caption: Words) -> Any:
        """Show that there is nothing to show (the document does it)."""
        raise NotImplementedError

    def words(self, text: Words) -> str:
        """Return ``text`` in the language of the document (the document does it)."""
        raise NotImplementedError

    def bars(
        self,
        labels: Sequence[str],
        values: Sequence[float],
        full: Sequence[float] | None,
        caption: Words,
        alt: Words,
        *,
        xlabel: Words,
    ) -> Any:
        """Show a bar for each value on a pale bar for what it could be."""
        if not len(labels):
            return self.nothing(caption)
        drawn = charts.bars(
            list(labels), list(values), None if full is None else list(full), xlabel=self.words(xlabel)
        )
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
    ) -> Any:
        """Show where one value stands among all; ``cuts`` are lines to draw: (value, label)."""
        known = [float(v) for v in values if pd.notna(v)]
        if not known:
            return self.nothing(caption)
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
        frame: pd.DataFrame,
        x: str,
        caption: Words,
        alt: Words,
        *,
        xlabel: Words,
        ylabel: Words,
        at: float | None = None,
    ) -> Any:
        """Show every other column of ``frame`` over the column ``x``; ``at`` marks each curve at that x."""
        names = [name for name in frame.columns if name != x]
        if frame.empty or not names:
            return self.nothing(caption)
        curve = frame.set_index(x)
        marks = [] if at is None else [_mark(curve[name], at) for name in names]
        drawn = charts.lines(
            list(curve.index),
            {str(name): list(curve[name]) for name in names},
            xlabel=self.words(xlabel),
            ylabel=self.words(ylabel),
            marks=marks,
        )
        return self.figure(drawn, caption, alt)

    def steps(self, changes: Sequence[tuple[str, float]], caption: Words, alt: Words, *, unit: str) -> Any:
        """Show how a first total becomes the last by signed changes: (label, value) pairs."""
        if not changes:
            return self.nothing(caption)
        drawn = charts.steps([label for label, _ in changes], [value for _, value in changes], unit=unit)
        return self.figure(drawn, caption, alt)


def _mark(curve: pd.Series, at: float) -> tuple[float, float, str]:
    """Return the point to mark on ``curve`` at ``at`` (that of the nearest x), and what to print beside it."""
    y = float(curve.iloc[(curve.index.to_series() - at).abs().argmin()])
    return float(at), y, f"{y:,.2f}"
