"""What a finished assessment must hold: its five parts, points and amounts that add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from perfkit.cycle.ex_ante.conclusion import Conclusion
from perfkit.cycle.ex_ante.panel import by_dimension
from perfkit.cycle.ex_ante.proposal import Pair

SECTIONS: tuple[Pair, ...] = (
    ("一、评估对象概况", "1. The proposal"),
    ("二、评估的方式和方法", "2. How it was assessed"),
    ("三、评估的内容与结论", "3. What was found"),
    ("四、评估的相关建议", "4. Advice"),
    ("五、其他需要说明的问题", "5. Other matters"),
)


def declared(
    proposal: pd.Series, scored: pd.DataFrame, review: pd.DataFrame, conclusion: Conclusion
) -> dict[str, Any]:
    """Return what the report on one proposal must hold, for ``figures.Document.declare``.

    The panel's points add up to its total, by item and by dimension; of each cost item what is accepted and what is
    cut add up to its amount; what is recommended and what is cut add up to what was requested.
    """
    sums: list[dict[str, Any]] = []
    if len(scored):
        for name, parts in (
            (("各评估要点得分", "points of the items"), scored["points"]),
            (("各维度得分", "points of the dimensions"), by_dimension(scored)["points"]),
        ):
            sums.append({"name": name, "parts": list(parts), "total": conclusion.points})
    for row in review.itertuples():
        cost = (f"费用“{row.item}”", f"the cost item {row.item!r}")
        sums.append({"name": cost, "parts": [row.accepted, row.cut], "total": row.amount})
    if not np.isnan(conclusion.requested - conclusion.recommended):
        cut = conclusion.requested - conclusion.recommended
        name = ("申请金额", "the amount requested")
        sums.append({"name": name, "parts": [conclusion.recommended, cut], "total": conclusion.requested})
    names = [proposal[column] for column in ("name", "department") if column in proposal]
    return {"sections": SECTIONS, "sums": sums, "names": names}
