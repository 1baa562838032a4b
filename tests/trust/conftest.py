"""What the tests of faults share: the counts are written when a process ends."""

from tried import write_counts


def pytest_sessionfinish(session, exitstatus):
    """Write the counts of this process, where `./dev fuzz` wants them."""
    write_counts()
