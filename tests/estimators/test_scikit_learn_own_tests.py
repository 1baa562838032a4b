"""scikit-learn's own tests of its MLP, run on ours: the two names in its test file are replaced."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PRIVATE = {
    "test_gradient": "calls _loss_grad_lbfgs; ours is held against central differences in tests/network",
    "test_learning_rate_warmstart": "reads _optimizer.learning_rate; see test_mlp_training.py",
    "test_adaptive_learning_rate": "reads _optimizer.learning_rate; see test_mlp_training.py",
    "test_n_iter_no_change": "reads _no_improvement_count; see test_mlp_training.py",
    "test_n_iter_no_change_inf": "reads _no_improvement_count; see test_mlp_training.py",
}


@pytest.mark.slow
def test_scikit_learns_tests_pass_with_the_import_changed(tmp_path):
    source = Path(pytest.importorskip("sklearn.neural_network.tests.test_mlp").__file__).read_text()
    names = "import MLPClassifier, MLPRegressor"
    changed = source.replace(f"from sklearn.neural_network {names}", f"from chainrule {names}")
    assert changed != source
    (tmp_path / "test_mlp_of_scikit_learn.py").write_text(changed)
    (tmp_path / "conftest.py").write_text(
        "import pytest\n\n\n@pytest.fixture\ndef global_random_seed():\n    return 42\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    deselected = [f"--deselect=test_mlp_of_scikit_learn.py::{name}" for name in PRIVATE]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *deselected, "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stdout[-4000:]
    counts = dict(reversed(pair) for pair in re.findall(r"(\d+) (\w+)", run.stdout.splitlines()[-1]))
    assert int(counts["deselected"]) == len(PRIVATE)
    assert int(counts["passed"]) >= 50
    assert not {"failed", "error", "errors", "xfailed", "skipped"} & set(counts)
