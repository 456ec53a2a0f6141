"""Load a rule pack as it stood on a day.

A pack is a folder: ``pack.yaml`` (what it is), ``sources.yaml`` (every document cited, once), ``parameters.yaml``
(dated values, each with its source) and ``indicators/<effective-date>.csv`` (the library as issued). It may extend
another pack: it takes over that pack's sources, parameters and library, and what it has of its own wins by name. No
number that comes from law or regulation stands in Python code; it stands in a pack.
"""

from perfkit.rules.loading import available, first_day, folder, lineage, load, roots
from perfkit.rules.packs import RuleSet, configured, official

__all__ = ["RuleSet", "available", "configured", "first_day", "folder", "lineage", "load", "official", "roots"]
