"""YAML as the kit reads it: a key that stands twice is refused."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

# The same loader over libyaml, where PyYAML was built with it: packs are read ten times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UniqueKeys(_Loader):  # type: ignore[misc]
    """YAML that refuses a key standing twice, where PyYAML would keep the last silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Return the mapping that ``node`` writes; see :meth:`yaml.SafeLoader.construct_mapping`."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", node.start_mark)
        held: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return held


def parse(text: str, loader: type[UniqueKeys] = UniqueKeys) -> Any:
    """Return what the YAML ``text`` says, read by a safe ``loader``.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML, or a key stands twice.

    Examples
    --------
    >>> parse("a: 1")
    {'a': 1}
    """
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 - a UniqueKeys is a SafeLoader
    except ValueError as error:  # a day that no calendar has
        raise yaml.YAMLError(str(error)) from error
