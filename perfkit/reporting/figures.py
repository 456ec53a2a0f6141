"""What a notebook shows: numbered tables and figures, text and notices, safe to print whatever they hold.

All text is escaped here, at the source. Every method returns an object to put on the last line of a cell.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from perfkit import tables
from perfkit.errors import PerfkitError, Problem
from perfkit.reporting import cells
from perfkit.reporting.canvas import style
from perfkit.reporting.charts import bars, distribution, intervals, lines, steps
from perfkit.reporting.drawing import Drawing
from perfkit.reporting.fonts import missing_glyphs_fail, use_chinese_font
from perfkit.reporting.recorded import GAPS, SUMMARY_MIME, Declared, plain, summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "SUMMARY_MIME",
    "Document",
    "Shown",
    "bars",
    "distribution",
    "intervals",
    "lines",
    "steps",
    "summary",
    "use_chinese_font",
]

_DECIMALS = 2
NOTICES = ("simulated", "configured", "warning")
Words = str | tuple[str, str]


class Shown:
    """Something to display: HTML, and plain text for where HTML cannot go."""

    def __init__(self, markup: str, plain: str) -> None:
        self.markup = markup
        self.plain = plain

    def _repr_html_(self) -> str:
        return self.markup

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self.markup, "text/plain": self.plain}

    def __repr__(self) -> str:
        return self.plain


class Document(Drawing):
    """The tables and figures of one report, numbered as they come.

    The same caption shown again keeps its number, so a cell run twice does not count up.

    Parameters
    ----------
    lang
        ``zh`` or ``en``. Wherever text is asked for, a (zh, en) pair will do.

    Examples
    --------
    >>> Document("zh").text("一、<基本情况>").markup
    '<p>一、&lt;基本情况&gt;</p>'
    """

    def __init__(self, lang: str = "zh") -> None:
        if lang not in ("zh", "en"):
            raise PerfkitError(
                (f"no language {lang!r}", f"没有语言“{lang}”"),
                [Problem(("unknown language", "未知的语言"), expected="zh | en", got=str(lang))],
            )
        self.lang = lang
        self._numbers: dict[str, dict[str, int]] = {"table": {}, "figure": {}}

    def table(
        self,
        frame: pd.DataFrame,
        caption: Words,
        *,
        name: str | None = None,
        columns: Sequence[str] | Mapping[str, Words] | None = None,
        decimals: int | Mapping[str, int] = 2,
        merge: Sequence[str] = (),
        optional: bool = False,
        note: Words = "",
    ) -> Shown:
        """Show ``frame`` as a numbered table.

        Parameters
        ----------
        frame
            One row a line; the index is not printed.
        caption
            Above the table, after its number.
        name
            A table of the kit: its titles and labels are printed in place of names and codes, and its rates as
            percentages.
        columns
            The columns to print, by their names in ``frame``; a mapping gives their titles too. In an English
            document a column ``…_zh`` gives way to its twin ``…_en``.
        decimals
            Of the columns that hold a number which is not whole (rounded half up); a mapping gives those of single
            columns, the others have two.
        merge
            Columns whose equal neighbours become one cell.
        optional
            Show nothing at all if there are no rows; else the caption with "（无）".
        note
            Below the table.

        Raises
        ------
        PerfkitError
            If a column is not in the frame; the message lists those that are.
        """
        picked = self._picked(frame, columns)
        if optional and picked.empty:
            return Shown("", "")
        labelled = tables.labels(picked, name, self.lang) if name else picked
        titles = [str(title) for title in labelled.columns]
        if isinstance(columns, Mapping):
            titles = [self.words(title) for title in columns.values()]
        head = f"{self._number('table', self.words(caption))}"
        shown = [
            cells.column(
                picked.iloc[:, at],
                labelled.iloc[:, at],
                cells.kind(picked.columns[at], title, name),
                decimals if isinstance(decimals, int) else decimals.get(str(picked.columns[at]), _DECIMALS),
                self.lang,
            )
            for at, title in enumerate(titles)
        ]
        below = f'<p class="note">{cells.escaped(self.words(note))}</p>' if note else ""
        if picked.empty:
            return self._nothing(head, below)
        merged = [list(picked.columns).index(each) for each in merge if each in picked.columns]
        return Shown(
            cells.table(head, titles, shown, merged=merged) + below, f"{head}\n{labelled.to_string(index=False)}"
        )

    def figure(self, fig: Figure, caption: Words, alt: Words) -> Shown:
        """Show a matplotlib figure, numbered, as an SVG picture whose bytes depend on nothing but the figure.

        Parameters
        ----------
        fig
            From this module's charts, or any other.
        caption
            Below the figure, after its number.
        alt
            What the figure says, for those who cannot see it.

        Raises
        ------
        PerfkitError
            If ``alt`` is empty.
        FontError
            If the figure has a character that no font has.
        """
        description = self.words(alt).strip()
        if not description:
            raise PerfkitError(
                ("a figure has no alternative text", "图没有替代文字"),
                [
                    Problem(
                        ("alt is empty", "alt 为空"),
                        self.words(caption),
                        do=("say in a sentence what the figure shows", "请用一句话说明图中内容"),
                    )
                ],
            )
        picture = base64.b64encode(_svg(fig)).decode("ascii")
        head = self._number("figure", self.words(caption))
        return Shown(
            f'<figure><img alt="{html.escape(description)}" src="data:image/svg+xml;base64,{picture}">'
            f"<figcaption>{cells.escaped(head)}</figcaption></figure>",
            f"{head}: {description}",
        )

    def nothing(self, caption: Words, optional: bool = False) -> Shown:
        """Show that there is nothing to draw, under the caption, unnumbered; ``optional``: show nothing at all."""
        return Shown("", "") if optional else self._nothing(self.words(caption), "")

    def title(self, text: Words, *, subtitle: Words = "") -> Shown:
        """Show the report's title, and a line below it."""
        said, below = self.words(text), self.words(subtitle)
        line = f'<p class="subtitle">{cells.escaped(below)}</p>' if below else ""
        return Shown(f"<h1>{cells.escaped(said)}</h1>{line}", f"{said}\n{below}")

    def notices(self, given: Iterable[tuple[Words, str]]) -> Shown:
        """Show several banners: (text, kind) pairs, see :meth:`notice`."""
        shown = [self.notice(text, kind) for text, kind in given]
        return Shown("".join(each.markup for each in shown), "\n".join(each.plain for each in shown))

    def text(self, *paragraphs: Words) -> Shown:
        """Show paragraphs."""
        said = [self.words(each) for each in paragraphs]
        return Shown("".join(f"<p>{cells.escaped(each)}</p>" for each in said), "\n\n".join(said))

    def items(self, sequence: Iterable[Words], *, ordered: bool = True) -> Shown:
        """Show a list, numbered or not; one without items says so."""
        said = [self.words(each) for each in sequence]
        if not said:
            return self.text(("（无）", "(none)"))
        tag = "ol" if ordered else "ul"
        lines_ = [f"{at}. {each}" if ordered else f"- {each}" for at, each in enumerate(said, start=1)]
        inside = "".join(f"<li>{cells.escaped(each)}</li>" for each in said)
        return Shown(f"<{tag}>{inside}</{tag}>", "\n".join(lines_))

    def notice(self, text: Words, kind: str = "warning") -> Shown:
        """Show a banner: ``simulated`` data, ``configured`` (not official) values, or a ``warning``.

        Raises
        ------
        PerfkitError
            If ``kind`` is none of these.
        """
        if kind not in NOTICES:
            raise PerfkitError(
                (f"no notice of kind {kind!r}", f"没有“{kind}”类提示"),
                [Problem(("unknown kind", "未知的类别"), expected=" | ".join(NOTICES), got=kind)],
            )
        said = self.words(text)
        return Shown(f'<p class="notice notice-{kind}" role="note">{cells.escaped(said)}</p>', said)

    def facts(self, pairs: Iterable[tuple[Words, Any]], *, caption: Words | None = None, decimals: int = 2) -> Shown:
        """Show (label, value) pairs, a line each; a missing value is "—". Only one with a caption is numbered."""
        said = [(self.words(label), self._value(value, self.words(label), decimals)) for label, value in pairs]
        head = self._number("table", self.words(caption)) if caption is not None else ""
        return Shown(
            cells.facts(head, said),
            "\n".join([*([head] if head else []), *(f"{label}: {value}" for label, value in said)]),
        )

    def declare(
        self,
        *,
        sections: Iterable[Words] = (),
        tables: Iterable[Words] = (),
        figures: Iterable[Words] = (),
        sums: Iterable[Mapping[str, Any]] = (),
        bounds: Iterable[Mapping[str, Any]] = (),
        numbers: Iterable[float] = (),
        names: Iterable[Any] = (),
        due_on: Any = None,
    ) -> Declared:
        """Declare what the finished report must hold; it is delivered only if it does. The report does not print it.

        The tables and figures that this document has numbered so far must be there in any case.

        Parameters
        ----------
        sections
            Headings that must be there.
        tables, figures
            Captions that must be there; such a table must have rows.
        sums
            Each with ``name``, ``parts`` and ``total``: the parts add up to the total, and all are printed;
            ``within``: by how much they may miss it, by default half a unit of the second decimal.
        bounds
            Each with ``name``, ``value``, ``low`` and ``high`` (None: no bound): low ≤ value < high, and the value is
            printed.
        numbers
            What must be printed somewhere.
        names
            Texts that are names even if they look like a gap, as a project called None would; others are not kept.
        due_on
            The day by which the report is due, for the index of the batch.

        Examples
        --------
        >>> Document("zh").declare(sums=[{"name": "得分", "parts": [9.5, 80], "total": 89.5}])
        sections: 0 · tables: 0 · figures: 0 · sums: 1 · bounds: 0 · numbers: 0 · names: 0
        """
        return Declared(
            {
                "sections": [self.words(each) for each in sections],
                "tables": [self.words(each) for each in tables],
                "figures": [self.words(each) for each in figures],
                "sums": [self._worded(each) for each in sums],
                "bounds": [self._worded(each) for each in bounds],
                "numbers": [plain(each) for each in numbers],
                "names": [
                    str(each)
                    for each in names
                    if any(gap in str(each) for gap in GAPS) and not cells.is_missing(each)
                ],
                "shown": {kind: list(taken) for kind, taken in self._numbers.items()},
                "due_on": plain(due_on),
            }
        )

    def words(self, text: Words) -> str:
        """Return ``text`` in the language of the document."""
        if isinstance(text, tuple):
            return str(text[0 if self.lang == "zh" else 1])
        return str(text)

    def _worded(self, held: Mapping[str, Any]) -> dict[str, Any]:
        taken = {name: plain(value) for name, value in held.items() if name not in ("name", "parts")}
        parts = {"parts": [plain(each) for each in held["parts"]]} if "parts" in held else {}
        return {"name": self.words(held["name"]), **parts, **taken}

    def _value(self, value: Any, label: str, decimals: int) -> str:
        if isinstance(value, tuple):
            return self.words(value)
        places = 0 if cells.is_whole(value) else decimals
        return cells.value(value, decimals=places, what=cells.kind("", label, None), lang=self.lang)

    def _nothing(self, head: str, below: str) -> Shown:
        said = self.words(("（无）", "(none)"))
        return Shown(
            f'<p class="caption">{cells.escaped(head)}</p><p class="nothing">{said}</p>{below}', f"{head}\n{said}"
        )

    def _number(self, kind: str, caption: str) -> str:
        taken = self._numbers[kind]
        number = taken.setdefault(caption, len(taken) + 1)
        if self.lang == "zh":
            return f"{'表' if kind == 'table' else '图'}{number}　{caption}"
        return f"{'Table' if kind == 'table' else 'Figure'} {number}. {caption}"

    def _in_language(self, column: str, frame: pd.DataFrame) -> str:
        """Take the English twin of a Chinese column (why_zh: why_en; zh: en) in an English document."""
        if self.lang == "en" and (column == "zh" or column.endswith("_zh")):
            twin = column.removesuffix("zh") + "en"
            return twin if twin in frame.columns else column
        return column

    def _picked(self, frame: pd.DataFrame, columns: Iterable[str] | None) -> pd.DataFrame:
        if columns is None:
            # Pack and day hold for the whole report: it says them once, not in every row.
            return frame.drop(columns=["pack", "on"], errors="ignore")
        if self.lang == "en" and {"level3", "name_en"} <= set(frame.columns):
            frame = frame.assign(level3=frame["name_en"].where(frame["name_en"].notna(), frame["level3"]))
        wanted = [self._in_language(column, frame) for column in columns]
        problems = [
            Problem(("no such column", "没有该列"), expected=", ".join(map(str, frame.columns)), got=column)
            for column in wanted
            if column not in frame.columns
        ]
        if problems:
            raise PerfkitError(("a table asks for columns it does not have", "表格要求了不存在的列"), problems)
        return frame.loc[:, wanted]


def _svg(fig: Figure) -> bytes:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    held = io.BytesIO()
    # No date and no creator, so that the same figure is the same file.
    nothing = {"Date": None, "Creator": None}
    with missing_glyphs_fail(), mpl.rc_context(style()):
        if hasattr(fig, "fitted"):
            canvas: Any = FigureCanvasSVG(fig)
            canvas.print_svg(held, metadata=nothing)  # savefig would draw twice
        else:
            fig.savefig(held, format="svg", metadata=nothing)
        # A constrained layout creeps a little at every drawing: the first one stands.
        fig.set_layout_engine("none")
    return held.getvalue()
