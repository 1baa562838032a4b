"""Whether freed memory is used again where the environment says that it is to be given back."""

import subprocess
import sys

import pytest

pytest.importorskip("resource")

PAGES_OF_A_RUN = 100 * (1 << 20) // 4096
FAULTS = """
import resource
import numpy as np
from chainrule.scale.memory import freed_memory_at_hand

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(100):
        np.ones(1 << 17)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

found = [faults()]
with freed_memory_at_hand(), freed_memory_at_hand():
    found.append(faults())
found.append(faults())
print(*found)
"""


def pages_touched_anew(**environment):
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True, env=environment
    )
    return [int(number) for number in done.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's settings")
@pytest.mark.parametrize("told", [{}, {"MALLOC_MMAP_THRESHOLD_": "262144"}])
def test_arrays_take_freed_memory_inside_and_new_memory_before_and_behind(told):
    before, inside, behind = pages_touched_anew(MALLOC_TRIM_THRESHOLD_="65536", **told)
    assert before >= 0.9 * PAGES_OF_A_RUN
    assert inside <= 0.1 * PAGES_OF_A_RUN
    assert behind >= 0.9 * PAGES_OF_A_RUN


def test_where_nothing_is_said_nothing_is_changed():
    before, inside, behind = pages_touched_anew()
    assert max(before, inside, behind) <= 0.1 * PAGES_OF_A_RUN
