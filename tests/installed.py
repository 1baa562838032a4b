"""Is an installed chainrule whole?  python tests/installed.py [--all], outside of the source tree.

Fits, judges, saves and loads one estimator of each kind; what needs an extra is refused in words where the
extra is missing, and with --all is used as well: both engines, the command line, pictures, ONNX, the
playground's page, a data set on disk, a cluster.
"""

import argparse
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.exceptions import ConvergenceWarning

import chainrule

HERE = Path(__file__).resolve()


def estimators(engine, folder):
    X, y = load_breast_cancer(return_X_y=True)
    number = load_diabetes(return_X_y=True)
    images = np.random.default_rng(0).normal(size=(60, 8, 8))
    fits = [
        (chainrule.TabularClassifier(preset="fast", max_iter=3, engine=engine), X, y, 0.9),
        (chainrule.TabularRegressor(preset="fast", max_iter=3, engine=engine), *number, 0.2),
        (chainrule.MLPClassifier(max_iter=20, engine=engine), X / X.max(0), y, 0.8),
        (chainrule.MLPRegressor(max_iter=200, learning_rate_init=0.01, engine=engine), *number, 0.2),
        (chainrule.ImageClassifier(max_iter=2, engine=engine), images, np.arange(60) % 2, 0),
        (chainrule.SequenceClassifier(max_iter=2, engine=engine), images, np.arange(60) % 2, 0),
    ]
    for model, rows, targets, least in fits:
        model.set_params(random_state=0).fit(rows, targets)
        score = model.score(rows, targets)
        assert score >= least, (model, score)
        model.save(folder / "model.safetensors")
        again = chainrule.load(folder / "model.safetensors")
        np.testing.assert_array_equal(again.predict(rows), model.predict(rows))
        print(f"  {engine:5} {type(model).__name__:18} {score:.3f}", flush=True)
    wave = np.sin(np.arange(200) / 5)
    told = (
        chainrule.Forecaster(horizon=3, window=20, cell="dense", max_iter=2, engine=engine)
        .fit(wave)
        .predict()
    )
    np.testing.assert_allclose(told, np.sin(np.arange(200, 203) / 5), atol=0.05)


def without_extras():
    program = Path(sys.executable).with_name("chainrule")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    assert done.returncode != 0, done
    assert "chainrule[cli]" in done.stderr, done
    print("  command line refused in words:", done.stderr.strip())


def with_extras(folder):
    import onnx

    from chainrule.export import to_onnx
    from chainrule.playground import serve  # noqa: F401
    from chainrule.plotting import LossCurveDisplay
    from chainrule.scale.dask import DaskTabularClassifier  # noqa: F401

    def program(*words):
        done = subprocess.run(
            [Path(sys.executable).with_name("chainrule"), *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )
        assert done.returncode == 0, done
        print("  chainrule", *words)

    program("--version")
    program("demo")
    table = "demo/breast_cancer.csv"
    program("train", table, "--target", "diagnosis", "--model", "cancer.safetensors", "--preset", "fast")
    program("predict", "cancer.safetensors", "demo/breast_cancer_new.csv", "--output", "predictions.csv")
    program("export", "cancer.safetensors", "--output", "cancer.onnx")
    onnx.checker.check_model(folder / "cancer.onnx")
    X, y = load_breast_cancer(return_X_y=True)
    model = chainrule.MLPClassifier(max_iter=3).fit(X, y)
    assert to_onnx(model).graph.node
    LossCurveDisplay.from_estimator(model).figure_.savefig(folder / "curve.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="chainrule was installed as chainrule[all]")
    everything = parser.parse_args().all
    source = HERE.parents[1] / "src"
    assert source not in Path(chainrule.__file__).resolve().parents, (
        "this is the source, not what is installed"
    )
    warnings.simplefilter("ignore", ConvergenceWarning)
    with TemporaryDirectory() as name:
        folder = Path(name)
        estimators("numpy", folder)
        if everything:
            estimators("xla", folder)
            with_extras(folder)
        else:
            without_extras()
    chainrule.show_versions()
    print(f"chainrule {chainrule.__version__} on Python {sys.version.split()[0]}: whole")


if __name__ == "__main__":
    main()
