"""The code that a run is copied as makes the same model again."""

import numpy as np
import pytest

from chainrule.playground.python_code import python_code
from chainrule.playground.run import Run


def executed(run, path=None):
    names = {}
    code = python_code(run, path)
    exec(compile(code, "run.py", "exec"), names)
    return code, names


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"data": {"kind": "pinwheel", "noise": 5, "seed": 2, "share": 70}, "solver": "adam"},
        {
            "data": {"kind": "wave"},
            "loss": "huber",
            "features": ["x1", "x2", "sin(x1)"],
            "solver": "nesterov",
        },
        {"data": {"kind": "iris"}, "layers": []},
        {"data": {"kind": "diabetes"}, "learning_rate": 0.01, "layers": [{"units": 3, "dropout": 0.1}]},
    ],
)
def test_whole_epochs_are_an_estimator(chosen, capsys):
    run = Run(**chosen)
    run.advance("epoch", 4)
    run.change({"learning_rate": 0.005, "penalty": "l2", "penalty_rate": 0.01, "batch_size": 20})
    run.advance("epoch", 3)
    code, names = executed(run)
    assert "partial_fit" in code
    model = names["model"]
    np.testing.assert_array_equal(model._theta(model.network_), run.theta)
    printed = capsys.readouterr().out.split()
    assert float(printed[0]) == run.epoch_losses[-1]
    assert float(printed[1]) == pytest.approx(run.scores(test=True).score, rel=1e-12)


def test_solvers_that_follow_each_other():
    run = Run(solver="adam")
    run.advance("epoch", 2)
    for solver in ("momentum", "adamw", "nesterov", "sgd", "adam"):
        run.change({"solver": solver})
        run.advance("epoch")
    run.change({"momentum": 0.5})  # which Adam has not
    code, names = executed(run)
    assert code.count("set_params") == 5
    np.testing.assert_array_equal(names["model"]._theta(names["model"].network_), run.theta)


def test_anything_else_is_done_again_step_by_step():
    run = Run(solver="momentum")
    run.advance("batch", 9)
    run.edit(1, 0, 3, -0.5)
    run.edit(2, 0, None, 0.25)
    run.advance("sample", 2)
    run.draw(add=[{"x": 1.5, "y": -2, "target": 2}], erase=[4])
    run.advance("epoch", 2)
    run.change({"layers": [{"units": 3, "activation": "mish"}], "features": ["x2", "x1^2"], "seed": 5})
    run.advance("epoch")
    run.back("batch", 5)
    code, names = executed(run)
    assert "partial_fit" not in code
    np.testing.assert_array_equal(names["run"].theta, run.theta)


def test_before_the_first_epoch_there_is_nothing_to_print(capsys):
    _, names = executed(Run())
    assert capsys.readouterr().out == ""
    assert "model" in names


def test_a_table_is_read_from_its_path(tmp_path):
    from chainrule.playground.tables import scaled, table_rows, with_columns

    path = tmp_path / 'it\'s a "table".csv'
    rng = np.random.default_rng(0)
    lines = [
        f"{a:.4f},{'red' if b else 'blue'},{a + b:.4f}"
        for a, b in zip(rng.random(60), rng.integers(0, 2, 60), strict=True)
    ]
    path.write_text("\n".join(["size,'color',price", *lines]))
    examples = scaled(with_columns(table_rows(path, "price", 3), ["size"]), 60)
    run = Run(examples=examples, data={"kind": "table", "seed": 3, "share": 60}, learning_rate=0.01)
    run.advance("epoch", 2)
    _, names = executed(run, str(path))
    np.testing.assert_array_equal(names["model"]._theta(names["model"].network_), run.theta)
    run.advance("sample")
    _, names = executed(run, str(path))
    np.testing.assert_array_equal(names["run"].theta, run.theta)


def test_an_opened_model_is_in_the_code():
    run = Run()
    run.advance("epoch", 2)
    other = Run()
    other.use(run.settings, run.theta)
    other.advance("epoch")
    _, names = executed(other)
    np.testing.assert_array_equal(names["run"].theta, other.theta)
