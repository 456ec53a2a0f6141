"""What all tests share: where the shared material lies, one order of random examples, no fonts of the machine."""

import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ``shared`` beside the checkout: real data and oracles that may not be copied into it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared (real data and published figures) is not beside this checkout")
    return folder


@pytest.fixture
def no_system_fonts() -> Iterator[None]:
    """Let matplotlib see only the fonts it ships: a fresh machine has no others."""
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    own = Path(mpl.get_data_path())
    seen = fontManager.ttflist
    fontManager.ttflist = [font for font in seen if own in Path(font.fname).parents]
    fontManager._findfont_cached.cache_clear()
    yield
    fontManager.ttflist = seen
    fontManager._findfont_cached.cache_clear()


@pytest.fixture
def own_pack(tmp_path: Path) -> Callable[..., Path]:
    """Make a pack folder of one's own: a copy of a shipped pack whose parameters ``edit`` changes."""

    def make(edit: Callable[[dict[str, Any]], object], pack: str = "teaching-demo") -> Path:
        home = tmp_path / "own-rules"
        shutil.copytree(ROOT / "data" / "rules" / pack, home)
        file = home / "parameters.yaml"
        parameters = yaml.safe_load(file.read_text(encoding="utf-8"))
        edit(parameters)
        file.write_text(yaml.safe_dump(parameters, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return home

    return make


MONEY = ["年初\n预算数", "全年\n预算数", "全年\n执行数", "分值", "执行率", "得分"]
PARTS = [[name, None, None, None] for name in ("其中:当年财政拨款", "上年结转资金", "其他资金")]
LABELS = [
    "一级指标",
    "二级指标",
    "三级指标",
    "",
    "年度\n指标值",
    "实际\n完成值",
    "分值",
    "得分",
    "偏差原因分析\n及改进措施",
]
EMPTY = [["产出指标", "数量指标", name, *[""] * 5] for name in ("指标1：", "指标2：", "……")]


@pytest.fixture(scope="session")
def official_form() -> Callable[..., Path]:
    """Write a form in the official layout (annex 1 of 财预〔2020〕10号) with openpyxl, cells merged as there.

    ``facts`` has year, name, unit_of_money, money, parts, goal, rows, total, grade; without facts the form is blank.
    """

    def write(path: Path, facts: dict[str, Any] | None = None) -> Path:
        book = openpyxl.Workbook()
        fill_official_form(book.active, facts or {})
        path.parent.mkdir(parents=True, exist_ok=True)
        book.save(path)
        return path

    return write


def fill_official_form(sheet: Any, facts: dict[str, Any]) -> None:
    """Lay out columns A to J: A the side labels, D and E one column of the indicators."""
    lines = _head(facts)
    first = len(lines) + 1
    rows = facts.get("rows", EMPTY)
    lines += _body(rows)
    full = sum(row[5] or 0 for row in rows) + facts["money"].get("points", 0) if facts else None
    lines.append(["总分", *[None] * 6, full, facts.get("total")])
    lines += [["自评等级", None, facts["grade"]]] if facts.get("grade") else []
    for line in lines:
        sheet.append([None if value == "" else value for value in line])
    for cell in [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]:
        cell.data_type = "s"  # "=100%" is typed as text, not as a formula
    blocks = ["A1:J1", "A2:J2", f"A5:A{first - 4}", f"A{first + len(rows)}:G{first + len(rows)}"]
    blocks += [f"D{row}:E{row}" for row in range(first - 1, first + len(rows))]
    for column in "BC":
        body = range(first, first + len(rows))
        starts = [row for row in body if sheet[f"{column}{row}"].value or row == first] + [first + len(rows)]
        blocks += [f"{column}{top}:{column}{following - 1}" for top, following in pairwise(starts)]
    for block in blocks:
        sheet.merge_cells(block)


def _head(facts: dict[str, Any]) -> list[list[Any]]:
    money = [
        facts.get("money", {}).get(name) for name in ("budget_initial", "budget", "spent", "points", "rate", "score")
    ]
    unit, goal = facts.get("unit_of_money", "万元"), facts.get("goal", [None, None])
    return [
        ["项目支出绩效自评表"],
        [f"（{facts.get('year') or ' '}年度）"],
        ["项目名称", None, facts.get("name")],
        ["主管部门", None, facts.get("department"), None, None, "实施单位", facts.get("implementer")],
        [f"项目资金\n（{unit}）", None, None, None, *MONEY],
        [None, "年度资金总额", None, None, *money],
        *[[None, name, None, None, *amounts, "—", None, "—"] for name, *amounts in facts.get("parts", PARTS)],
        ["年度总体目标", "预期目标", None, None, None, "实际完成情况"],
        [None, goal[0], None, None, None, goal[1]],
        ["绩\n效\n指\n标", *LABELS],
    ]


def _body(rows: list[list[Any]]) -> list[list[Any]]:
    lines, before = [], ["", ""]
    for level1, level2, level3, *cells in rows:
        shown = [level1 if level1 != before[0] else None, level2 if [level1, level2] != before else None]
        before = [level1, level2]
        lines.append([None, *shown, level3, None, *cells])
    return lines
