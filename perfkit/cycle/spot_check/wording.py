"""Chinese and English for what estimators call by a word, and the sentences of a spot check's report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from perfkit import estimation, sampling, tables
from perfkit.cycle.spot_check.columns import ALLOCATIONS, COLUMNS, METHODS, NAMED, PARTS_OF, WAN, WORDS
from perfkit.cycle.spot_check.frame import Pair
from perfkit.cycle.spot_check.inference import Inference
from perfkit.cycle.spot_check.planning import precisions
from perfkit.measure.explaining import number, percent
from perfkit.rules import RuleSet
from perfkit.tables.sampling import PARTS


def worded(frame: pd.DataFrame, lang: str = "zh") -> pd.DataFrame:
    """Return a frame of estimates with words of the language for what the columns call by code."""
    at = 0 if lang == "zh" else 1
    words = {code: pair[at] for code, pair in WORDS.items()}
    shown = frame.copy()
    for column in [each for each in NAMED if each in shown]:
        shown[column] = shown[column].map(lambda cell: words.get(cell, cell))
    for column in [each for each in ("p", "p_holm") if each in shown]:
        shown[column] = [("—" if pd.isna(cell) else _p(cell)) for cell in shown[column]]
    return shown


def sheets(found: Inference, lang: str = "zh") -> dict[str, pd.DataFrame]:
    """Return the tables of an inference with the titles of the language, by the name of their sheet."""
    at = 0 if lang == "zh" else 1
    made = {}
    for name, frame in found.tables().items():
        shown = worded(frame, lang)
        for contract in (name, "frame", "checks", "sample", "estimates"):
            if contract in tables.CONTRACTS:
                shown = tables.labels(shown, contract, lang)
        made[PARTS_OF[name][at]] = shown.rename(columns={code: pair[at] for code, pair in COLUMNS.items()})
    return made


def facts(found: Inference) -> list[Pair]:
    """Return what was found and what it implies, in sentences."""
    lines = [_reached(found)] if len(found.response) else []
    if len(found.inflation):
        whole = found.inflation[found.inflation["measure"].eq("all")].assign(units=found.population)
        lines += [_pair(estimation.say_inflation(whole)), _shares(found.inflation)]
    if len(found.grades):
        reported = found.grades[["domain"]].assign(estimate=found.grades["reported"])
        lines.append(_pair(estimation.say_grades(found.grades, reported)))
    if len(found.downgraded):
        lines.append(_best(found))
    if len(found.money):
        lines.append(_pair(estimation.say_money(found.money, found.listed)))
    if found.lonely:
        names, k = "、".join(found.lonely), len(found.lonely)
        lines.append(
            (
                f"{k} 层只核查了一个随机抽取的项目（{names}），其误差按与总体均值的距离估计，偏大。",
                f"Strata with one random check: {k} ({names}); their error is the distance to the mean of all, "
                "which overstates it.",
            )
        )
    return [*lines, *_why_missing(found)]


def pooled_text(found: Inference) -> Pair:
    """Return why the plain mean of all checks misleads."""
    if found.means.empty:
        return ("无法推断。", "Nothing can be inferred.")
    means = found.means.set_index("estimator")["estimate"]
    pooled, best = means["pooled"], means["regression"]
    marked = int(found.checked["part"].ne("random").sum())
    if not marked:
        return ("样本中没有推荐必查项目。", "No recommended projects are among the checks.")
    return (
        f"推荐必查的 {marked} 项不是随机抽取的，只代表自身。把它们与随机抽取的直接平均得 {number(pooled, 2)} 分，"
        f"与回归估计的 {number(best, 2)} 分相差 {number(abs(best - pooled), 2)} 分：前者有偏，不得作为总体均值。",
        f"The {marked} recommended ones were not drawn: they stand for themselves alone. A plain mean of all is "
        f"{number(pooled, 2)}, {number(abs(best - pooled), 2)} points off the regression estimate of "
        f"{number(best, 2)}: it is biased and no mean of the whole.",
    )


def departments_text(found: Inference) -> list[Pair]:
    """Return which departments stand apart when all are compared at once, and of which nothing can be said."""
    if found.inflation.empty:
        return []
    apart = found.inflation[found.inflation["measure"].eq("department against all")]
    lines = [_pair(estimation.say_groups(apart, level=1 - float(apart["confidence"].iloc[0])))]
    few = found.ranking[found.ranking["note_zh"].fillna("").ne("")] if len(found.ranking) else found.ranking
    if len(few):
        names = "、".join(few["domain"].head(12)) + ("等" if len(few) > 12 else "")
        lines.append(
            (
                f"{len(few)} 个部门随机抽评过少，不单独评价：{names}。",
                f"{len(few)} departments have too few random checks to be judged: {names}.",
            )
        )
    return lines


def heaping_text(found: Inference) -> list[Pair]:
    """Return, for each cut-off, whether self-scores heap on it."""
    lines = []
    for row in found.heaping[found.heaping["donut"].eq(0)].to_dict("records") if len(found.heaping) else ():
        sure = row["p"] < 1 - row["confidence"]
        zh = "多于" if sure else "未见多于"
        lines.append(
            (
                f"{number(row['cut'])} 分线上 {int(row['at'])} 个、线下一档 {int(row['under'])} 个，"
                f"{zh}邻近得分所预示的"
                f"（p{_p(row['p'], '＝')}）{_excess(row, 0) if sure else ''}。",
                f"{int(row['at'])} scores stand at {number(row['cut'])}, {int(row['under'])} one step below: "
                f"{'more than' if sure else 'no more than'} the scores around imply (p {_p(row['p'], '= ')})"
                f"{_excess(row, 1) if sure else ''}.",
            )
        )
    return lines


def chance_text(found: Inference, sd: float) -> Pair:
    """Return what an error of the checks would do to the rule on further budget."""
    if found.chance.empty:
        return ("未作误差推演。", "Errors of the checks were not replayed.")
    counts = found.chance[found.chance["estimator"].eq("units")].set_index("measure")["estimate"]
    return (
        f"若抽评得分的误差标准差为 {number(sd, 1)} 分（工具设定），全部抽查时约 "
        f"{number(counts['false cut'], 0)} 项被误减、"
        f"{number(counts['false keep'], 0)} 项被误留；只作数量级参考，临界项目宜复核后再定。",
        f"If checks err with a standard deviation of {number(sd, 1)} points (configured), about "
        f"{number(counts['false cut'], 0)} projects would lose their budget by error and "
        f"{number(counts['false keep'], 0)} keep it by error, were all checked: an order of magnitude; look again at "
        "those near the line.",
    )


def certificate_facts(drawn: sampling.Drawn) -> list[tuple[Pair, Any]]:
    """Return what the certificate of a draw says, as (label, value) pairs."""
    held, plan = drawn.certificate, drawn.certificate["plan"]
    counts = tuple(
        sep.join(f"{words[at]} {held['sample'][part]}" for part, words in PARTS.items())
        for at, sep in enumerate(("，", "; "))
    )
    return [
        (("方案", "Plan"), plan["title"]),
        (("抽样方法", "Method"), METHODS[plan["method"]]),
        (("分层", "Strata"), _titles(plan["strata"])),
        (("预先公布的公开值", "Public value announced"), plan["announced"]),
        (("公开值", "Public value"), held["public_value"]),
        (("种子", "Seed"), held["seed"]),
        (("产生办法", "How it was made"), (held["how"]["zh"], held["how"]["en"])),
        (("抽样框行数", "Rows of the frame"), plan["frame"]["rows"]),
        (("抽样框 SHA-256", "SHA-256 of the frame"), plan["frame"]["sha256"]),
        (("方案 SHA-256", "SHA-256 of the plan"), held["plan_sha256"]),
        (("样本", "Sample"), counts),
        (("样本 SHA-256", "SHA-256 of the sample"), held["sample"]["sha256"]),
        (("证书 SHA-256", "SHA-256 of the certificate"), held["sha256"]),
    ]


def first_drawn(drawn: sampling.Drawn, rule_set: RuleSet) -> pd.DataFrame:
    """Return the first units of a sample, reserves left out, as many as a list shows."""
    return drawn.sample[drawn.sample["part"].ne("reserve")].head(int(rule_set.value("sampling")["shown"]))


def without_budget(found: Inference, rule_set: RuleSet) -> pd.DataFrame:
    """Return the checked projects whose grade gets no further budget, the largest first, as many as a list shows."""
    limit = int(rule_set.value("sampling")["shown"])
    listed = found.checked[found.checked["grade_checked"].isin(list(found.listed))]
    return listed.sort_values(["budget", "unit_id"], ascending=[False, True]).head(limit).reset_index(drop=True)


def _reached(found: Inference) -> Pair:
    total, reached = int(found.response["gone_to"].sum()), int(found.response["checked"].sum())
    missed = int(found.response["not_reached"].sum())
    zh = f"核查 {total:,} 项，完成 {reached:,} 项"
    en = f"{total:,} projects were gone to, {reached:,} checked"
    if missed:
        zh += f"，{missed:,} 项未能核查，由同层（核查过少时并层）随机抽取的项目加权代表"
        en += (
            f"; {missed:,} could not be checked: the random checks of the stratum (of several where there are "
            "few) stand for them"
        )
    outside = int(found.response["not_eligible"].sum())
    if outside:
        zh += f"；{outside:,} 项不属于抽样范围，推断全部自评中有 {percent(found.belong)} 属于，以下只就其推断"
        en += (
            f"; {outside:,} do not belong to the population: {percent(found.belong)} of all self-evaluations are "
            "taken to belong, and what follows is of those"
        )
    return zh + "。", en + "."


def _shares(inflation: pd.DataFrame) -> Pair:
    held = inflation.set_index("measure")
    near, far = held.loc["inflated"], held.loc["far apart"]
    return (
        f"自评虚高达到界限的占 {_span(near)}，相差较大、须重点复核的占 {_span(far)}。",
        f"{_span(near, 1)} of the self-scores are inflated, {_span(far, 1)} far apart.",
    )


def _best(found: Inference) -> Pair:
    row = found.downgraded.iloc[0]
    grades = "、".join(found.listed)
    return (
        f"自评为“{row['domain']}”的项目，抽评为{grades}的概率 {_span(row)}。",
        f"A project that graded itself {row['domain']} is checked {' or '.join(found.listed)} with probability "
        f"{_span(row, 1)}.",
    )


def _why_missing(found: Inference) -> list[Pair]:
    return [
        (f"未作“{PARTS_OF[name][0]}”：{zh}。", f"No {PARTS_OF[name][1]}: {en}.")
        for name, (zh, en) in found.missing.items()
        if name in PARTS_OF
    ]


def _span(row: pd.Series, lang: int = 0) -> str:
    inside = f"{percent(row['low'])}–{percent(row['high'])}"
    return f"{percent(row['estimate'])}" + (f"（{inside}）", f" ({inside})")[lang]


def _titles(columns: Sequence[str]) -> Pair:
    held = tables.contract("frame")
    zh, en = (sep.join(held.title(name, lang) for name in columns) for sep, lang in (("、", "zh"), (", ", "en")))
    return zh or "不分层", en or "none"


def _pair(sentence: tuple[str, str]) -> Pair:
    zh, en = sentence
    return zh, en


def _excess(row: Mapping[str, Any], lang: int) -> str:
    many, low, high = (number(row[name], 0) for name in ("excess", "low", "high"))
    return (f"，估计多出 {many} 个（{low} 至 {high}）", f", {many} too many ({low} to {high})")[lang]


def _p(value: float, equals: str = "") -> str:
    return "<0.001" if value < 0.001 else f"{equals}{number(value, 3)}"


def visits(sample: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table ``sample`` with what whoever goes there needs: name, department, budget, self-score."""
    about = ["unit_id", "name", "department", "budget", "points_reported"]
    return sample.merge(frame[about], on="unit_id", how="left").rename(
        columns={name: tables.contract("frame").title(name) for name in about[1:]}
    )


def title(drawn: sampling.Drawn) -> Pair:
    """Return the report's title."""
    named = drawn.certificate["plan"]["title"]
    return f"{named}：抽样与推断", f"{named}: sample and inference"


def subtitle(drawn: sampling.Drawn, rule_set: RuleSet) -> Pair:
    """Return the line below the title."""
    pack = rule_set.pack
    return (
        f"{pack.zh} · 规则日期 {rule_set.on} · 证书 {drawn.certificate['sha256'][:12]}",
        f"{pack.en} · rules as on {rule_set.on} · certificate {drawn.certificate['sha256'][:12]}",
    )


def index_fields(found: Inference, drawn: sampling.Drawn, lang: str = "zh") -> dict[str, Any]:
    """Return what the index of a batch says of this report."""
    at = 0 if lang == "zh" else 1
    sample = drawn.certificate["sample"]
    whole = found.inflation[found.inflation["measure"].eq("all")] if len(found.inflation) else found.inflation
    fields: dict[Pair, Any] = {
        ("抽评", "checked"): sample["recommended"] + sample["size"] + sample["random"],
        ("自评虚高", "inflation"): round(float(whole["estimate"].iloc[0]), 2) if len(whole) else None,
    }
    return {pair[at]: value for pair, value in fields.items()}


def in_wan(amounts: pd.DataFrame) -> pd.DataFrame:
    """Return estimated amounts in units of 10,000 yuan."""
    shown = amounts.copy()
    for name in [each for each in ("estimate", "low", "high", "budget") if each in shown]:
        shown[name] = shown[name].astype(float) / WAN
    return shown


def percents(shares: pd.DataFrame) -> pd.DataFrame:
    """Return estimated shares as percentages, what was reported beside them if it is there."""
    shown = shares.copy()
    for name in [each for each in ("estimate", "low", "high", "reported") if each in shown]:
        shown[name] = (100 * shown[name].astype(float)).round(1)
    return shown


def cuts(rule_set: RuleSet) -> list[tuple[float, str]]:
    """Return the lines of the grades for a chart: (lowest score, grade)."""
    return [(float(band["min"]), str(band["grade"])) for band in rule_set.value("grade_bands") if band["min"] > 0]


def grades_text(found: Inference) -> Pair:
    """Return in words what the chart of corrected grades shows."""
    if found.grades.empty:
        return ("无推断结果", "nothing inferred")
    reported = found.grades[["domain"]].assign(estimate=found.grades["reported"])
    return _pair(estimation.say_grades(found.grades, reported))


def ranking_text(found: Inference) -> Pair:
    """Return in words what the chart of departments shows."""
    if found.ranking.empty:
        return ("无部门比较", "no comparison of departments")
    first, last = found.ranking.iloc[0], found.ranking.iloc[-1]
    return (
        f"{len(found.ranking)} 个部门的收缩估计，由 {first['domain']} 的 {number(first['shrunk'], 1)} 分"
        f"到 {last['domain']} 的 {number(last['shrunk'], 1)} 分。",
        f"Shrunken estimates of {len(found.ranking)} departments, from {number(first['shrunk'], 1)} points for "
        f"{first['domain']} to {number(last['shrunk'], 1)} for {last['domain']}.",
    )


def precision_text(rows: pd.DataFrame) -> Pair:
    """Return in words what more checks buy, from rows of :func:`precisions`."""
    first, last = (rows.iloc[at].map(lambda value: number(value, 2)) for at in (0, -1))
    return (
        f"抽评由 {first['n']} 项增至 {last['n']} 项，平均分的误差由 ±{first['mean_margin']} 分收窄到 "
        f"±{last['mean_margin']} 分，占比的误差由 ±{first['share_margin']} 个百分点收窄到 "
        f"±{last['share_margin']} 个百分点，"
        f"费用由 {first['cost']} 元增至 {last['cost']} 元。误差按自评得分的离散程度推算。",
        f"From {first['n']} to {last['n']} checks the margin of the mean narrows from ±{first['mean_margin']} to "
        f"±{last['mean_margin']} points and that of a share from ±{first['share_margin']} to ±{last['share_margin']} "
        f"percentage points; the cost rises from {first['cost']} to {last['cost']} yuan. The spread is that of the "
        "self-scores.",
    )


def margins(strata: pd.DataFrame, numbers: Sequence[int], lang: str = "zh") -> pd.DataFrame:
    """Return the margin of the mean for several numbers of checks: a column an allocation, titled in ``lang``."""
    at = 0 if lang == "zh" else 1
    curves = {
        ALLOCATIONS[way][at]: precisions(strata, numbers, way, 0.0).set_index("n")["mean_margin"]
        for way in ("proportional", "neyman")
    }
    return pd.DataFrame(curves)
