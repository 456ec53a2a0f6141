"""What offices write into 年度指标值 and 实际完成值: numbers, bounds, days and words.

Nothing is guessed at: what cannot be told keeps its text and is called ``unclear``.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

QUANTITY, DAY, YES_NO, WORDS, UNCLEAR, BLANK = "quantity", "day", "yes_no", "words", "unclear", "blank"

_SAME = str.maketrans("≧⩾≦⩽〈〉—–～−", "≥≥≤≤<>--~-")
_NOTHING = {"", "-", "--", "/", "\\", "——", "无"}
_NUMBER = r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
# Longer signs first: 不大于 must not read as 大于. The second word says whether the sign leaves out the bound itself.
_BEFORE = (
    (r"≥|>=|=>|≥=|不低于|不少于|不小于|大于等于|大于或等于|高于等于|至少", "ge", False),
    (r"≤|<=|=<|≤=|不高于|不多于|不大于|不超过|不超出|小于等于|小于或等于|低于等于|至多|最多|控制在", "le", False),
    (r"==?|等于", "eq", False),
    (r">|大于|超过|高于|多于", "ge", True),
    (r"<|小于|低于|少于", "le", True),
)
_AFTER = ((r"(?:及|或|含|\(含\))?以上", "ge"), (r"(?:及|或|含|\(含\))?(?:以下|以内|之内|内)", "le"))
# Words that may stand before a number without making it another thing: "完成 3 次".
_LEADS = r"(?:共|共计|合计|完成|已完成|实际完成|实际|达|达到|已达到|达成|为|约为)*"
_UNIT = r"(?:[^\d<>=≤≥~,;，；。、:：]{0,10}|[a-zA-Z]{1,2}[23])"
# A number of about so much, or one that is only a part of what is said ("≥90分为优", "2023年第四季度"), is not read.
_VAGUE = re.compile(r"左右|约|上下|不等|余|多$|为|则|得|扣|^年.|^月|季度|级|档")
_A_CODE = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")
_HALF_A_NUMBER = re.compile(r"[≥≤<>]|是/否|[一二三四五六七八九十百千两]+(?:次|个|项|人|场|期|%)|百分之")
_YES, _NO = {"是", "yes", "√"}, {"否", "no", "×"}
_DAYS = (
    re.compile(r"(?P<year>(?:19|20)\d{2})[-./](?P<month>1[0-2]|0?[1-9])(?:[-./](?P<day>3[01]|[12]\d|0?[1-9]))?"),
    re.compile(
        r"(?:(?P<year>(?:19|20)\d{2})年)?(?P<month>1[0-2]|0?[1-9])月份?(?:(?P<day>3[01]|[12]\d|0?[1-9])[日号]|底|末)?"
    ),
    re.compile(r"(?:(?P<year>(?:19|20)\d{2})年度?(?:年?[底末])?|(?:本年|当年|年)[底末])(?P<month>)(?P<day>)"),
)
_AROUND_A_DAY = re.compile(
    r"^(?:于|在|截至|截止|至|计划)+"
    r"|(?:之前|以前|前|完成|竣工|结束|内|达成|完工|到位|支付|发放|验收|已)+$"
)


@dataclass(frozen=True)
class Reading:
    """What a cell says: ``what`` it is (quantity, day, yes_no, words, unclear, blank) and its original ``text``.

    ``low`` and ``high`` bound a quantity (``high`` only between two); ``way`` is ge, le, eq, in, or empty where the
    cell has no sign; ``strict`` says that the sign leaves out the bound
    itself; ``first`` and ``day`` are the first and the last day that may be meant ("2023年10月").
    """

    what: str
    text: str
    low: float | None = None
    high: float | None = None
    way: str = ""
    strict: bool = False
    unit: str = ""
    first: dt.date | None = None
    day: dt.date | None = None


def read_text(text: object, year: int | None = None) -> Reading:
    """Read one cell; ``year`` completes a day that names none ("12月底前").

    Examples
    --------
    >>> read_text("≥735人次").way, read_text("≥735人次").low, read_text("≥735人次").unit
    ('ge', 735.0, '人次')
    >>> read_text("９５％以上").way, read_text("10-20万元").high, str(read_text("2023年12月底前").day)
    ('ge', 20.0, '2023-12-31')
    >>> read_text("有效").what, read_text("每季度末10日内报送").what
    ('words', 'unclear')
    """
    kept = "" if text is None else str(text).strip()
    bare = plain(kept)
    if bare in _NOTHING:
        return Reading(BLANK, kept)
    if bare.lower() in _YES | _NO:
        return Reading(YES_NO, kept, low=float(bare.lower() in _YES))
    span = _days(bare, year)
    if span:
        return Reading(DAY, kept, first=span[0], day=span[1])
    if not re.search(r"\d", bare):
        return Reading(UNCLEAR if _HALF_A_NUMBER.search(bare) else WORDS, kept)
    return _range(bare, kept) or _quantity(bare, kept) or Reading(UNCLEAR, kept)


def plain(text: str) -> str:
    """Return ``text`` at half width, without blanks, signs written in one way."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text.translate(_SAME)).translate(_SAME))


def _float(digits: str) -> float | None:
    number = float(digits.replace(",", ""))
    return number if abs(number) < float("1e15") else None  # longer ones are codes, not quantities


def _range(bare: str, kept: str) -> Reading | None:
    """Read "10-20万元", "5%~8%", "10至20次"."""
    found = re.fullmatch(rf"{_LEADS}({_NUMBER})({_UNIT}?)(?:-|~|至|到)({_NUMBER})({_UNIT})(?:之间)?", bare)
    if not found or found[2] not in ("", found[4]) or _VAGUE.search(found[4]) or _is_years(found[1], found[4]):
        return None
    low, high = _float(found[1]), _float(found[3])
    if low is None or high is None or low > high:
        return None
    return Reading(QUANTITY, kept, low=low, high=high, way="in", unit=found[4])


def _is_years(digits: str, unit: str) -> bool:
    return unit.startswith("年") and bool(re.fullmatch(r"(?:19|20)\d{2}", digits))


def _quantity(bare: str, kept: str) -> Reading | None:
    """Read a number with its sign, before or after, and its unit; words before a sign only say of what it is."""
    bare = re.sub(r"(?:完成|达成|达标)$", "", bare)
    for words, way, strict in _BEFORE:
        found = re.fullmatch(rf"[^\d<>=≤≥]*?(?:{words})({_NUMBER})({_UNIT})", bare)
        if found:
            unit = re.sub(r"(?:以内|之内|以下|内)$", "", found[2]) if way == "le" else found[2]
            return _made(found[1], unit, way, strict, kept)
    for words, way in _AFTER:
        found = re.fullmatch(rf"{_LEADS}({_NUMBER})({_UNIT}?)(?:{words})", bare)
        if found:
            return _made(found[1], found[2], way, False, kept)
    found = re.fullmatch(rf"{_LEADS}({_NUMBER})({_UNIT})", bare)
    return _made(found[1], found[2], "", False, kept) if found else None


def _made(digits: str, unit: str, way: str, strict: bool, kept: str) -> Reading | None:
    number = _float(digits)
    if number is None or _VAGUE.search(unit) or _A_CODE.fullmatch(digits):
        return None
    return Reading(QUANTITY, kept, low=number, way=way, strict=strict, unit=unit)


def _days(bare: str, year: int | None) -> tuple[dt.date, dt.date] | None:
    """Return the first and the last day that a text may mean; "月底" and "年底" mean the last."""
    core = _AROUND_A_DAY.sub("", bare)
    found = next((match for match in (each.fullmatch(core) for each in _DAYS) if match), None)
    of = int(found["year"]) if found and found["year"] else year
    if found is None or of is None:
        return None
    month = int(found["month"] or 12)
    last = calendar.monthrange(of, month)[1]
    try:
        end = dt.date(of, month, int(found["day"] or last))
    except ValueError:
        return None
    if found["day"] or core[-1] in "底末":
        return end, end
    return dt.date(of, int(found["month"] or 1), 1), end
