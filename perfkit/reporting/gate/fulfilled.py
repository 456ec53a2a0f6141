"""Whether a report holds what its notebook declared: parts that re-add, values within bounds, all of it shown."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from perfkit.reporting.gate.numbers import counted, not_shown
from perfkit.reporting.gate.reading import Seen

Pair = tuple[str, str]

# Half a unit of the last decimal that is printed: a reader who re-adds by hand sees no more.
_TOLERANCE = 0.005
_DUST = 1e-9
_ENUMERATED = re.compile(r"^(?:[一二三四五六七八九十百]+、|（[一二三四五六七八九十百]+）|\d+(?:\.\d+)*[.．、]?\s)")


def unfulfilled(declared: Mapping[str, Any], seen: Mapping[str, Seen]) -> list[Pair]:
    """Return what is wrong with what was declared, in itself and in each format."""
    found = [*_sums(declared.get("sums", [])), *_bounds(declared.get("bounds", []))]
    for kind, each in seen.items():
        found += [*_titles(declared, each, kind.upper()), *_shown(declared, each, kind.upper())]
    return found


def squeezed(text: str) -> str:
    r"""Return ``text`` without any white space, compatible characters made one.

    Examples
    --------
    >>> squeezed("一、 基本 情况\n（㎡）")
    '一、基本情况(m2)'
    """
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _sums(sums: Iterable[Mapping[str, Any]]) -> list[Pair]:
    found = []
    for each in sums:
        name, parts, total = each["name"], each["parts"], each["total"]
        if lacking := sum(not _is_number(part) for part in [*parts, total]):
            found.append((f"“{name}”有 {lacking} 个数值缺失", f"{name}: {lacking} values are missing"))
        elif abs(math.fsum(parts) - total) > each.get("within", _TOLERANCE) + _DUST:
            added = f"{math.fsum(parts):.4f}".rstrip("0").rstrip(".")
            found.append(
                (
                    f"“{name}”各项相加为 {added}，与合计 {total:g} 不符",
                    f"{name}: the parts add up to {added}, not to the total {total:g}",
                )
            )
    return found


def _bounds(bounds: Iterable[Mapping[str, Any]]) -> list[Pair]:
    """Check that a value is not below ``low`` and is below ``high``; None: no bound on that side."""
    found = []
    for each in bounds:
        name, value, low, high = each["name"], each["value"], each.get("low"), each.get("high")
        if not _is_number(value):
            found.append((f"“{name}”的数值缺失", f"{name}: the value is missing"))
        elif (low is not None and value < low) or (high is not None and value >= high):
            bottom, top = "−∞" if low is None else f"{low:g}", "∞" if high is None else f"{high:g}"
            found.append(
                (
                    f"“{name}”为 {value:g}，不在 [{bottom}, {top}) 之内",
                    f"{name} is {value:g}, outside [{bottom}, {top})",
                )
            )
    return found


def _titles(declared: Mapping[str, Any], seen: Seen, kind: str) -> list[Pair]:
    found: list[Pair] = []
    whole = squeezed(seen.whole)
    headings = [squeezed(text) for _, text in seen.headings]
    for name in declared.get("sections", []):
        # A format that has no headings of its own may number them itself.
        there = squeezed(name) in headings if headings else squeezed(_ENUMERATED.sub("", name)) in whole
        if not there:
            found.append((f"{kind} 缺少“{name}”部分", f"{kind} lacks the section {name!r}"))
    shown = declared.get("shown", {})
    wanted = [(name, "表", "table") for name in [*declared.get("tables", []), *shown.get("table", [])]]
    wanted += [(name, "图", "figure") for name in [*declared.get("figures", []), *shown.get("figure", [])]]
    for name, zh, en in dict.fromkeys(wanted):
        if squeezed(name) not in whole:
            found.append((f"{kind} 缺少{zh}“{name}”", f"{kind} lacks the {en} {name!r}"))
    if headings:
        full = [squeezed(table.caption) for table in seen.tables if any(table.rows)]
        for name in declared.get("tables", []):
            if squeezed(name) in whole and not any(squeezed(name) in caption for caption in full):
                found.append((f"{kind} 的表“{name}”没有内容", f"{kind}: the table {name!r} is empty"))
    return found


def _shown(declared: Mapping[str, Any], seen: Seen, kind: str) -> list[Pair]:
    found = []
    everywhere = counted([*seen.texts, *seen.cells])
    # A format without tables of its own shows their cells in its text.
    in_tables = counted(seen.cells) if seen.tables else everywhere
    for each in declared.get("sums", []):
        found += _lacking(each["name"], each["parts"], in_tables, kind)
        found += _lacking(each["name"], [each["total"]], everywhere, kind)
    for each in declared.get("bounds", []):
        found += _lacking(each["name"], [each["value"]], everywhere, kind)
    return found + _lacking("numbers", declared.get("numbers", []), everywhere, kind)


def _lacking(name: str, values: Sequence[Any], shown: Counter[Decimal], kind: str) -> list[Pair]:
    missing = not_shown([each for each in values if _is_number(each)], shown)
    listed = ", ".join(f"{each:g}" for each in dict.fromkeys(missing))
    return [(f"{kind} 未印出“{name}”的 {listed}", f"{kind} does not show {listed} of {name}")] if missing else []


def _is_number(each: Any) -> bool:
    return isinstance(each, int | float) and not isinstance(each, bool) and math.isfinite(each)
