"""Extend a sample by further units without drawing it anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from perfkit.errors import Problem, SampleError, fail_if_any
from perfkit.sampling.drawing import draw
from perfkit.sampling.frame import check_frame, columns_of, in_memory, refused
from perfkit.sampling.selection import Method

NESTED: tuple[Method, ...] = ("srs", "sequential_poisson")


def top_up(
    sample: pd.DataFrame,
    frame: Any,
    more: int | Mapping[str, int],
    *,
    seed: str | int,
    method: Method = "srs",
    strata: str | Sequence[str] = "stratum",
    size: str | None = None,
    reserve: int | Mapping[str, int] = 0,
    read_from: float = 0.0,
    avoid: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return ``sample`` extended by ``more`` units: every old unit stays, the next in the order join.

    Parameters
    ----------
    sample
        The sample so far, as :func:`~perfkit.sampling.draw` returned it. Its recommended units stay as they are,
        whatever the frame says by now; its reserves come first.
    frame
        The frame it was drawn from.
    more
        Units to add in each stratum; a stratum not named gets none. One number for a single stratum.
    seed, method, strata, size, read_from, avoid
        As the sample was drawn.
    reserve
        As in :func:`~perfkit.sampling.draw`, beside the extended sample.

    Returns
    -------
    DataFrame
        Table ``sample``, inclusion probabilities and weights those of a draw of the larger size, which it is.

    Raises
    ------
    SampleError
        If the design is not one whose smaller samples lie within its larger ones (``srs`` and
        ``sequential_poisson`` are), if ``sample`` is not what the arguments draw from ``frame``, or if so many units
        become certain by size that an old one would have to leave.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit_id": list("abcdef"), "stratum": "X"})
    >>> first = draw(frame, 2, seed=2026)
    >>> top_up(first, frame, 1, seed=2026)[["unit_id", "order", "weight"]].values.tolist()
    [['a', 1.0, 2.0], ['b', 2.0, 2.0], ['f', 3.0, 2.0]]
    """
    _fail_if_not_nested(sample, method)
    by = columns_of(strata)
    columns = dict.fromkeys(["unit_id", *by, *([size] if size else [])])
    held = check_frame(in_memory(frame, columns), by)
    parts = sample.set_index("unit_id")["part"]
    held["recommended"] = held["unit_id"].isin(parts.index[parts.eq("recommended")])
    drawn = sample[sample["part"].isin(["random", "size"])]
    before = dict.fromkeys(held["stratum"].unique(), 0) | drawn["stratum"].value_counts().to_dict()
    if not isinstance(more, Mapping) and len(before) > 1:
        what = ("one number, but several strata", "只给了一个数，但有多个抽样层")
        raise refused(what, expected=", ".join(sorted(before)), got=str(more))
    added = dict(more) if isinstance(more, Mapping) else dict.fromkeys(before, more)
    if any(each < 0 for each in added.values()):
        raise refused(("a top-up adds units", "追加数不能为负"), expected="≥ 0", got=str(min(added.values())))
    after = {each: before.get(each, 0) + added.get(each, 0) for each in before | added}

    def again(counts: Mapping[str, int], spare: int | Mapping[str, int]) -> pd.DataFrame:
        return draw(
            held, counts, seed=seed, method=method, size=size, reserve=spare, read_from=read_from, avoid=avoid
        )

    same = again(before, 0)
    kept = sample[sample["part"].ne("reserve")]
    _fail_if_strange(kept, same)
    larger = again(after, reserve)
    _fail_if_lost(kept, larger)
    return larger


def _fail_if_not_nested(sample: pd.DataFrame, method: str) -> None:
    staged = any(sample[each].notna().any() for each in ("cluster", "hits") if each in sample)
    if method not in NESTED or staged:
        raise refused(
            ("a sample of this design cannot be topped up", "这种抽样方法的样本不能追加"),
            where=f"method={method}",
            expected=", ".join(NESTED),
            do=(
                "its larger samples do not hold the smaller ones: draw a second sample from the units left",
                "大样本不必包含小样本：请在其余单位中另抽一个样本",
            ),
        )


def _fail_if_strange(kept: pd.DataFrame, same: pd.DataFrame) -> None:
    old, new = (set(zip(each["unit_id"], each["stratum"], each["part"], strict=True)) for each in (kept, same))
    problems = [
        Problem(
            (
                "the frame and the arguments do not draw this unit as the sample has it",
                "按此抽样框与参数重抽与样本不符",
            ),
            str(unit),
            do=("give frame, seed and design of the first draw", "请使用首次抽样的抽样框、种子与方法"),
        )
        for unit, *_ in sorted(old ^ new)
    ]
    fail_if_any(SampleError, "sample 样本", problems)


def _fail_if_lost(kept: pd.DataFrame, larger: pd.DataFrame) -> None:
    there = larger.loc[larger["part"].ne("reserve"), "unit_id"]
    problems = [
        Problem(
            (
                "an old unit would have to leave for units that became certain by size",
                "原样本单位将被规模必查单位挤出",
            ),
            str(unit),
            do=("add more units", "请增加追加数"),
        )
        for unit in kept.loc[~kept["unit_id"].isin(there), "unit_id"]
    ]
    fail_if_any(SampleError, "more 追加", problems)
