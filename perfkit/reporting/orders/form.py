"""The form of an order file: its YAML and its keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from perfkit.errors import OrderError, fail_if_any
from perfkit.reporting.orders.checking import Checking, meant
from perfkit.rules.notation import UniqueKeys, parse


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Part(_Strict):
    """A notebook and its runs, under a heading of the index."""

    notebook: str
    heading: str = ""
    common: dict[str, Any] = {}
    runs: list[dict[str, Any]] | dict[str, Any]


class Parts(_Strict):
    """An order of several notebooks."""

    title: str
    formats: list[str] = ["html"]
    reference: str = ""
    parts: list[Part]


class Single(Part):
    """An order of one notebook."""

    title: str
    formats: list[str] = ["html"]
    reference: str = ""


class _Yaml(UniqueKeys):
    """YAML in which only true and false are yes and no.

    By the letter of YAML 1.1 the key ``on`` is the value true, and a unit called ``no`` is false.
    """


_BOOL = "tag:yaml.org,2002:bool"
_Yaml.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in held if tag != _BOOL]
    for first, held in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Yaml.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def read(file: Path, checking: Checking) -> Single | Parts | None:
    """Return what an order file holds, or None if it has not the form of an order.

    Raises
    ------
    OrderError
        If there is no such file, or it is not YAML.
    """
    return _shaped(_yaml(file, checking), checking)


def _yaml(file: Path, checking: Checking) -> Any:
    try:
        return parse(file.read_text(encoding="utf-8-sig"), _Yaml)
    except OSError:
        checking.say(("no such file", "没有该文件"), "", got=str(file))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, TypeError) as error:
        checking.say(("not valid YAML", "不是有效的 YAML"), "", got=" ".join(str(error).split()))
    fail_if_any(OrderError, file.name, checking.problems)
    return None


def _shaped(content: Any, checking: Checking) -> Single | Parts | None:
    kind: type[Single] | type[Parts] = Parts if isinstance(content, dict) and "parts" in content else Single
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        known = ", ".join(kind.model_fields)
        for each in error.errors():
            where = " › ".join(str(step) for step in each["loc"] if not str(step).startswith(("list[", "dict[")))
            if each["type"] == "extra_forbidden":
                checking.say(
                    ("unknown key", "未知的键"), where, known, **meant(str(each["loc"][-1]), known.split(", "))
                )
            elif each["type"] == "missing":
                checking.say(("key missing", "缺少键"), where)
            else:
                checking.say(("wrong value", "值不对"), where, each["msg"], repr(each["input"])[:80])
        return None
