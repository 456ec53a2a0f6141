"""A notebook that has run, as a clean page: no code, nothing fetched, nothing executed.

What an output or a markdown cell holds is cleaned a second time here (see :mod:`perfkit.reporting.figures` for the
first), because a notebook may also show HTML that this package did not write.
"""

from __future__ import annotations

import html as markup
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from perfkit.errors import PerfkitError, Problem
from perfkit.reporting.recorded import MIMES, SUMMARY_MIME

TEMPLATES = Path(__file__).parents[1] / "templates"
REMOVED = frozenset({"note", "parameters", "injected-parameters", "remove"})
LANGUAGES = ("zh", "en")

# What a report can print, best first.
_PRINTED = ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/latex", "text/plain")
_HARMLESS = """
a abbr b blockquote br caption code col colgroup dd del div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins
kbd li ol p pre s small span strong sub sup table tbody td tfoot th thead tr u ul var
"""
_TAGS = frozenset(_HARMLESS.split())
_ATTRIBUTES = {
    "class",
    "lang",
    "title",
    "scope",
    "colspan",
    "rowspan",
    "role",
    "tabindex",
    "aria-label",
    "alt",
    "start",
}
_LINK = re.compile(r"(https?://|mailto:|#)", re.IGNORECASE)
# Typed loosely, because nbformat and nbconvert ship types without annotating their functions.
_node: Callable[..., NotebookNode] = NotebookNode
_PICTURE = re.compile(r"data:image/(svg\+xml|png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
# Control characters and lone surrogates (XML has no place for them), and marks that override or isolate direction.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
_REFERENCE = re.compile(r"&#([xX][0-9a-fA-F]{1,8}|[0-9]{1,8});?")
_NO_ALT = {"zh": "（图无文字说明）", "en": "(no description)"}
_STYLE = re.compile(r"<style\b.*?</style\s*>", re.IGNORECASE | re.DOTALL)


def clean(notebook: NotebookNode, *, lang: str, title: str | None = None) -> Any:
    """Return ``notebook`` as a parsed page (BeautifulSoup) that needs no other file and no network.

    See :func:`perfkit.reporting.export.render` for what is left out.

    Raises
    ------
    PerfkitError
        If ``lang`` is neither ``zh`` nor ``en``.
    """
    if lang not in LANGUAGES:
        raise PerfkitError(
            (f"no language {lang!r}", f"没有语言“{lang}”"),
            [Problem(("unknown language", "未知的语言"), expected="zh | en", got=str(lang))],
        )
    asked = _marked(title or str((summary_of(notebook) or {}).get("title") or ""))
    kept = _node(nbformat=4, nbformat_minor=5, metadata=_node(), cells=list(_kept(notebook.cells, lang)))
    resources = {"title": asked, "no_alt": _NO_ALT[lang]}
    body, _ = _exporter(lang).from_notebook_node(kept, resources)
    return _finished(_inert(body), asked, lang)


def summary_of(notebook: NotebookNode) -> dict[str, Any] | None:
    """Return what the notebook says of itself for the index (``title`` and ``fields``), or None."""
    found = None
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            held = output.get("data", {}).get(SUMMARY_MIME)
            if isinstance(held, Mapping):
                found = {"title": str(held.get("title") or ""), "fields": dict(held.get("fields") or [])}
    return found


@lru_cache(maxsize=512)  # reports repeat fragments: the legal bases, the notices
def safe(text: str) -> str:
    """Return HTML of which only harmless elements are left as such; anything else shows as text.

    Examples
    --------
    >>> safe("<b>甲</b><script>alert(1)</script>")
    '<b>甲</b>&lt;script&gt;alert(1)&lt;/script&gt;'
    """
    # pandas puts a style sheet before each frame: it would show as text.
    return str(_cleaner().clean(_inert(_STYLE.sub("", text))))


@cache
def _cleaner() -> Any:
    from bleach import Cleaner

    return Cleaner(tags=_TAGS, attributes=_is_harmless, protocols={"http", "https", "mailto", "data"})


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return tag == "a" and _LINK.match(value) is not None
    if name == "src":
        return tag == "img" and _PICTURE.fullmatch(value) is not None
    return name in _ATTRIBUTES


@cache
def _exporter(lang: str) -> Any:
    from nbconvert.exporters import HTMLExporter, TemplateExporter
    from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter

    written: Any = TemplateExporter.from_notebook_node

    class Exporter(HTMLExporter):
        """Leaves the page unparsed: what nbconvert would look for in it is looked for here, in one parse."""

        def from_notebook_node(self, nb: Any, resources: Any = None, **settings: Any) -> Any:
            me: Any = self
            filter_of: Any = WidgetsDataTypeFilter
            known = filter_of(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
            me.register_filter("filter_data_type", known)
            return written(self, nb, me._init_resources(resources), **settings)

    made: Any = Exporter
    exporter = made(
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        language_code=lang,
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
        # Each would have the whole notebook validated once more; the others do nothing to a report.
        default_preprocessors=["nbconvert.preprocessors.CoalesceStreamsPreprocessor"],
    )
    exporter.register_filter("highlight_code", lambda code, **_: markup.escape(code))  # the code is not shown
    exporter.register_filter("safe_html", safe)
    exporter.register_filter("escape_html_attribute", lambda text: markup.escape(str(text)))
    return exporter


def _kept(cells: Iterable[NotebookNode], lang: str) -> Iterable[NotebookNode]:
    others = {each for each in LANGUAGES if each != lang}
    for cell in cells:
        tags = set(cell.metadata.get("tags", []))
        if tags & REMOVED or (tags & others and lang not in tags):
            continue
        if cell.cell_type == "markdown":
            yield cell
        elif cell.cell_type == "code":
            outputs = [output for output in map(_printed, cell.outputs) if output is not None]
            if outputs:
                yield _node({**cell, "source": "", "outputs": outputs})


def _printed(output: NotebookNode) -> NotebookNode | None:
    if output.output_type == "stream":
        return output if output.name == "stdout" and output.text.strip() else None
    if output.output_type == "error":
        return output
    if MIMES & output.data.keys():
        return None
    best = next((kind for kind in _PRINTED if kind in output.data), None)
    if best is None:
        return None
    kind = "text/plain" if best == "text/latex" else best
    return _node({**output, "data": _node({kind: output.data[best]})})


def _marked(text: str) -> str:
    """Return ``text`` with a visible mark for what no document may hold and for what turns the order of reading."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _inert(body: str) -> str:
    """Return HTML with :func:`_marked` text, also where a character is written as a number."""
    return _marked(_REFERENCE.sub(_unprintable_reference, body))


def _unprintable_reference(found: re.Match[str]) -> str:
    digits = found[1]
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    return chr(code) if code < sys.maxunicode and _UNPRINTABLE.match(chr(code)) else found[0]


def _finished(body: str, asked: str, lang: str) -> Any:
    from bs4 import BeautifulSoup

    page: Any = BeautifulSoup(body, "html.parser")
    # What can scroll must be within reach of a keyboard, and every heading cell say what it heads.
    name = "表格" if lang == "zh" else "Table"
    for table in page.find_all("table"):
        if table.find_parent(class_="wide") is None:
            frame = {"class": "wide", "role": "region", "tabindex": "0", "aria-label": name}
            table.wrap(page.new_tag("div", attrs=frame))
    for cell in page.find_all("th", scope=False):
        if not cell.get_text(strip=True):
            cell.name = "td"
            continue
        cell["scope"] = "col" if cell.find_parent("thead") else "row"
    for figure in page.find_all("figure"):
        figure["tabindex"] = "0"
    for picture in page.find_all("img", alt=False):
        picture["alt"] = _NO_ALT[lang]
    _put_title(page, asked)
    # A document must have a name, even where it prints none.
    page.title.string = page.title.string or ("报告" if lang == "zh" else "Report")
    _put_contents(page, lang)
    return page


def _put_title(page: Any, asked: str) -> None:
    """Head the page with the notebook's heading and the summary's title, or the one that says both."""
    heading = page.main.find("h1")
    own = heading.get_text(" ", strip=True) if heading is not None else ""
    below = heading.find_next_sibling("p", class_="subtitle") if heading is not None else None
    if heading is not None:
        heading.extract()
    first, second = (own, asked) if own else (asked, "")
    if second and second in first:
        second = ""
    elif second and first in second:
        first, second = second, ""
    if first:
        page.header.append(_element(page, "h1", first))
    if second:
        page.header.append(_element(page, "p", second, {"class": "subtitle"}))
    if below is not None:
        page.header.append(below.extract())
    page.title.string = first


def _put_contents(page: Any, lang: str) -> None:
    """Give every heading an anchor and list the second and third level at the top."""
    taken: set[str] = set()
    headings = page.main.find_all(["h2", "h3", "h4"])
    for heading in headings:
        heading["id"] = _anchor(heading.get_text(), taken)
    listed = [heading for heading in headings if heading.name in ("h2", "h3")]
    nav = page.nav
    if len(listed) < 2:
        nav.decompose()
        return
    name = "目录" if lang == "zh" else "Contents"
    nav["aria-label"] = name
    fold = page.new_tag("details", attrs={"open": ""})
    fold.append(_element(page, "summary", name))
    entries = page.new_tag("ul")
    for heading in listed:
        entry = page.new_tag("li", attrs={"class": heading.name})
        entry.append(_element(page, "a", heading.get_text(" ", strip=True), {"href": f"#{heading['id']}"}))
        entries.append(entry)
    fold.append(entries)
    nav.append(fold)
    # What stands before the first section (notices) is read before the contents.
    listed[0].insert_before(nav)


def _element(page: Any, tag: str, text: str, attributes: dict[str, str] | None = None) -> Any:
    made = page.new_tag(tag, attrs=attributes or {})
    made.string = text
    return made


def _anchor(text: str, taken: set[str]) -> str:
    plain = re.sub(r"[^\w]+", "-", text).strip("-_")[:60] or "section"
    anchor, at = plain, 1
    while anchor in taken:
        at += 1
        anchor = f"{plain}-{at}"
    taken.add(anchor)
    return anchor
