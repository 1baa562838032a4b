"""Bad input: one sentence on standard error, exit code 2, no traceback, nothing half-written."""

import os

import numpy as np
import polars as pl
import pytest

import chainrule


def refused(run, *words, says, code=2):
    before = sorted(os.listdir())
    result = run(*words)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("chainrule: error: ")
    assert says in line
    assert sorted(os.listdir()) == before
    return line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "bad.csv is empty (0 bytes)"),
        (b"risk,age,city,member\n", "bad.csv has a header and no rows"),
        (b"risk,age\na,1\nb\n", "bad.csv, line 3: 1 field, however the header has 2"),
        (b"risk,age\n\xff,1\n", "bad.csv, line 2: byte 9 (0xff) is not UTF-8"),
        (b"age,city\n1,x\n2,y\n", "bad.csv: the table has no column 'risk'; it has 'age', 'city'"),
        (b"Risk,age\na,1\n", "bad.csv: the table has no column 'risk'; did you mean 'Risk'?"),
        (b"risk,age\na,1\na,2\n", "bad.csv: target 'risk' has only one class, 'a', in 2 rows"),
        (b"risk,age\n,1\n,2\n", "bad.csv: target 'risk' has no value in any row"),
        (b"risk,age\na,inf\nb,1\n" * 5, "both named"),
        (b"risk,age\n" + b"a,inf\nb,1\n" * 5, "bad.csv: column 'age' is infinite in line 2; "),
        (b"risk,age\na,1\nb,2\n", "bad.csv: of 2 rows too few can be spared"),
        (b"risk\na\nb\n", "bad.csv: no column holds anything to learn from"),
        (b"risk,age\na,7\nb,7\n", "bad.csv: no column holds anything to learn from"),
    ],
)
def test_train_refuses_bad_tables(run, folder, content, says):
    (folder / "bad.csv").write_bytes(content)
    if says == "both named":
        content = b"risk,age,age\na,1,2\n"
        (folder / "bad.csv").write_bytes(content)
    refused(run, "train", "bad.csv", "--target", "risk", says=says)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("train", "absent.csv", "--target", "risk"), "absent.csv does not exist"),
        (("train", "dat.csv", "--target", "risk"), "did you mean data.csv?"),
        (("train", ".", "--target", "risk"), "has other columns than data.csv; give all files of ."),
        (("train", "data.csv", "--target", "risky"), "did you mean 'risk'?"),
        (("train", "data.csv", "--target", "risk", "--ignore", "cots"), "did you mean 'cost'?"),
        (
            ("train", "data.csv", "--target", "city", "--task", "regression"),
            "a regression needs a target of numbers: column 'city' must hold numbers, however line 2 holds",
        ),
        (
            ("train", "data.csv", "--target", "cost", "--task", "classification"),
            "not classes; use the task regression",
        ),
        (
            ("train", "data.csv", "--target", "risk", "--model", "no/m"),
            "--model: the folder no does not exist",
        ),
        (("train", "data.csv", "--target", "risk", "--model", "."), "--model: . is a directory"),
        (
            ("train", "data.csv", "--target", "risk", "--model", "data.csv"),
            "--model: data.csv is the table that is read",
        ),
        (
            ("train", "data.csv", "--target", "risk", "--hidden", "3,x"),
            "'3,x' is not a list of numbers such as 64,64",
        ),
        (("train", "data.csv", "--target", "risk", "--hidden", "3,0"), "has a layer without neurons"),
        (("train", "data.csv", "--target", "risk", "--hidden", ""), "'' is not a list of numbers"),
        (
            ("train", "data.csv", "--target", "risk", "--hidden", "1000000,1000000"),
            "Invalid value for '--hidden': training '1000000,1000000' takes 64,000,128,000,000 bytes",
        ),
        (("train", "data.csv", "--target", "risk", "--learning-rate", "0"), "'--learning-rate': 0.0 is not"),
        (("train", "data.csv", "--target", "risk", "--ignore", "risk"), "--ignore: 'risk' is the target"),
        (("train", "data.csv", "--target", "risk", "--activation", "rely"), "activation 'rely' is unknown"),
        (
            ("train", "data.csv", "--target", "risk", "--learning-rate", "-1"),
            "Invalid value for '--learning-rate': -1.0 is not a positive",
        ),
        (
            ("train", "data.csv", "--target", "risk", "--test-fraction", "0.9"),
            "Invalid value for '--test-fraction'",
        ),
        (("train", "data.csv", "--target", "risk", "--preset", "slow"), "'slow' is not one of"),
        (("train", "data.csv", "--target", "risk", "--time-limit", "0"), "'--time-limit': 0.0 is not"),
        (
            ("train", "data.csv", "--target", "risk", "--kind", "age"),
            "Invalid value for '--kind': 'age' is not COLUMN=KIND with a kind of number, category",
        ),
        (("train", "data.csv", "--target", "risk", "--kind", "age=float"), "'age=float' is not COLUMN=KIND"),
        (
            ("train", "data.csv", "--target", "risk", "--kind", "age=text", "--kind", "age=number"),
            "'age' is called text and number; choose one",
        ),
        (
            ("train", "data.csv", "--target", "risk", "--kind", "Age=number"),
            "data.csv: the table has no column 'Age'; did you mean 'age'?",
        ),
        (("train", "data.csv", "--target", "risk", "--kind", "risk=text"), "--kind: 'risk' is the target"),
        (
            ("train", "data.csv", "--target", "risk", "--kind", "city=number"),
            "data.csv: column 'city' must hold numbers, however line 2 holds",
        ),
        (("train", "data.csv", "--target", "risk", "--task", "ranking"), "'ranking' is not one of"),
        (("train", "data.csv"), "Missing option '--target'"),
        (("train", "data.csv", "--target", "risk", "--epoch", "3"), "No such option: --epoch"),
        (("tran", "data.csv"), "No such command 'tran'"),
        (("predict", "data.csv", "data.csv"), "data.csv is not a chainrule model but looks like text"),
        (("predict", "absent", "data.csv"), "absent does not exist"),
        (("predict", ".", "data.csv"), ". is a directory"),
        (("predict", "risk.safetensors", "absent.csv"), "absent.csv does not exist"),
        (
            ("predict", "risk.safetensors", "data.csv", "--output", "no/p.csv"),
            "--output: the folder no does not exist",
        ),
        (
            ("predict", "risk.safetensors", "data.csv", "--output", "data.csv"),
            "--output: data.csv is the table",
        ),
        (("predict", "risk.safetensors", "data.csv", "--output", "."), "--output: . is a directory"),
        (("predict", "cost.safetensors", "data.csv", "--proba"), "which has no probabilities"),
        (("predict", "risk.safetensors", "data.csv", "--interval", "0.9"), "which has no bounds; --proba"),
        (("predict", "cost.safetensors", "data.csv", "--interval", "1"), "'--interval': 1.0 is not"),
        (
            ("predict", "cost.safetensors", "data.csv", "--interval", "0.999"),
            "--interval: coverage=0.999 needs at least 999 held-out rows",
        ),
        (("predict", "risk.safetensors", "short.csv"), "short.csv: the table has no columns 'age', 'member'"),
        (
            ("predict", "risk.safetensors", "text.csv"),
            "text.csv: column 'age' must hold numbers, however line 3 holds",
        ),
        (("predict", "risk.safetensors", "taken.csv", "--with-input"), "a column 'predicted_risk' already"),
        (("evaluate", "risk.safetensors", "short.csv"), "short.csv: the table has no column 'risk'"),
        (("evaluate", "risk.safetensors", "label.csv"), "is 'middle' in line 2, a class the model never saw"),
        (("inspect", "absent"), "absent does not exist"),
        (("inspect", "pickle.pkl"), "looks like a pickle"),
        (("demo", "--folder", "data.csv"), "--folder: data.csv cannot be made"),
    ],
)
def test_refusals(run, table, models, folder, words, says):
    one = {"age": [1], "city": ["Oslo"], "member": [True]}
    (folder / "pickle.pkl").write_bytes(b"\x80\x04\x95")
    pl.DataFrame({"city": ["Oslo"]}).write_csv("short.csv")
    pl.DataFrame({"age": ["1", "old"], "city": ["Oslo", "Oslo"], "member": [True, True]}).write_csv(
        "text.csv"
    )
    pl.DataFrame(one | {"predicted_risk": ["low"]}).write_csv("taken.csv")
    pl.DataFrame(one | {"risk": ["middle"]}).write_csv("label.csv")
    refused(run, *words, says=says)


def test_a_training_that_runs_away_ends_with_1(run, folder):
    x = np.random.default_rng(0).normal(size=60)
    pl.DataFrame({"x": x, "y": x}).write_csv("d.csv")
    words = ("--learning-rate", 1e30, "--engine", "numpy", "--activation", "identity")
    refused(run, "train", "d.csv", "--target", "y", *words, says="learning_rate", code=1)


def test_a_fault_of_ours_is_one_line_with_1(run, table, monkeypatch):
    from chainrule.cli import inspect

    def broken(*_):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(inspect, "inspect", broken)
    refused(run, "inspect", "data.csv", says="unexpected ZeroDivisionError: division by zero", code=1)
    monkeypatch.setenv("CHAINRULE_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        run("inspect", "data.csv")


def test_a_full_disk_leaves_nothing(run, table, models, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    words = ("train", "data.csv", "--target", "risk", "--epochs", 2, "--engine", "numpy", "--preset", "fast")
    refused(run, *words, says="data.safetensors cannot be written: No space left on device")
    refused(
        run, "predict", "risk.safetensors", "data.csv", "--output", "p.csv", says="p.csv cannot be written"
    )


def test_warnings_are_lines_on_standard_error(run, folder):
    n = 60
    pl.DataFrame(
        {"id": [f"u{i}" for i in range(n)], "x": range(n), "y": [*"aaaaaaaaab"] * (n // 10)}
    ).write_csv("d.csv")
    words = ("--epochs", 1, "--learning-rate", 1e-9, "--engine", "numpy", "--preset", "fast")
    result = run("train", "d.csv", "--target", "y", *words, "--json")
    assert result.exit_code == 0
    first, second = result.stderr.splitlines()
    assert first.startswith("chainrule: warning: column 'id' has another value in every row")
    assert second.startswith("chainrule: warning: the model is no better than a constant answer (accuracy ")


def test_help_documents_the_exit_codes(run):
    for words in ((), ("train",), ("predict",), ("evaluate",), ("inspect",), ("demo",)):
        result = run(*words, "--help")
        assert result.exit_code == 0
        assert "Exit codes: 0" in result.stdout
    assert run().exit_code == 2


def test_version(run):
    assert run("--version").stdout == f"chainrule {chainrule.__version__}\n"
