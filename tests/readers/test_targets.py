"""What offices write into a form's cells; texts are those of published forms where a source is named."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.readers import read_text

QUANTITIES = [
    # 永德县营养改善计划 2022
    ("≥735人次", "ge", 735, None, "人次"),
    ("=100%", "eq", 100, None, "%"),
    ("≥95%", "ge", 95, None, "%"),
    # 临沧市野生动物收容救护设施 2023
    ("≥200㎡", "ge", 200, None, "m2"),
    ("204.46㎡", "", 204.46, None, "m2"),
    ("≥8400元", "ge", 8400, None, "元"),
    ("≥15年", "ge", 15, None, "年"),
    # 廊坊市食品工程学校 2019
    ("43.2", "", 43.2, None, ""),
    # 池州市棠溪镇 2022
    ("≥50个", "ge", 50, None, "个"),
    ("≥100百分比", "ge", 100, None, "百分比"),
    ("≤90万元", "le", 90, None, "万元"),
    # dyrmt.com article 132779
    ("≤10次", "le", 10, None, "次"),
    ("≤5%", "le", 5, None, "%"),
    # other ways to write the same
    ("９５％以上", "ge", 95, None, "%"),
    ("＞＝９５％", "ge", 95, None, "%"),
    ("≧ 95 %", "ge", 95, None, "%"),
    ("不低于90%", "ge", 90, None, "%"),
    ("不大于3天", "le", 3, None, "天"),
    ("覆盖率≥95%", "ge", 95, None, "%"),
    ("控制在5%以内", "le", 5, None, "%"),
    ("10个工作日内", "le", 10, None, "个工作日"),
    ("10-20万元", "in", 10, 20, "万元"),
    ("5%～8%", "in", 5, 8, "%"),
    ("10至20次", "in", 10, 20, "次"),
    ("1,234.5万元", "", 1234.5, None, "万元"),
    ("完成3次", "", 3, None, "次"),
    ("-3%", "", -3, None, "%"),
    ("0起", "", 0, None, "起"),
    ("12个月", "", 12, None, "个月"),
]
DAYS = [
    ("2023年12月前", "2023-12-01", "2023-12-31"),  # 临沧市野生动物收容救护设施 2023
    ("2023年10月", "2023-10-01", "2023-10-31"),  # the same
    ("2023年12月底前", "2023-12-31", "2023-12-31"),
    ("2023年12月31日前完成", "2023-12-31", "2023-12-31"),
    ("2023-06-30", "2023-06-30", "2023-06-30"),
    ("2023.6.30", "2023-06-30", "2023-06-30"),
    ("12月底前", "2022-12-31", "2022-12-31"),
    ("年底前", "2022-12-31", "2022-12-31"),
    ("2024年2月", "2024-02-01", "2024-02-29"),
]
WORDS = ["有效", "严格执行相关制度规定", "在项目计划完成时间内完成", "达成预期指标", "效果明显", "按时完成"]
UNCLEAR = [
    "31.69/32.4",
    "每季度末10日内报送",
    "≥90分为优",
    "约100人",
    "100人左右",
    "达到国家2级标准",
    "2021-2022年",
    "2022年1月-12月",
    "2023年第四季度",
    "20230630",
    "2023年2月30日",
    "是/否",
    "百分之九十五",
    "三次",
    "≥",
    "1.2.3",
]


@pytest.mark.parametrize(("text", "way", "low", "high", "unit"), QUANTITIES)
def test_quantities(text, way, low, high, unit):
    read = read_text(text)
    assert (read.what, read.way, read.low, read.high, read.unit) == ("quantity", way, low, high, unit)
    assert read.text == text


@pytest.mark.parametrize(("text", "first", "last"), DAYS)
def test_days(text, first, last):
    read = read_text(text, 2022)
    assert (read.what, str(read.first), str(read.day)) == ("day", first, last)


def test_a_day_without_a_year_needs_one():
    assert read_text("12月底前").what == "unclear"
    assert read_text("12月底前", 2021).day == dt.date(2021, 12, 31)


@pytest.mark.parametrize("text", WORDS)
def test_words(text):
    assert read_text(text).what == "words"


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_cannot_be_told_is_kept(text):
    read = read_text(text, 2022)
    assert (read.what, read.text, read.low, read.day) == ("unclear", text, None, None)


@pytest.mark.parametrize("text", [None, "", "  ", "—", "/", "无"])
def test_blank(text):
    assert read_text(text).what == "blank"


@pytest.mark.parametrize(("text", "is_so"), [("是", 1.0), ("否", 0.0), ("√", 1.0)])
def test_yes_and_no(text, is_so):
    assert (read_text(text).what, read_text(text).low) == ("yes_no", is_so)


@pytest.mark.parametrize(("text", "strict"), [(">5", True), ("大于5次", True), ("不大于5次", False), ("≥5", False)])
def test_a_bound_left_out_is_said(text, strict):
    assert read_text(text).strict is strict


SIGNS = st.sampled_from(list("≥≤<>=＞＜％%～~-—至年月日底前内以上0123456789.,，（）万元亿次人是否达到第约 \n\t"))


@given(st.one_of(st.text(), st.text(SIGNS, max_size=20)), st.one_of(st.none(), st.integers(1, 9999)))
def test_it_never_raises_and_keeps_the_text(text, year):
    read = read_text(text, year)
    assert read.text == text.strip()
    assert read.what in ("quantity", "day", "yes_no", "words", "unclear", "blank")
    assert (read.low is not None) == (read.what in ("quantity", "yes_no"))
    assert (read.day is not None) == (read.what == "day")
    assert read.high is None or read.low <= read.high


@given(st.integers(0, 10**9), st.sampled_from(["≥", "≤", "="]), st.sampled_from(["人次", "%", "万元", ""]))
def test_what_is_written_is_what_is_read(number, sign, unit):
    read = read_text(f"{sign}{number}{unit}")
    assert (read.low, read.way, read.unit) == (number, {"≥": "ge", "≤": "le", "=": "eq"}[sign], unit)
