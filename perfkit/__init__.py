"""perfkit: a workbench for evaluating public spending (预算绩效管理).

Four nouns carry everything: a *rule set* (the rules in force on a day), a *table* (a data frame that has
passed its contract), a *scorecard* (values judged by a rule set, and for every point why) and a *report*
(a notebook run with parameters). Import the room you need: ``from perfkit import rules, tables``.
"""

__version__ = "0.1.0"
