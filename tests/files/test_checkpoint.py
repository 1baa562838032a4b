"""A fit that goes on from a checkpoint gives the bits of one that was never interrupted; nothing is lost."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from chainrule import (
    Checkpoint,
    MLPClassifier,
    MLPRegressor,
    TabularClassifier,
    TabularRegressor,
    load,
    save,
)
from chainrule.errors import CheckpointError, DegradedWarning, ModelFileError, ParameterError

X, y = load_diabetes(return_X_y=True)
X, y = X[:120], y[:120]
LABELS = np.where(y > 140, "high", "low")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class StopError(Exception):
    """What ends a fit in these tests, as a crash would."""


class StopsAfter(Checkpoint):
    """A checkpoint that keeps every call of the engine, and crashes after so many of them."""

    def __init__(self, folder, calls):
        super().__init__(folder, every=0)
        self.calls = calls

    def keep(self, progress, at_once=False):
        super().keep(progress, at_once)
        self.calls -= 1
        if self.calls == 0:
            raise StopError


def mlp(**given):
    return MLPRegressor(hidden_layer_sizes=(8,), **{"max_iter": 60, "random_state": 3} | given)


MODELS = {
    "adam, dropout, early stopping": lambda engine: mlp(
        engine=engine, dropout=0.2, early_stopping=True, n_iter_no_change=8
    ),
    "sgd, momentum, adaptive, own metric": lambda engine: mlp(
        engine=engine, solver="sgd", learning_rate="adaptive", learning_rate_init=1e-4, n_iter_no_change=2,
        early_stopping=True, scoring="neg_mean_absolute_error", max_iter=25,
    ),
    "classes, one cycle, float32": lambda engine: MLPClassifier(
        (8,), engine=engine, learning_rate="one_cycle", class_weight="balanced", dtype=np.float32,
        random_state=0, max_iter=50,
    ),
    "numbers of a table": lambda engine: TabularRegressor(
        preset="fast", engine=engine, random_state=1, max_iter=40
    ),
    "classes of a table, as long as it takes": lambda engine: TabularClassifier(
        preset="fast", engine=engine, random_state=1, folds=0, batch_size=16
    ),
}  # fmt: skip


def targets(model):
    return LABELS if hasattr(model, "predict_proba") else y


def answers(model):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def assert_same(model, other):
    np.testing.assert_array_equal(answers(model), answers(other))
    assert model.loss_curve_ == other.loss_curve_
    assert model.validation_loss_curve_ == other.validation_loss_curve_
    assert model.n_iter_ == other.n_iter_


@pytest.mark.parametrize("name", MODELS)
def test_a_fit_that_crashes_again_and_again_ends_like_one_that_does_not(name, engine_name, tmp_path):
    make = MODELS[name]
    whole = make(engine_name).fit(X, targets(make(engine_name)))
    crashes, model = 0, make(engine_name)
    while not hasattr(model, "n_iter_"):
        try:
            model.fit(X, targets(model), checkpoint=StopsAfter(tmp_path / "run", 1 + crashes % 3))
        except StopError:
            crashes += 1
            assert not hasattr(model, "n_iter_")
    assert crashes
    assert_same(model, whole)

    finished = Checkpoint(tmp_path / "run")
    assert_same(make(engine_name).fit(X, targets(model), checkpoint=finished), whole)
    assert finished.resumed_from == whole.n_iter_


def test_without_a_seed_the_one_that_was_drawn_is_kept(tmp_path):
    with pytest.raises(StopError):
        mlp(random_state=None).fit(X, y, checkpoint=StopsAfter(tmp_path, 1))
    once = mlp(random_state=None).fit(X, y, checkpoint=tmp_path)
    again = mlp(random_state=None).fit(X, y, checkpoint=tmp_path)
    other = mlp(random_state=None).fit(X, y)
    assert_same(once, again)
    assert (answers(once) != answers(other)).any()


def test_a_warm_start_goes_on_too(tmp_path):
    def first():
        return mlp(warm_start=True, max_iter=5).fit(X, y)

    whole = first().fit(X, y)
    with pytest.raises(StopError):
        first().fit(X, y, checkpoint=StopsAfter(tmp_path, 1))
    assert_same(first().fit(X, y, checkpoint=tmp_path), whole)


def test_ctrl_c_gives_the_model_so_far_and_loses_nothing(tmp_path):
    class Interrupts(StopsAfter):
        def keep(self, progress, at_once=False):
            try:
                super().keep(progress, at_once)
            except StopError:
                raise KeyboardInterrupt from None

    with pytest.warns(UserWarning, match="interrupted"):
        part = mlp().fit(X, y, checkpoint=Interrupts(tmp_path, 2))
    whole = mlp().fit(X, y, checkpoint=tmp_path)
    assert part.n_iter_ < whole.n_iter_
    assert_same(whole, mlp().fit(X, y))


OTHER_FITS = [
    ({"learning_rate_init": 0.5}, X, y, None, "learning_rate_init was 0.001, now it is 0.5"),
    ({"engine": "xla"}, X, y, None, "its engine was numpy, now it is xla"),
    ({"random_state": 4}, X, y, None, "random_state was 3, now it is 4"),
    ({"activation": np.tanh}, X, y, None, "activation was 'relu'"),
    ({}, X + 1, y, None, "its rows, targets or weights were other ones"),
    ({}, X, y[::-1], None, "its rows, targets or weights were other ones"),
    ({}, X, y, np.arange(1, 121), "its rows, targets or weights were other ones"),
]


@pytest.mark.parametrize(("changes", "X", "y", "weights", "said"), OTHER_FITS)
def test_the_checkpoint_of_another_fit_is_refused_and_stays(changes, X, y, weights, said, tmp_path):
    mlp(engine="numpy", max_iter=3).fit(*load_diabetes_part(), checkpoint=tmp_path)
    before = contents(tmp_path)
    with pytest.raises(CheckpointError, match=said) as told:
        mlp(**{"engine": "numpy", "max_iter": 3} | changes).fit(X, y, weights, checkpoint=tmp_path)
    assert "another fit" in str(told.value)
    assert "Name another folder" in str(told.value)
    assert contents(tmp_path) == before


def load_diabetes_part():
    return X, y


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_checkpoint_of_another_kind_of_model_is_refused(tmp_path):
    mlp(max_iter=3).fit(X, y, checkpoint=tmp_path)
    with pytest.raises(CheckpointError, match="its model was MLPRegressor, now it is TabularRegressor"):
        TabularRegressor(preset="fast", max_iter=2, random_state=3).fit(X, y, checkpoint=tmp_path)


def test_verbose_makes_no_other_fit(tmp_path, capsys):
    mlp(max_iter=3).fit(X, y, checkpoint=tmp_path)
    mlp(max_iter=3, verbose=True).fit(X, y, checkpoint=tmp_path)
    assert capsys.readouterr().out == ""  # no epoch was left to do


@pytest.mark.parametrize("damage", [lambda b: b[:-7], lambda b: b"", lambda b: b[:100] + b"~" + b[101:]])
def test_a_damaged_newest_falls_back_to_the_one_before_with_a_warning(damage, tmp_path):
    whole = mlp().fit(X, y)
    with pytest.raises(StopError):
        mlp().fit(X, y, checkpoint=StopsAfter(tmp_path, 3))
    newest = tmp_path / "checkpoint-1.safetensors"  # the third
    newest.write_bytes(damage(newest.read_bytes()))
    with pytest.warns(DegradedWarning, match=r"checkpoint-1\.safetensors.*goes on from the other"):
        assert_same(mlp().fit(X, y, checkpoint=tmp_path), whole)


def test_two_damaged_ones_are_refused_and_left_as_they_are(tmp_path):
    with pytest.raises(StopError):
        mlp().fit(X, y, checkpoint=StopsAfter(tmp_path, 3))
    for path in tmp_path.glob("*.safetensors"):
        path.write_bytes(b"torn")
    before = contents(tmp_path)
    with pytest.raises(CheckpointError, match="has no checkpoint that can be read"):
        mlp().fit(X, y, checkpoint=tmp_path)
    assert contents(tmp_path) == before


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    left = tmp_path / ".checkpoint-0.safetensors.0123456789abcdef.tmp"
    left.write_bytes(b"half")
    mlp(max_iter=2).fit(X, y, checkpoint=tmp_path)
    assert not left.exists()


def test_another_version_goes_on_with_a_warning(tmp_path, monkeypatch):
    with pytest.raises(StopError):
        mlp().fit(X, y, checkpoint=StopsAfter(tmp_path, 1))
    monkeypatch.setattr("chainrule.__version__", "99.0")
    with pytest.warns(DegradedWarning, match=r"chainrule 0\..*goes on with chainrule 99\.0.*last digits"):
        mlp().fit(X, y, checkpoint=tmp_path)


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CheckpointError, match=r"holds other things \(thesis\.tex\)"):
        mlp().fit(X, y, checkpoint=tmp_path)
    assert contents(tmp_path) == {"thesis.tex": b"years of work"}


def test_what_systems_leave_in_folders_is_no_hindrance(tmp_path):
    for name in (".DS_Store", "desktop.ini"):
        (tmp_path / name).write_text("")
    mlp(max_iter=2).fit(X, y, checkpoint=tmp_path)


@pytest.mark.parametrize("model", [mlp(alpha=-1), TabularRegressor(members=0)])
def test_a_parameter_that_cannot_be_leaves_no_folder(model, tmp_path):
    with pytest.raises(ParameterError):
        model.fit(X, y, checkpoint=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_file_in_its_place_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(CheckpointError, match="is a file; name a folder"):
        mlp().fit(X, y, checkpoint=path)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for a folder that nobody may write to")
def test_a_folder_that_cannot_be_written_is_said_before_the_training():
    with pytest.raises(CheckpointError, match="/proc/1/run cannot be used"):
        mlp().fit(X, y, checkpoint="/proc/1/run")


def test_names_with_blanks_and_accents_are_names(tmp_path):
    folder = tmp_path / "mein läuf 木" / "zwei"
    mlp(max_iter=2).fit(X, y, checkpoint=str(folder))
    assert (folder / "checkpoint-1.safetensors").exists()


def test_a_second_fit_in_the_same_folder_is_refused(tmp_path):
    class Nested(Checkpoint):
        def keep(self, progress, at_once=False):
            with pytest.raises(CheckpointError, match="in use by another fit"):
                mlp(max_iter=2).fit(X, y, checkpoint=self.folder)
            super().keep(progress, at_once)

    mlp(max_iter=2).fit(X, y, checkpoint=Nested(tmp_path, every=0))
    mlp(max_iter=2).fit(X, y, checkpoint=tmp_path)  # the lock is free again


@pytest.mark.parametrize("generator", [np.random.RandomState(0), np.random.default_rng(0)])
def test_a_generator_is_no_seed_for_a_fit_that_goes_on(generator, tmp_path):
    for model in (mlp(random_state=generator), TabularRegressor(random_state=generator)):
        with pytest.raises(ParameterError, match="random_state must be a whole number or None"):
            model.fit(X, y, checkpoint=tmp_path)


def test_what_cannot_go_on_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="solver that goes in steps"):
        mlp(solver="lbfgs").fit(X, y, checkpoint=tmp_path)
    with pytest.raises(ParameterError, match="time_limit=None, however: 5"):
        TabularRegressor(time_limit=5).fit(X, y, checkpoint=tmp_path)
    with pytest.raises(ParameterError, match="every must be"):
        Checkpoint(tmp_path, every=-1)


def test_a_checkpoint_is_no_model(tmp_path):
    mlp(max_iter=2).fit(X, y, checkpoint=tmp_path)
    with pytest.raises(ModelFileError, match="is a checkpoint of a training, not a model"):
        load(tmp_path / "checkpoint-1.safetensors")


def test_a_model_is_no_checkpoint(tmp_path):
    save(mlp(max_iter=2).fit(X, y), tmp_path / "checkpoint-1.safetensors")
    with pytest.raises(CheckpointError, match="is no checkpoint"):
        mlp(max_iter=2).fit(X, y, checkpoint=tmp_path)


def test_a_full_disk_is_said_and_loses_no_checkpoint(tmp_path):
    """The operating system lets no file grow beyond 100 bytes, which is what a full disk looks like."""
    resource = pytest.importorskip("resource", reason="needs limits on the size of files")
    with pytest.raises(StopError):
        mlp().fit(X, y, checkpoint=StopsAfter(tmp_path, 2))
    before = contents(tmp_path)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, usual[1]))
    try:
        with pytest.raises(CheckpointError, match=r"cannot be written.*make room, and call it again"):
            mlp().fit(X, y, checkpoint=Checkpoint(tmp_path, every=0))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert contents(tmp_path) == before
    assert_same(mlp().fit(X, y, checkpoint=tmp_path), mlp().fit(X, y))


def test_from_the_command_line(tmp_path, monkeypatch):
    """The same command after a crash writes the file that it writes when nothing happens, and says so."""
    import polars as pl

    from chainrule.cli import train as command
    from chainrule.cli.terminal_report import training_text

    table = tmp_path / "t.csv"
    pl.DataFrame({f"x{i}": X[:, i] for i in range(10)} | {"y": y}).write_csv(table)
    settings = {"preset": "fast", "max_iter": 60, "engine": "numpy"}
    command.train(table, "y", tmp_path / "a", settings=settings)
    monkeypatch.setattr(command, "Checkpoint", lambda folder: StopsAfter(folder, 1))
    with pytest.raises(StopError):
        command.train(table, "y", tmp_path / "b", checkpoint=tmp_path / "run", settings=settings)
    assert not (tmp_path / "b").exists()
    monkeypatch.undo()
    report = command.train(table, "y", tmp_path / "b", checkpoint=tmp_path / "run", settings=settings)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    done = report["training"]["resumed_from"]
    assert 0 < done < 60
    assert f"60 epochs, {done} of them from the checkpoint, in" in training_text(report["training"])
