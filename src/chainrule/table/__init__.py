"""Any table to numbers, and targets to numbers and back."""

from chainrule.table.levels import Levels
from chainrule.table.limits import DEFAULT_LIMITS, TableLimits
from chainrule.table.readers import TableFile, open_table, read_table
from chainrule.table.schema import Feature, Schema
from chainrule.table.target import Target, infer_task, known_labels, known_numbers, prepare_target

__all__ = [
    "DEFAULT_LIMITS",
    "Feature",
    "Levels",
    "Schema",
    "TableFile",
    "TableLimits",
    "Target",
    "infer_task",
    "known_labels",
    "known_numbers",
    "open_table",
    "prepare_target",
    "read_table",
]
