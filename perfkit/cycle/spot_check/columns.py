"""Titles in Chinese and English: what estimators call by a word, what a spot check's report and workbook print."""

from __future__ import annotations

from perfkit.cycle.spot_check.frame import Pair

WORDS: dict[str, Pair] = {
    "all": ("全体", "all"),
    "checked score": ("抽评得分均值", "mean checked score"),
    "expansion": ("扩张估计", "expansion"),
    "difference": ("差值估计", "difference"),
    "ratio": ("比率估计", "ratio"),
    "regression": ("回归估计（GREG）", "regression (GREG)"),
    "prediction-powered": ("预测辅助推断（PPI）", "prediction-powered (PPI)"),
    "pooled": ("不加权合并（有偏，仅供对照）", "pooled, unweighted (biased, for comparison only)"),
    "mean": ("均值", "mean"),
    "share": ("占比", "share"),
    "grade": ("等级", "grade"),
    "department": ("部门", "department"),
    "department against all": ("部门与总体之差", "department against all"),
    "inflated": ("自评虚高的占比", "share inflated"),
    "far apart": ("相差较大的占比", "share far apart"),
    "downgraded": ("抽评落入不再安排预算等级的概率", "falls among the grades without further budget"),
    "post-stratified": ("按自评等级事后分层", "post-stratified by self-grade"),
    "ratio within self-grades": ("按自评等级的比率估计", "ratio within self-grades"),
    "total · ratio": ("总额的比率估计", "total by ratio"),
    "found": ("已查实", "found by the checks"),
    "moved": ("若全部抽查", "if all were checked"),
    "not yet found": ("尚未查出", "not yet found"),
    "false cut": ("误减（应留而减）", "cut by error"),
    "false keep": ("误留（应减而留）", "kept by error"),
    "listed": ("应减", "should be cut"),
    "cut": ("实减", "would be cut"),
    "units": ("项目数", "projects"),
    "yuan": ("金额（元）", "yuan"),
    "questioned": ("问题资金", "money in question"),
    "t": ("t 区间", "t"),
    "wilson": ("Wilson 区间", "Wilson"),
    "korn_graubard": ("Korn-Graubard 区间", "Korn-Graubard"),
}
# What the report prints: columns and their titles.
LIMITS: dict[str, Pair] = {
    "estimate": ("估计值", "estimate"),
    "low": ("下限", "lower limit"),
    "high": ("上限", "upper limit"),
}
RESPONSE: dict[str, Pair] = {
    "part": ("入样方式", "part"),
    "gone_to": ("应核查", "to be checked"),
    "checked": ("已核查", "checked"),
    "not_reached": ("未能核查", "could not be checked"),
    "not_eligible": ("不属于抽样范围", "not of the population"),
}
GRADES: dict[str, Pair] = {"domain": ("等级", "grade"), "reported": ("自评占比", "self-graded"), **LIMITS}
QUESTIONED: dict[str, Pair] = {"measure": ("事项", "what"), "estimator": ("方法", "estimator"), **LIMITS}
PROJECTS: dict[str, Pair] = {
    "unit_id": ("编码", "code"),
    "name": ("项目", "project"),
    "department": ("主管部门", "department"),
    "points_reported": ("自评得分", "self-score"),
    "points_checked": ("抽评得分", "checked score"),
    "grade_checked": ("抽评等级", "checked grade"),
    "budget": ("全年预算数（万元）", "budget (10,000 yuan)"),
}
BASES = (
    *("spot_check_floor", "spot_check_selection", "no_further_budget", "grade_bands"),
    *("score_deviation", "inflated_from", "sampling"),
)
INFLATION: dict[str, Pair] = {
    "domain": ("范围", "of"),
    "n": ("抽查数", "checks"),
    **LIMITS,
    "p_holm": ("P 值（Holm 校正）", "p, Holm"),
}
LENIENCY: dict[str, Pair] = {
    "reviewer_id": ("复核人", "reviewer"),
    "n": ("抽查数", "checks"),
    "own": ("宽严（正为偏宽）", "leniency (above 0: lenient)"),
    "shrunk": ("收缩估计", "shrunken"),
    "low": ("下限", "lower limit"),
    "high": ("上限", "upper limit"),
    "p_holm": ("P 值（Holm 校正）", "p, Holm"),
}
PRECISION: dict[str, Pair] = {
    "n": ("抽评总数", "checks"),
    "drawn": ("其中随机", "of them random"),
    "mean_margin": ("平均分误差（±分）", "margin of the mean (± points)"),
    "share_margin": ("占比误差（±百分点）", "margin of a share (± points)"),
    "cost": ("费用（元）", "cost (yuan)"),
}
WAN = 10_000
# What a slider of the notebook may be moved to: lowest, highest, step.
SLIDERS = {
    "allocation": ["proportional", "neyman", "power"],
    "cost": (0.0, 20000.0, 250.0),
    "minimum": (1, 5),
    "confidence": (0.85, 0.99, 0.01),
}
ALLOCATIONS: dict[str, Pair] = {"proportional": ("按比例分配", "proportional"), "neyman": ("奈曼分配", "Neyman")}
METHODS: dict[str, Pair] = {
    "srs": ("简单随机", "simple random"),
    "systematic": ("等距", "systematic"),
    "pps_systematic": ("与规模成比例，等距", "in proportion to size, systematic"),
    "sampford": ("与规模成比例，Sampford", "in proportion to size, Sampford"),
    "pareto": ("与规模成比例，Pareto", "in proportion to size, Pareto"),
    "sequential_poisson": ("与规模成比例，序贯泊松", "in proportion to size, sequential Poisson"),
}
NAMED = ("measure", "domain", "estimator", "interval")
COLUMNS: dict[str, Pair] = {
    "gap": ("自评减抽评", "self less checked"),
    "reported": ("自评占比", "share by self-grade"),
    "not_reached": ("未能核查", "could not be checked"),
    "not_eligible": ("不属于抽样范围", "not of the population"),
    "checked": ("已核查", "checked"),
    "gone_to": ("合计", "in all"),
}
PARTS_OF: dict[str, Pair] = {
    "checked": ("抽评项目", "projects checked"),
    "response": ("核查完成情况", "how many were reached"),
    "means": ("总体均值", "mean of the whole"),
    "inflation": ("虚高推断", "inflation"),
    "grades": ("等级校正", "corrected grades"),
    "downgraded": ("降级概率", "probabilities of downgrading"),
    "ranking": ("部门比较", "comparison of departments"),
    "leniency": ("复核人宽严", "leniency of reviewers"),
    "heaping": ("堆积检验", "test of heaping"),
    "money": ("资金推断", "money moved"),
    "chance": ("误差推演", "replay of errors"),
    "questioned": ("问题资金推断", "money in question"),
    "expected": ("未抽查项目预计", "expected scores"),
}
