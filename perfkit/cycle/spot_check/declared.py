"""What a finished report on a spot check must hold: its nine parts, and counts that add up."""

from __future__ import annotations

from typing import Any

import pandas as pd

from perfkit.cycle.spot_check.frame import Pair
from perfkit.cycle.spot_check.inference import Inference
from perfkit.cycle.spot_check.planning import Planned

SECTIONS: tuple[Pair, ...] = (
    ("一、主要结论", "1. Main findings"),
    ("二、抽样设计", "2. Design"),
    ("三、抽取与证书", "3. Draw and certificate"),
    ("四、核查完成情况", "4. Checks done"),
    ("五、自评与抽评", "5. Self-scores against checks"),
    ("六、部门比较", "6. Departments"),
    ("七、自评堆积与复核宽严", "7. Heaping and leniency"),
    ("八、结果应用", "8. Consequences"),
    ("九、依据", "9. Bases"),
)


def declared(frame: pd.DataFrame, planned: Planned, found: Inference) -> dict[str, Any]:
    """Return what the report must hold, for ``figures.Document.declare``.

    The units of the strata add up to the population; of each part of the sample those checked, not reached and not
    eligible add up to those gone to.
    """
    strata = {"name": ("各层单位数", "units of the strata"), "parts": list(planned.strata["units"])}
    sums: list[dict[str, Any]] = [{**strata, "total": len(frame)}]
    for row in found.response.itertuples():
        name = (f"核查完成情况（{row.part}）", f"outcomes of the checks ({row.part})")
        parts = [row.checked, row.not_reached, row.not_eligible]
        sums.append({"name": name, "parts": parts, "total": row.gone_to})
    return {"sections": SECTIONS, "sums": sums, "names": list(frame["department"].unique())}
