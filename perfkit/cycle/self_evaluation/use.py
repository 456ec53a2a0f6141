"""What follows from the self-evaluations: budgets that end, the spot check, and what is left to do."""

from __future__ import annotations

import math
from decimal import Decimal

import pandas as pd

from perfkit.cycle.self_evaluation.execution import to_explain
from perfkit.cycle.self_evaluation.projects import Listing, Pair, Year, first, money
from perfkit.measure.explaining import percent


def no_further_budget(year: Year) -> Listing:
    """Return the projects whose self-grade gets no further budget by the pack, the largest budgets first."""
    ended = _ended(year)
    return first(year, ended.sort_values(["budget", "unit_id"], ascending=[False, True], kind="stable"))


def no_further_budget_text(year: Year) -> list[Pair]:
    """Say which grades get no further budget, and how many projects with how much money that is."""
    shown, source = _grades(year, "self"), year.rule_set.cite("no_further_budget")
    ended = _ended(year)
    amount, share = money(ended["budget"]), _share(year, ended)
    many: Pair = (
        f"共 {len(ended):,} 个项目，本年预算 {amount[0]}{share[0]}",
        f"{len(ended):,}, with a budget this year of {amount[1]}{share[1]}",
    )
    many = many if len(ended) else ("没有这样的项目", "none")
    lines: list[Pair] = [
        (
            f"依据{source[0]}，自评结果为{shown[0]}的项目不再安排预算。按自评得分对应的等级，{many[0]}。",
            f"By {source[1]}, projects that grade themselves {shown[1]} get no further budget. By the grade of their "
            f"self-score these are: {many[1]}.",
        )
    ]
    wanted = year.rule_set.value("no_further_budget")["self"]
    words = year.projects[year.projects["given"].isin(wanted) & ~year.projects["grade"].isin(wanted)]
    if len(words):
        lines.append(
            (
                f"另有 {len(words):,} 个项目填报等级为{shown[0]}而得分对应更高等级，须先更正。",
                f"Besides {len(words):,} give such a grade with a score of a better one: to be corrected first.",
            )
        )
    lacking = int((~year.projects["handed_in"]).sum())
    ungraded = int((year.projects["handed_in"] & year.projects["grade"].isna()).sum())
    open_ = [
        (lacking, f"未报送的 {lacking:,} 个", f"handed in nothing: {lacking:,}"),
        (ungraded, f"已报送而无得分和等级的 {ungraded:,} 个", f"handed in without score or grade: {ungraded:,}"),
    ]
    there = [(zh, en) for count, zh, en in open_ if count]
    if there:
        lines.append(
            (
                "、".join(zh for zh, _ in there) + "项目没有自评结果，未计入。",
                "Without a result and so not counted: " + "; ".join(en for _, en in there) + ".",
            )
        )
    return lines


def spot_check_size(year: Year) -> int:
    """Return the least number of projects to check: the pack's floor of those handed in, rounded up.

    Examples
    --------
    >>> from perfkit import rules
    >>> held = rules.load("zhejiang-self-evaluation", "2021-12-31")
    >>> made = pd.DataFrame({"handed_in": [True] * 5688})
    >>> spot_check_size(Year(made, held))
    569
    """
    share = Decimal(str(year.rule_set.value("spot_check_floor")["share"]))
    return math.ceil(share * len(year.handed_in))


def spot_check_text(year: Year) -> list[Pair]:
    """Say what the spot check will do: how many, which for certain, and what a bad grade then means."""
    came, least = year.handed_in, spot_check_size(year)
    if came.empty:
        return [("没有报送的自评，无从抽评。", "Nothing was handed in: there is nothing to check.")]
    share = percent(float(year.rule_set.value("spot_check_floor")["share"]))
    cited = year.rule_set.cite("spot_check_floor")
    wished = int(came["recommended"].eq(True).fillna(False).sum())
    absent = int(year.projects["recommended"].eq(True).fillna(False).sum()) - wished
    rest = max(least - wished, 0)
    checked = _grades(year, "checked")
    lines: list[Pair] = [
        (
            f"依据{cited[0]}，抽评不少于已报送自评项目的 {share}：{len(came):,} 个项目至少抽评 {least:,} 个"
            f"（{share}×{len(came):,}，进位取整）。",
            f"By {cited[1]}, at least {share} of the self-evaluations handed in are checked: of {len(came):,} at "
            f"least {least:,} ({share} x {len(came):,}, rounded up).",
        )
    ]
    if wished:
        gone = (f"（另有 {absent:,} 个推荐项目未报送）", f" (recommended but missing: {absent:,})")
        gone = gone if absent else ("", "")
        lines.append(
            (
                f"业务处室推荐 {wished:,} 个{gone[0]}，全部抽评；其余至少 {rest:,} 个随机抽取。推荐项目不是随机样本，"
                "推断全部项目时须与随机部分分开。",
                f"Recommended by the divisions: {wished:,}{gone[1]}, all of them checked; at least {rest:,} more are "
                "drawn at random. The recommended are no random sample: they are kept apart when the checks are made "
                "to speak for all.",
            )
        )
    else:
        lines.append(
            (
                f"没有处室推荐的项目，至少 {least:,} 个全部随机抽取。",
                f"No project is recommended: all are drawn at random, {least:,} or more.",
            )
        )
    lines.append(
        (
            f"抽评结果为{checked[0]}的项目同样不再安排预算，无论自评等级。",
            f"Projects that the check grades {checked[1]} get no further budget either, whatever their self-grade.",
        )
    )
    return lines


def follow_up(year: Year, found: pd.DataFrame) -> list[Pair]:
    """Return what is left to do, from the numbers; ``found`` is table ``findings``."""
    lacking, tardy = year.projects[~year.projects["handed_in"]], int((year.handed_in["days_late"] > 0).sum())
    wrong = found.loc[found["severity"].eq("contradiction"), "unit_id"].nunique()
    explain = found.loc[found["severity"].eq("explain"), "unit_id"].nunique()
    odd, ended = to_explain(year).count, _ended(year)
    least = spot_check_size(year)
    amount = money(ended["budget"])
    done: list[tuple[int, Pair]] = [
        (
            len(lacking),
            (
                f"催报未报送的 {len(lacking):,} 个项目（预算 {money(lacking['budget'])[0]}）。",
                f"Projects to chase, nothing handed in: {len(lacking):,} ({money(lacking['budget'])[1]}).",
            ),
        ),
        (
            tardy,
            (
                f"向逾期的 {tardy:,} 个项目的主管部门通报。",
                f"Late projects whose departments are to be told: {tardy:,}.",
            ),
        ),
        (
            wrong,
            (
                f"退回 {wrong:,} 个项目的自评，更正不符之处。",
                f"Self-evaluations to be sent back and corrected: {wrong:,}.",
            ),
        ),
        (
            explain,
            (
                f"请 {explain:,} 个项目就核对发现补充或说明。",
                f"Projects that have to supply or explain what the check of the forms found: {explain:,}.",
            ),
        ),
        (
            odd,
            (
                f"请 {odd:,} 个高分低执行的项目说明原因。",
                f"Projects with a high score and a low execution that have to explain: {odd:,}.",
            ),
        ),
        (
            len(ended),
            (
                f"对自评为{_grades(year, 'self')[0]}的 {len(ended):,} 个项目（本年预算 {amount[0]}）不再安排预算。",
                f"Projects that grade themselves {_grades(year, 'self')[1]} and get no further budget: "
                f"{len(ended):,} (budget this year: {amount[1]}).",
            ),
        ),
        (least, (f"抽评至少 {least:,} 个项目。", f"Projects to check on the spot: {least:,} or more.")),
    ]
    return [said for count, said in done if count]


def _ended(year: Year) -> pd.DataFrame:
    return year.projects[year.projects["grade"].isin(year.rule_set.value("no_further_budget")["self"])]


def _grades(year: Year, what: str) -> Pair:
    """Return the grades that get no further budget, by ``self`` or ``checked``, in words."""
    wanted = year.rule_set.value("no_further_budget")[what]
    english = dict(year.grades)
    return "、".join(f"“{each}”" for each in wanted), " or ".join(f"'{english.get(each, each)}'" for each in wanted)


def _share(year: Year, part: pd.DataFrame) -> Pair:
    whole = float(year.projects["budget"].sum())
    if part.empty or not whole > 0:
        return ("", "")
    share = percent(float(part["budget"].sum()) / whole)
    return (f"，占应自评项目预算的 {share}", f", {share} of the budget of all projects")
