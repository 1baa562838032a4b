"""chainrule train --dask: a cluster learns, the model file is that of any model."""

import json

import distributed
import pytest

from chainrule import TabularRegressor, load
from chainrule.cli import main


@pytest.fixture(scope="module")
def scheduler():
    """The address of a cluster of two workers in this process."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address
        distributed.default_client().close()


def test_a_cluster_learns_from_a_folder(parquet, scheduler, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = f"train {parquet} --target y --ignore w --dask {scheduler} --preset fast --epochs 4 --hidden 8"
    monkeypatch.setattr("sys.argv", ["chainrule", *command.split(), "--engine", "numpy", "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    report = json.loads(capsys.readouterr().out)
    assert not ended.value.code
    assert report["rows"]["training"] + report["rows"]["held_out"] == 600
    model = load(tmp_path / report["model"]["file"])
    assert type(model) is TabularRegressor
    assert report["scores"]["r2"] > 0


def test_a_scheduler_that_there_is_not_is_named(parquet, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = f"train {parquet} --target y --dask tcp:/127.0.0.1:1"
    monkeypatch.setattr("sys.argv", ["chainrule", *command.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "tcp:/127.0.0.1:1" in capsys.readouterr().err
