"""Fits on a cluster of worker processes: the same bits however many there are, whatever becomes of them."""

import os
import pickle
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import dask
import dask.array as da
import dask.dataframe as dd
import distributed
import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import GridSearchCV

from chainrule import Checkpoint, MLPClassifier, TabularClassifier
from chainrule.errors import EngineError, ParameterError, TableError
from chainrule.scale import cluster as cluster_module
from chainrule.scale import dask_fit
from chainrule.scale.dask import (
    DaskMLPClassifier,
    DaskMLPRegressor,
    DaskTabularClassifier,
    DaskTabularRegressor,
)
from chainrule.scale.rounds import LocalShards

SMALL = {"members": 2, "hidden_layer_sizes": (8,), "embedding": "none", "max_iter": 6, "engine": "numpy"}


class PatientCluster(distributed.LocalCluster):
    """One that goes on watching its workers when one leaves before it has heard of its coming."""

    def _update_worker_status(self, op, msg):
        if op == "add" or msg in self.scheduler_info["workers"]:
            super()._update_worker_status(op, msg)


@pytest.fixture(scope="module")
def cluster():
    """Worker processes of one thread; tests scale it to as many as they want."""
    with (
        dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}),  # they start faster
        PatientCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=60
        ) as cluster,
    ):
        yield cluster


@pytest.fixture
def workers(cluster):
    """``workers(n)``: a client of n worker processes that are there."""
    with distributed.Client(cluster) as client:

        def scaled(n):
            cluster.scale(n)
            client.wait_for_workers(n, timeout=60)
            return client

        yield scaled


@pytest.fixture(scope="module")
def rows(table):
    return table.to_pandas().assign(label=lambda rows: np.where(rows.y > 0.3, "high", "low"))


def in_partitions(rows, *sizes):
    """A dask frame with partitions of these sizes; 0: an empty one."""
    ends = np.cumsum([0, *sizes])
    frames = [rows.iloc[i:j] for i, j in pairwise(ends)]
    return dd.from_map(lambda i: frames[i], range(len(frames)), meta=rows.iloc[:0])


@pytest.fixture(scope="module")
def frame(rows):
    """With an empty shard, a shard of one row and one of one class."""
    sorted_rows = rows.sort_values("label", kind="stable").drop(columns=["y", "w"])
    return in_partitions(sorted_rows, 150, 0, 149, 1, 150, 150)


def classifier(**given):
    return DaskTabularClassifier("fast", random_state=0, **SMALL | given)


@pytest.fixture(scope="module")
def expected(cluster, frame):
    """The bits that come out where the rounds run in the driver, one shard after the other."""

    class Here:
        def __init__(self, cluster, make, lengths):
            self.n_rows, self.make = sum(lengths), make

        def training(self, **settings):
            return LocalShards(dask.compute(*self.make(), scheduler="synchronous")).training(**settings)

        def close(self):
            pass

    with pytest.MonkeyPatch.context() as patch, distributed.Client(cluster):
        patch.setattr(dask_fit, "ClusterShards", Here)
        return bits(classifier().fit(frame, "label"))


def bits(model):
    theta = model.theta_ if hasattr(model, "theta_") else np.concatenate([W.ravel() for W in model.coefs_])
    return theta.tobytes(), model.loss_curve_, model.validation_loss_curve_


def assert_same(answers, wanted):
    """Labels are the same; the last digits of numbers depend on how many rows are asked for at once."""
    if answers.dtype.kind == "f":
        np.testing.assert_allclose(answers, wanted, rtol=1e-12)
    else:
        np.testing.assert_array_equal(answers, wanted)


@pytest.fixture
def before_waiting(monkeypatch):
    """``before_waiting(function)``: called with the round's number once its tasks are submitted."""

    def hook(function):
        wait, n_rounds = cluster_module._wait_for, 0

        def waiting(cluster, futures, what):
            nonlocal n_rounds
            if what.startswith("round"):
                n_rounds += 1
                function(n_rounds)
            wait(cluster, futures, what)

        monkeypatch.setattr(cluster_module, "_wait_for", waiting)

    return hook


def kill_a_worker(client):
    pids = client.run(os.getpid)
    os.kill(pids[min(pids)], signal.SIGKILL)


# -- the same bits -------------------------------------------------------------------------------------------


@pytest.mark.thorough
@pytest.mark.parametrize("n", [1, 2, 4])
def test_the_bits_do_not_depend_on_the_workers(workers, frame, expected, n):
    client = workers(n)
    assert bits(classifier(client=client).fit(frame, "label")) == expected


def test_workers_that_are_killed_in_several_rounds_change_no_bit(workers, frame, expected, before_waiting):
    client, killed = workers(2), []

    def kill(number):
        if number in (1, 3, 6):
            kill_a_worker(client)
            killed.append(number)

    before_waiting(kill)
    assert bits(classifier(client=client).fit(frame, "label")) == expected
    assert killed == [1, 3, 6]


@pytest.mark.thorough
def test_a_worker_that_joins_late_changes_no_bit(cluster, workers, frame, expected, before_waiting):
    client = workers(2)
    cluster.scale(1)
    before_waiting(lambda number: workers(3) if number == 3 else None)
    assert bits(classifier(client=client).fit(frame, "label")) == expected


@pytest.mark.thorough
def test_two_fits_at_once_finish(workers, frame, expected):
    client = workers(2)
    with ThreadPoolExecutor(2) as pool:
        models = [classifier(client=client), classifier(client=client)]
        fitted = list(pool.map(lambda model: model.fit(frame, "label"), models))
    assert bits(fitted[0]) == bits(fitted[1]) == expected


@pytest.mark.thorough
def test_a_fit_goes_on_from_its_checkpoint(workers, frame, expected, before_waiting, tmp_path):
    client = workers(2)

    def fail(number):
        if number == 5:
            raise OSError("lost")

    with pytest.MonkeyPatch.context() as patch:
        wait = cluster_module._wait_for
        before_waiting(fail)
        with pytest.raises(OSError, match="lost"):
            classifier(client=client).fit(frame, "label", checkpoint=Checkpoint(tmp_path, every=0))
        patch.setattr(cluster_module, "_wait_for", wait)
        again = Checkpoint(tmp_path)
        assert bits(classifier(client=client).fit(frame, "label", checkpoint=again)) == expected
    assert again.resumed_from > 1


# -- bounded waits -------------------------------------------------------------------------------------------


def test_without_workers_a_fit_ends_with_an_error(frame):
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        distributed.Client(empty) as client,
        pytest.raises(EngineError, match=r"looking at the rows: 6 of 6 .* for 0.2 s; .* it has no workers"),
    ):
        classifier(client=client, timeout=0.2).fit(frame, "label")


@pytest.mark.thorough
def test_a_round_that_does_not_end_is_named_with_its_workers(workers, frame, monkeypatch):
    client = workers(1)
    event, blocking = distributed.Event("go on", client=client), []

    def block():
        distributed.Event("go on").wait()

    def submit(self, function, *arguments, key):
        if self._n_rounds == 3 and not blocking:
            blocking.append(client.submit(block, priority=10, key="block"))
        return usual(self, function, *arguments, key=key)

    usual = cluster_module.ClusterShards._submit
    monkeypatch.setattr(cluster_module.ClusterShards, "_submit", submit)
    try:
        with pytest.raises(EngineError, match=r"round 3: .* finished for 3 s; .* its workers are tcp"):
            classifier(client=client, timeout=3).fit(frame, "label")
    finally:
        event.set()
        blocking[0].result(timeout=60)


# -- what comes out ------------------------------------------------------------------------------------------


@pytest.mark.thorough
def test_a_fit_scores_as_one_of_one_process(workers, rows):
    client = workers(2)
    rows = rows.drop(columns=["y", "w"])
    learned, unseen = rows.iloc[:450], rows.iloc[450:]
    settings = SMALL | {"max_iter": 30, "folds": 0, "random_state": 0}
    model = DaskTabularClassifier("fast", client=client, **settings)
    model.fit(in_partitions(learned, 150, 150, 150), "label")
    plain = TabularClassifier("fast", **settings).fit(learned.drop(columns="label"), learned.label)
    known = unseen.drop(columns="label"), unseen.label
    assert model.score(*known) > plain.score(*known) - 0.03


@pytest.mark.thorough
def test_answers_for_collections_are_lazy_and_those_of_the_plain_model(workers, rows, frame, tmp_path):
    client = workers(2)
    model = classifier(client=client).fit(frame, "label")
    local = model.to_local()
    assert type(local) is TabularClassifier
    whole = frame.compute()
    for method in ("predict", "predict_proba", "predict_log_proba"):
        lazy = getattr(model, method)(frame)
        assert isinstance(lazy, da.Array)
        wanted = getattr(local, method)(whole.drop(columns="label"))
        assert_same(lazy.compute(), wanted)
        assert_same(getattr(model, method)(whole.drop(columns="label")), wanted)
    accuracy = local.score(whole.drop(columns="label"), whole.label)
    assert model.score(frame, "label") == pytest.approx(accuracy)
    assert model.score(frame.drop(columns="label"), frame.label) == pytest.approx(accuracy)
    with pytest.raises(TableError, match="kind"):
        model.predict(frame.drop(columns="kind"))
    model.save(tmp_path / "model.safetensors")
    assert pickle.loads(pickle.dumps(model)).client is None
    copied = clone(model)
    assert copied.client is client
    assert not hasattr(copied, "theta_")
    assert "client" in model.get_params()


@pytest.mark.thorough
def test_a_regressor_learns_from_arrays_with_weights(workers, rows):
    workers(2)
    X, y, w = (da.from_array(rows[names].to_numpy(), chunks=150) for names in (["a", "b", "c"], "y", "w"))
    model = DaskTabularRegressor("fast", random_state=0, **SMALL | {"max_iter": 12})
    model.fit(X, y, w)
    assert not hasattr(model, "feature_names_in_")
    local = model.to_local()
    values = rows[["a", "b", "c"]].to_numpy()
    lazy = model.predict(X)
    assert lazy.chunks == y.chunks
    assert_same(lazy.compute(), local.predict(values))
    assert model.score(X, y, w) == pytest.approx(local.score(values, rows.y, rows.w))
    assert model.score(X, y, w) > 0.3
    with pytest.raises(ParameterError, match="of one length"):
        model.fit(X, y[:-1])


@pytest.mark.thorough
def test_a_parquet_data_set_gives_the_bits_of_the_frame_of_the_same_partitions(workers, rows, tmp_path):
    workers(2)
    for i in range(3):
        rows.iloc[200 * i : 200 * (i + 1)].drop(columns="label").to_parquet(tmp_path / f"{i}.parquet")
    model = DaskTabularRegressor("fast", random_state=0, **SMALL)
    by_path = bits(model.fit(tmp_path, "y", "w"))
    by_frame = bits(model.fit(in_partitions(rows.drop(columns="label"), 200, 200, 200), "y", "w"))
    assert by_path == by_frame
    known = model.predict(str(tmp_path / "*.parquet")).compute()
    assert_same(known, model.predict(rows.drop(columns=["y", "w", "label"])))


@pytest.mark.thorough
def test_balanced_classes_are_balanced_over_all_shards(workers, frame):
    workers(2)
    counts = frame.label.value_counts().compute()
    weights = (len(frame) / (2 * counts)).to_dict()
    balanced = classifier(class_weight="balanced").fit(frame, "label")
    assert bits(balanced) == bits(classifier(class_weight=weights).fit(frame, "label"))


@pytest.mark.thorough
def test_textbook_networks_learn_on_a_cluster(workers, rows):
    workers(2)
    numbers, labels = rows[["a", "b", "c"]], np.where(rows.a > rows.b, 1, 0)
    data = in_partitions(numbers.assign(label=labels), 200, 200, 200)
    settings = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 300, "learning_rate_init": 0.02}
    model = DaskMLPClassifier(early_stopping=True, engine="numpy", **settings).fit(data, "label")
    assert model.score(data, "label") > 0.95
    assert model.score(numbers, labels) == pytest.approx(model.score(data, "label"))
    assert type(model.to_local()) is MLPClassifier
    assert model.n_iter_ < 300
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    regressor = DaskMLPRegressor(engine="numpy", early_stopping=True, **settings)
    regressor.fit(data[["a", "b"]], data.c * 0 + data.a - data.b)
    assert regressor.score(numbers[["a", "b"]], rows.a - rows.b) > 0.95


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"solver": "lbfgs"}, "solver='lbfgs' needs rows in memory"), ({}, "column 'kind' must hold numbers")],
)
def test_what_textbook_networks_cannot_learn_is_refused(workers, frame, settings, message):
    workers(1)
    with pytest.raises(ParameterError, match=message):
        DaskMLPClassifier(**settings).fit(frame, "label")


@pytest.mark.thorough
def test_tables_in_memory_are_learned_as_by_the_plain_estimator(rows):
    X, y = rows[["a", "b", "kind"]], rows.label
    model = classifier(class_weight="balanced").fit(X, y)
    plain = TabularClassifier("fast", random_state=0, class_weight="balanced", **SMALL).fit(X, y)
    assert bits(model) == bits(plain)


@pytest.mark.parametrize(
    ("target", "kind", "message"),
    [
        ("lable", TableError, "did you mean 'label'"),
        ([1, 2], ParameterError, "y must be the name of a column of X, or a collection of dask"),
    ],
)
def test_a_target_that_there_is_not_is_refused(workers, frame, target, kind, message):
    workers(1)
    with pytest.raises(kind, match=message):
        classifier().fit(frame, target)


def test_without_a_client_there_is_a_word_for_it(frame):
    with pytest.raises(ParameterError, match=r"client must be a distributed\.Client"):
        classifier().fit(frame, "label")


@pytest.mark.thorough
def test_searches_and_ensembles_of_plain_estimators_run_on_a_cluster(workers, rows):
    client = workers(2)
    plain = MLPClassifier((4,), max_iter=200, tol=0.1, n_iter_no_change=1, random_state=0)
    search = GridSearchCV(plain, {"alpha": [0.0, 1e-3]}, cv=2)
    ensemble = BaggingClassifier(plain, n_estimators=4, n_jobs=2, random_state=0)
    X, y = rows[["a", "b"]], rows.label
    with joblib.parallel_config(backend="dask", client=client):
        scores = search.fit(X, y).cv_results_["mean_test_score"]
        answers = ensemble.fit(X, y).predict_proba(X)
    assert (scores == clone(search).fit(X, y).cv_results_["mean_test_score"]).all()
    assert (answers == clone(ensemble).fit(X, y).predict_proba(X)).all()


def test_without_dask_there_is_a_word_for_it(run_python):
    said = run_python(
        "import sys\n"
        "sys.modules['distributed'] = None\n"
        "try:\n"
        "    import chainrule.scale.dask\n"
        "except ImportError as error:\n"
        "    print(error)"
    )
    assert 'pip install "chainrule[dask]"' in said
