"""See every number: the trace of a training step, the check of the gradients, the doctor."""

from chainrule.explain.diagnosis import Diagnosis, Finding
from chainrule.explain.doctor import doctor
from chainrule.explain.gradient_check import check_gradients
from chainrule.explain.gradient_table import GradientCheck
from chainrule.explain.trace import Trace, trace

__all__ = ["Diagnosis", "Finding", "GradientCheck", "Trace", "check_gradients", "doctor", "trace"]
