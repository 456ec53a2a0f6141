"""What a rule pack is made of, and the rule set: what of it is in force on a day."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from perfkit import tables
from perfkit.errors import Problem, RuleError

Authority = Literal["national", "local", "published", "secondary", "kit"]
OFFICIAL = ("national", "local", "published")


Act = Literal["zero", "score", "exclude", "open"]


class Part(BaseModel):
    """A part of a pack: frozen, and refusing what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Source(Part):
    """One document: title, number, issuer, authority, and the days it was issued, came into force, was repealed."""

    title: str
    en: str
    number: str = ""
    issuer: str = ""
    authority: Authority
    issued: dt.date | None = None
    effective: dt.date | None = None
    repealed: dt.date | None = None
    where: str = ""
    note: str = ""


class Citation(Part):
    """A source of the pack and the article in it."""

    id: str
    article: str = ""


class Entry(Part):
    """A value in force from a day on, until the next entry begins."""

    since: dt.date = Field(alias="from")
    source: Citation
    value: Any
    note: str = ""
    note_en: str = ""


class Parameter(Part):
    """A named value of the pack through time."""

    zh: str
    en: str
    entries: tuple[Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _dates_rise(self) -> Parameter:
        days = [entry.since for entry in self.entries]
        if days != sorted(set(days)):
            raise ValueError("entries must stand in order of 'from', each day once")
        return self


class Band(Part):
    """A grade: from ``min`` points on (inclusive)."""

    grade: str
    en: str
    min: float


class Step(Part):
    """A step of a rule: the share of the points from ``min`` on."""

    min: float
    share: float = Field(ge=0, le=1)


class Lessening(Part):
    """A step of a deduction for over-fulfilment: beyond ``over`` (a share of the target) only ``share`` scores."""

    over: float = Field(ge=0)
    share: float = Field(ge=0, le=1)


class Span(Part):
    """A band of a qualitative rule, and other words for it."""

    band: str
    words: list[str] = []
    min: float = Field(ge=0, le=1)
    max: float = Field(ge=0, le=1)


class ScoringRule(BaseModel):
    """How a value becomes a share of the points: a function of ``measure.scoring`` and its numbers."""

    model_config = ConfigDict(frozen=True, extra="allow")

    function: str
    zh: str
    en: str
    steps: list[Step] | None = None
    bands: list[Span] | None = None
    reverse: Literal["inverse", "excess"] | None = None
    schedule: list[Lessening] | None = None


class Gaps(Part):
    """What each status of evidence means for the points; missing, no evidence … must all be decided."""

    missing: Act
    no_evidence: Act
    unverified: Act
    not_due: Act
    not_applicable: Act
    not_seen: Act = "open"


class Rounding(Part):
    """How points are rounded: each item's, or only their total."""

    decimals: int = Field(ge=0, le=6)
    mode: Literal["half_up", "half_even"]
    of: Literal["item", "total"] = "item"


class Limit(Part):
    """What keeps a grade down: a veto indicator that scored nothing or has no evidence, or too little coverage.

    ``rank`` is the best grade that is left, counted from the lowest, which is 0.
    """

    when: Literal["veto_zero", "veto_gap", "coverage_below"]
    share: float | None = Field(default=None, ge=0, le=1)
    rank: int = Field(ge=0)
    zh: str
    en: str

    @model_validator(mode="after")
    def _share_where_it_counts(self) -> Limit:
        if (self.share is None) == (self.when == "coverage_below"):
            raise ValueError("'share' goes with 'coverage_below' and with nothing else")
        return self


class OverFulfilment(Part):
    """What a value far above its target means."""

    policy: Literal["ignore", "flag", "deduct", "schedule"]
    tolerance: float = Field(ge=0)
    schedule: list[Lessening] | None = None

    @model_validator(mode="after")
    def _schedule_where_it_counts(self) -> OverFulfilment:
        if (self.schedule is None) == (self.policy == "schedule"):
            raise ValueError("'schedule' goes with the policy 'schedule' and with no other")
        return self


class Uncertainty(Part):
    """How much weights and shares are varied to see how sure a grade is.

    ``weights`` is a coefficient of variation; ``measurement`` and ``raters`` hold standard deviations of a share by
    kind of indicator, measured or judged; ``unverified`` is added where nobody has verified.
    """

    draws: int = Field(ge=2)
    seed: int = Field(ge=0)
    confidence: float = Field(gt=0, lt=1)
    weights: float = Field(ge=0, lt=1)
    measurement: dict[str, float]
    raters: dict[str, float]
    unverified: float = Field(ge=0)


class Pack(Part):
    """What a pack is; ``extends`` names the pack whose sources, parameters and library it takes over."""

    id: str
    zh: str
    en: str
    level: Literal["national", "provincial", "city", "county", "international", "teaching", "kit"]
    jurisdiction: str
    status: str
    invented: bool = False
    extends: str = ""


class RuleSet(Part):
    """The rules of one pack in force on one day. Frozen: what it hands out are copies."""

    pack: Pack
    on: dt.date
    sources: dict[str, Source]
    parameters: dict[str, Parameter]
    indicator_rows: tuple[dict[str, Any], ...] = ()
    indicators_since: dt.date | None = None

    def entry(self, name: str) -> Entry:
        """Return the entry of parameter ``name`` in force on the day.

        Raises
        ------
        RuleError
            If the pack has no such parameter, or it begins later: the message names its first day.
        """
        if name not in self.parameters:
            raise RuleError(
                (f"pack {self.pack.id} has no parameter {name!r}", f"规则包 {self.pack.id} 没有参数“{name}”"),
                [Problem(("unknown parameter", "未知参数"), expected=", ".join(sorted(self.parameters)), got=name)],
            )
        held = self.parameters[name]
        begun = [entry for entry in held.entries if entry.since <= self.on]
        if not begun:
            first = held.entries[0].since
            raise RuleError(
                (f"{name} is in force from {first} only", f"“{held.zh}”自 {first} 起施行"),
                [
                    Problem(
                        ("nothing in force on the day", "当日尚无规定"),
                        f"{self.pack.id} › {name}",
                        f"≥ {first}",
                        str(self.on),
                        ("ask for a later day", "请改用较晚的日期"),
                    )
                ],
            )
        return begun[-1]

    def value(self, name: str) -> Any:
        """Return a copy of the value of parameter ``name`` on the day (see :meth:`entry` for the errors)."""
        return copy.deepcopy(self.entry(name).value)

    def source(self, name: str) -> Source:
        """Return the document that parameter ``name`` rests on."""
        return self.sources[self.entry(name).source.id]

    def is_official(self, name: str) -> bool:
        """Say whether somebody official has published the value of ``name``."""
        return self.source(name).authority in OFFICIAL

    def cite(self, name: str) -> tuple[str, str]:
        """Return the document and article that ``name`` rests on, as one would write them, in zh and en."""
        source, article = self.source(name), self.entry(name).source.article
        number = f"（{source.number}）" if source.number else ""
        return f"《{source.title}》{number}{article}", ", ".join(t for t in (source.en, article) if t)

    def in_force(self, prefix: str = "") -> list[str]:
        """Return the names of the parameters in force on the day, in the pack's order."""
        return [
            name
            for name, held in self.parameters.items()
            if name.startswith(prefix) and held.entries[0].since <= self.on
        ]

    @property
    def mark(self) -> dict[str, str]:
        """Columns ``pack`` and ``on`` of a row of a result."""
        return {"pack": self.pack.id, "on": self.on.isoformat()}

    def stamp(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return ``frame`` with the columns ``pack`` and ``on``, which every row of a result carries."""
        same = np.zeros(len(frame), dtype=np.int64)
        return frame.assign(**{name: pd.array([text], dtype="str").take(same) for name, text in self.mark.items()})

    def bases(self, names: Iterable[str] | None = None) -> pd.DataFrame:
        """Return the table ``bases``: for each parameter the document, article and authority it rests on."""
        rows = []
        for name in dict.fromkeys(self.in_force() if names is None else names):
            entry, held = self.entry(name), self.parameters[name]
            source = self.sources[entry.source.id]
            rows.append(
                {
                    "parameter": name,
                    "zh": held.zh,
                    "en": held.en,
                    "document_zh": source.title,
                    "document_en": source.en,
                    "number": source.number,
                    "article": entry.source.article,
                    "authority": source.authority,
                    "since": source.effective.isoformat() if source.effective else None,
                    "note_zh": entry.note or source.note,
                    "note_en": entry.note_en,
                    **self.mark,
                }
            )
        return tables.check(pd.DataFrame(rows, columns=list(tables.contract("bases").columns)), "bases")

    def indicators(self) -> pd.DataFrame:
        """Return the pack's indicator library on the day, as the table ``indicators``.

        Raises
        ------
        RuleError
            If the pack has none in force.
        """
        if not self.indicator_rows:
            raise RuleError(
                (
                    f"pack {self.pack.id} has no indicators on {self.on}",
                    f"规则包 {self.pack.id} 在 {self.on} 没有指标",
                )
            )
        return tables.check(pd.DataFrame(list(self.indicator_rows)), "indicators", where=self.pack.id)


def official(bases: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of table ``bases`` that rest on a national or local rule, or on a publication."""
    return bases[bases["authority"].isin(OFFICIAL)].reset_index(drop=True)


def configured(bases: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of table ``bases`` that are configured or second-hand, and so not official."""
    return bases[~bases["authority"].isin(OFFICIAL)].reset_index(drop=True)
