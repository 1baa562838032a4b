"""See every number: the trace of a training step, the check of the gradients, the doctor."""

from chainrule.explain.trace import Trace, trace

__all__ = ["Trace", "trace"]
