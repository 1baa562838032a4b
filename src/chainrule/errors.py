"""Every error and warning of the package.

    ChainruleError
    ├── ParameterError (ValueError)      an argument has a value it cannot have
    ├── DivergenceError (ValueError)     training never reached a finite loss
    ├── EngineError (RuntimeError)       the chosen engine cannot run here
    ├── TableError (ValueError)          a table file cannot be used as it is
    ├── ModelFileError (ValueError)      a model file cannot be read or written
    ├── CheckpointError (ValueError)     a checkpoint cannot be read or written, or is of another fit
    └── MessageError (ValueError)        what came from the playground's page is not a message

    ChainruleWarning (UserWarning)
    ├── StraightThroughWarning           a step function is trained with a substitute slope
    └── DegradedWarning                  something was done in a lesser way than asked for

A message names the thing, shows its value and says what to do.
"""

__all__ = [
    "ChainruleError",
    "ChainruleWarning",
    "CheckpointError",
    "DegradedWarning",
    "DivergenceError",
    "EngineError",
    "MessageError",
    "ModelFileError",
    "ParameterError",
    "StraightThroughWarning",
    "TableError",
]


class ChainruleError(Exception):
    """Base of all errors that this package raises on purpose."""


class ParameterError(ChainruleError, ValueError):
    """An argument has a value it cannot have."""


class DivergenceError(ChainruleError, ValueError):
    """Training never reached a finite loss, so there is no model to return."""


class EngineError(ChainruleError, RuntimeError):
    """The chosen engine cannot run here."""


class TableError(ChainruleError, ValueError):
    """A table file cannot be used as it is; names the file and the line or column."""


class ModelFileError(ChainruleError, ValueError):
    """A model file cannot be read or written."""


class CheckpointError(ChainruleError, ValueError):
    """A checkpoint cannot be read or written, or is of another fit."""


class MessageError(ChainruleError, ValueError):
    """What came from the playground's page, or from its engine, is not a message."""


class ChainruleWarning(UserWarning):
    """Base of all warnings of this package."""


class StraightThroughWarning(ChainruleWarning):
    """A step function is trained with a substitute slope."""


class DegradedWarning(ChainruleWarning):
    """Something was done in a lesser way than asked for; the message says which."""
