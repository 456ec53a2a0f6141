"""A draw that anyone can verify: a plan announced beforehand, a public value that nobody chose, a certificate.

The plan fixes the frame (by its SHA-256), the design and the sample sizes, and says which public value will be used:
the numbers of a lottery, a closing price. Once the value is out it makes the seed, the seed and the unit codes make
each unit's random number, and the numbers make the sample. Whoever has the frame and the certificate can do it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from perfkit import tables
from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.drawing import draw, fail_if_at_odds
from perfkit.sampling.fingerprint import Fingerprint, fingerprint, summed
from perfkit.sampling.numbers import seed_of, stream
from perfkit.sampling.selection import Method

FORM = "perfkit-draw-1"
_HOW = {
    "zh": (
        "种子＝SHA-256(公开值)；每个单位的随机数＝SHA-256(种子, 单位编码)；按方法与样本量取样。"
        "重算：perfkit sample verify 证书 抽样框"
    ),
    "en": (
        "seed = SHA-256(public value); a unit's number = SHA-256(seed, unit code); method and sizes do the rest. "
        "Again: perfkit sample verify CERTIFICATE FRAME"
    ),
}
_HOW_KEPT = {
    "zh": "随机数沿用较早抽取的种子（numbers_of），以保留其样本：样本在方案公布时已确定，与公开值无关。",
    "en": (
        "the random numbers are those of an earlier draw's seed (numbers_of), to keep its units: the sample was "
        "settled when the plan was announced and owes nothing to the public value."
    ),
}
_HOW_MOVED = {
    "zh": "随机数沿用较早抽取的种子（numbers_of）；从何处起读（read_from）由公开值决定，以避开其样本。",
    "en": (
        "the random numbers are those of an earlier draw's seed (numbers_of); where they are read from (read_from) "
        "follows from the public value, away from its units."
    ),
}
# A draw that moves on reads from somewhere in the middle of the circle: fractions below a quarter share no unit.
_APART = 0.25


_SHOWN = 80
_FIELD = {
    "missing": ("a field is missing", "缺少字段"),
    "extra_forbidden": ("a field that does not belong here", "多余的字段"),
}


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FrameMark(_Written):
    """Which frame: rows, SHA-256 of the whole and of each column."""

    rows: int = Field(ge=1)
    sha256: str
    columns: dict[str, str]

    @property
    def fingerprint(self) -> Fingerprint:
        """The same as a fingerprint."""
        return Fingerprint(self.rows, self.sha256, dict(self.columns))


class Plan(_Written):
    """What is fixed before anyone can know the sample.

    ``sizes`` holds how many units each stratum gives, those certain by size among them and recommended ones not;
    ``announced`` says which public value will make the seed. ``numbers_of`` is the seed of an earlier draw whose
    random numbers are used again, ``numbers_from`` the SHA-256 of its certificate, and ``coordinate`` what for: to
    ``keep`` its units (the public value then decides nothing) or to ``move`` away from them (it says how far).
    """

    title: str
    rules: dict[str, str] = {}
    announced: str = Field(min_length=1)
    method: Method
    strata: tuple[str, ...] = ()
    size: str = ""
    recommended: bool = True
    reserve: int = Field(default=0, ge=0)
    numbers_of: str = ""
    numbers_from: str = ""
    coordinate: Literal["", "keep", "move"] = ""
    sizes: dict[str, int]
    frame: FrameMark

    @model_validator(mode="after")
    def _coordinated_or_not(self) -> Plan:
        if bool(self.numbers_of) != bool(self.coordinate):
            raise ValueError("numbers_of and coordinate go together")
        return self


class _Sampled(_Written):
    recommended: int
    size: int
    random: int
    reserve: int
    sha256: str


class _Certificate(_Written):
    form: Literal["perfkit-draw-1"]
    plan: Plan
    plan_sha256: str
    public_value: str
    seed: str
    read_from: float
    sample: _Sampled
    how: dict[str, str]
    sha256: str


_Model = TypeVar("_Model", bound=_Written)


class Drawn(NamedTuple):
    """A certificate, as its text and as what it says, the sample it stands for (table ``sample``), and the plan."""

    text: str
    certificate: dict[str, Any]
    sample: pd.DataFrame
    plan: Plan


def announce(frame: pd.DataFrame, **terms: Any) -> Plan:
    """Return the plan of a draw from the table ``frame``; ``terms`` are the fields of :class:`Plan` but ``frame``.

    Raises
    ------
    SampleError
        If a term is missing, unknown or out of range.
    """
    mark = _marked(frame, terms.get("strata", ()), terms.get("size", ""))
    made = _read(
        Plan, {**terms, "frame": {"rows": mark.rows, "sha256": mark.sha256, "columns": mark.columns}}, "plan 抽样方案"
    )
    fail_if_at_odds(made.method, made.size or None, _APART if made.coordinate == "move" else 0.0, None, ())
    return made


def write_plan(plan: Plan) -> str:
    """Return the plan as the text of a file; its own SHA-256 is worth announcing with it."""
    return _text(plan.model_dump(mode="json"))


def read_plan(path: Path) -> Plan:
    """Read a plan that :func:`write_plan` wrote.

    Raises
    ------
    SampleError
        If the file cannot be read, or a field is missing, unknown or out of range.
    """
    return _read(Plan, _mapping(path), path.name)


def certify(plan: Plan, frame: pd.DataFrame, public_value: str) -> Drawn:
    """Draw the sample that the plan and the public value decide, with its certificate.

    Parameters
    ----------
    plan
        As announced.
    frame
        The table ``frame`` that the plan was made from.
    public_value
        What was announced, now known; blanks at the ends and repeated ones do not matter.

    Raises
    ------
    SampleError
        If the frame is not the one of the plan (the columns that changed are named), the public value is empty, or
        the sample cannot be drawn as planned.
    """
    fail_if_any(SampleError, "frame 抽样框", _frame_problems(plan, frame))
    return _certified(plan, frame, public_value)


def _certified(plan: Plan, frame: pd.DataFrame, public_value: str) -> Drawn:
    """Draw from a frame known to be the one of the plan."""
    seed = seed_of(public_value)
    read_from = float(_APART + (1 - 2 * _APART) * stream(seed, "move")[0]) if plan.coordinate == "move" else 0.0
    sample = draw(
        frame,
        plan.sizes,
        seed=plan.numbers_of or seed,
        method=plan.method,
        strata=list(plan.strata),
        size=plan.size or None,
        recommended=plan.recommended,
        reserve=plan.reserve,
        read_from=read_from,
    )
    held = {
        "form": FORM,
        "plan": plan.model_dump(mode="json"),
        "plan_sha256": _sha256(write_plan(plan)),
        "public_value": " ".join(public_value.split()),
        "seed": seed,
        "read_from": read_from,
        "sample": _mark(sample),
        "how": {"": _HOW, "keep": _HOW_KEPT, "move": _HOW_MOVED}[plan.coordinate],
    }
    held["sha256"] = _sha256(_text(held))
    return Drawn(_text(held), held, sample, plan)


def verify(certificate: Path, frame: pd.DataFrame) -> Drawn:
    """Draw again what a certificate says was drawn, and compare.

    Returns
    -------
    Drawn
        The same certificate and the sample, derived afresh.

    Raises
    ------
    SampleError
        If the certificate was altered, the frame is another, the seed does not come from the public value, or the
        sample drawn afresh is another: each with what was expected and found.
    """
    held, name = read_certificate(certificate), certificate.name
    plan = _read(Plan, held["plan"], f"{name} › plan")
    problems = [*_altered(held, plan, name), *_frame_problems(plan, frame)]
    if problems:
        raise SampleError((f"{name} does not hold", f"{name} 未通过核验"), problems)
    again = _certified(plan, frame, str(held["public_value"]))
    fail_if_any(SampleError, name, _differences(held, again.certificate, name))
    return again


def read_certificate(path: Path) -> dict[str, Any]:
    """Return what a certificate says, unverified.

    Raises
    ------
    SampleError
        If the file cannot be read or is no certificate.
    """
    held = _mapping(path)
    if held.get("form") != FORM:
        what = ("not a certificate of a draw", "不是抽样证书")
        raise SampleError(
            (f"{path.name} is no certificate of a draw", f"{path.name} 不是抽样证书"),
            [Problem(what, path.name, FORM, str(held.get("form")))],
        )
    _read(_Certificate, held, path.name)
    return held


def _altered(held: dict[str, Any], plan: Plan, name: str) -> list[Problem]:
    """Return where the certificate contradicts itself."""
    rest = {key: value for key, value in held.items() if key != "sha256"}
    own, seed = _sha256(_text(rest)), seed_of(str(held.get("public_value", "")))
    found = [
        (
            ("the certificate was altered after it was issued", "证书在出具后被改动"),
            "sha256",
            own,
            held.get("sha256"),
        ),
        (("the seed does not come from the public value", "种子与公开值不符"), "seed", seed, held.get("seed")),
        (
            ("the plan is not the one announced", "方案与所公布的不同"),
            "plan_sha256",
            _sha256(write_plan(plan)),
            held.get("plan_sha256"),
        ),
    ]
    return [Problem(what, f"{name} › {at}", right, str(got)) for what, at, right, got in found if right != got]


def _differences(held: dict[str, Any], again: dict[str, Any], name: str) -> list[Problem]:
    what = ("drawn afresh, this is another", "重新抽取的样本与证书不同")
    return [
        Problem(what, f"{name} › {key}", _shortened(again[key]), _shortened(held[key]))
        for key in again
        if again[key] != held[key]
    ]


def _shortened(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _marked(frame: pd.DataFrame, strata: Sequence[str], size: str) -> Fingerprint:
    """Return the fingerprint of what the table declares and the columns named: other columns may come and go."""
    named = {*tables.contract("frame").columns, *strata, size}
    kept = frame[[column for column in frame.columns if column in named]]
    # A size of one's own is text once it has been read from a file.
    return fingerprint(kept.assign(**{size: pd.to_numeric(kept[size])}) if size in kept else kept)


def _frame_problems(plan: Plan, frame: pd.DataFrame) -> list[Problem]:
    planned, there = plan.frame.fingerprint, _marked(frame, plan.strata, plan.size)
    if planned.sha256 != summed(planned.columns):
        what = ("the digest of the frame is not that of its columns", "抽样框的 SHA-256 与各列不符")
        return [Problem(what, "frame › sha256", summed(planned.columns), planned.sha256)]
    if planned == there:
        return []
    do = ("take the frame that the plan was made from", "请使用制定方案时的抽样框")
    what = ("the frame is not the one of the plan", "抽样框与方案不符")
    if planned.rows != there.rows:
        return [Problem(what, "rows 行数", str(planned.rows), str(there.rows), do)]
    return [
        Problem(what, f"column 列 {each}", planned.columns.get(each, "—")[:16], there.columns.get(each, "—")[:16], do)
        for each in planned.changed(there)
    ]


def _mark(sample: pd.DataFrame) -> dict[str, Any]:
    """Return how many units came in by each part, and the SHA-256 of which."""
    counts = sample["part"].value_counts()
    ordered = sample.sort_values("unit_id", key=lambda keys: keys.astype(object))
    rows = [
        "\x1f".join(["" if pd.isna(cell) else str(cell) for cell in line])
        for line in zip(
            ordered["unit_id"], ordered["stratum"], ordered["part"], _whole(ordered["order"]), strict=True
        )
    ]
    return {**{part: int(counts.get(part, 0)) for part in ("recommended", "size", "random", "reserve")}} | {
        "sha256": _sha256("\x1e".join(rows))
    }


def _whole(order: pd.Series) -> list[str]:
    return ["" if pd.isna(each) else str(int(each)) for each in order]


def _read(kind: type[_Model], content: dict[str, Any], where: str) -> _Model:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        problems = [
            Problem(
                _FIELD.get(each["type"], ("a field is not right", "字段取值不正确")),
                " › ".join([where, *map(str, each["loc"])]),
                ", ".join(str(limit) for limit in each.get("ctx", {}).values()),
                "" if each["type"] == "missing" else _shortened(each["input"]),
            )
            for each in error.errors()
        ]
        raise SampleError((f"{where} cannot be used", f"{where} 无法使用"), problems) from error


def _mapping(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise SampleError(
            (f"{path.name} cannot be read", f"{path.name} 无法读取"),
            [Problem(("unreadable", "无法读取"), str(path), got=said[:200])],
        ) from error
    if not isinstance(content, dict):
        raise SampleError(
            (f"{path.name} cannot be used", f"{path.name} 无法使用"),
            [Problem(("not a mapping of fields", "不是字段表"), str(path), got=type(content).__name__)],
        )
    return content


def _text(held: dict[str, Any]) -> str:
    """Return a mapping as YAML: the same text on any machine."""
    return yaml.safe_dump(held, allow_unicode=True, sort_keys=False, width=100_000, default_flow_style=False)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
