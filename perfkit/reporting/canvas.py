"""What charts are drawn on: colours, settings, and a figure that gives its one chart the room its labels leave."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from perfkit.reporting.fonts import chinese_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ACCENT, INK, GREY, PALE = "#1f3f6e", "#b5361c", "#333333", "#8a8f98", "#e3e6eb"
_WIDTH = 7.0
_PAD = 3.0  # points around a chart
_STYLE = {
    "font.size": 10,
    "font.weight": "normal",
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "svg.fonttype": "path",
    "svg.hashsalt": "perfkit",
    "path.simplify": True,
}


def style() -> Any:
    """Return the matplotlib settings that charts are drawn with."""
    return {**_STYLE, **chinese_style()}


def blank(height: float) -> tuple[Figure, Axes]:
    """Return a figure of ``height`` inches, and its axes."""
    with styled():
        fig = _fitting()(figsize=(_WIDTH, height))
        return fig, fig.add_subplot()


@cache
def _fitting() -> type[Figure]:
    from matplotlib.figure import Figure

    class Fitting(Figure):
        """Gives its one chart the room that its labels leave, measured once, when it is first drawn.

        Matplotlib's constrained layout does that for any number of charts, and measures each label six times.
        """

        fitted = False

        def draw(self, renderer: Any) -> None:
            if not self.fitted:
                self.fitted = True
                _fit(self, renderer)
            super().draw(renderer)

    return Fitting


def _fit(fig: Figure, renderer: Any) -> None:
    axes: Any = fig.axes[0]
    pad = _PAD * fig.dpi / 72
    inner, outer = axes.get_window_extent(), axes.get_tightbbox(renderer)
    if outer is None:
        return
    left, bottom = (max(edge, 0.0) + pad for edge in inner.min - outer.min)
    right, top = (max(edge, 0.0) + pad for edge in outer.max - inner.max)
    width, height = fig.bbox.width, fig.bbox.height
    room = max(width - left - right, 0.2 * width), max(height - bottom - top, 0.2 * height)
    axes.set_position((left / width, bottom / height, room[0] / width, room[1] / height))


def styled() -> Any:
    """Return a context in which those settings hold."""
    import matplotlib as mpl

    # Tick labels are only made while drawing: Document.figure() draws inside the same settings.
    return mpl.rc_context(style())
