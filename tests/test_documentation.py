"""Every code block of the README and the docs runs, in a folder of its own with a table to play with."""

import re
import shlex
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINKED = [
    *PAGES,
    ROOT / "CHANGELOG.md",
    ROOT / "web" / "README.md",
    *sorted((ROOT / "benchmarks").glob("*.md")),
]
MODULES = [
    "chainrule",
    "chainrule.engine",
    "chainrule.errors",
    "chainrule.explain",
    "chainrule.export",
    "chainrule.network",
    "chainrule.optimization",
    "chainrule.playground",
    "chainrule.plotting",
    "chainrule.scale.dask",
    "chainrule.serving",
    "chainrule.table",
    "chainrule.training",
]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page, language):
    return [code for found, code in BLOCK.findall(page.read_text()) if found == language]


def pages_with(language):
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in PAGES if blocks(page, language)]


def test_every_block_is_of_a_language_that_is_run():
    for page in PAGES:
        found = {language for language, _ in BLOCK.findall(page.read_text())}
        assert found <= {"python", "console"}, page


@pytest.mark.parametrize("page", pages_with("python"))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_python_blocks_of_a_page_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "documentation"}
    for code in blocks(page, "python"):
        exec(compile(code, str(page), "exec"), names)


@pytest.mark.parametrize("page", pages_with("console"))
def test_the_commands_of_a_page_run_one_after_the_other(page, tmp_path, monkeypatch, capsys):
    import numpy as np
    import pandas as pd
    from sklearn.datasets import load_breast_cancer

    from chainrule.cli import main

    monkeypatch.chdir(tmp_path)
    table = load_breast_cancer(as_frame=True)
    names = table.target.map(dict(enumerate(table.target_names)))
    rows = table.data.assign(diagnosis=names)
    rows[:400].to_csv("breast_cancer.csv", index=False)
    rows[400:].to_csv("breast_cancer_new.csv", index=False)
    hours = pd.date_range("2024-03-01", periods=22 * 24, freq="h")
    waves = 10 + 5 * np.sin(2 * np.pi * hours.hour / 24) + np.random.default_rng(0).normal(size=len(hours))
    series = pd.DataFrame({"time": hours, "visits": waves, "open": hours.hour >= 8})
    series[:-24].to_csv("visits.csv", index=False)
    series[-24:].drop(columns="visits").to_csv("tomorrow.csv", index=False)
    for block in blocks(page, "console"):
        for line in block.splitlines():
            if not line.startswith("$ "):
                continue
            program, *arguments = shlex.split(line[2:])
            assert program == "chainrule"
            monkeypatch.setattr("sys.argv", [program, *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
            assert not ended.value.code, f"{line}\n{capsys.readouterr().err}"


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_words_of_the_development_script_exist():
    script = (ROOT / "dev").read_text()
    for page in PAGES:
        for word in re.findall(r"\./dev ([a-z]+)", page.read_text()):
            assert re.search(rf"^    {word}\)", script, re.MULTILINE), f"{page}: ./dev {word}"


def test_the_files_of_the_whats_where_table_exist():
    source = ROOT / "src" / "chainrule"
    folder = source
    table = re.search(r"## What's where\n(.*?)\n\n[^|]", (ROOT / "README.md").read_text(), re.DOTALL).group(1)
    for row in table.splitlines()[3:]:
        for name in re.findall(r"`([^`]+)`", row.split("|")[2]):
            path = source / name.removeprefix("src/chainrule/")
            path = path if path.exists() else folder / name
            assert path.exists(), name
            folder = path if path.is_dir() else path.parent


def test_the_reference_has_every_public_name_once():
    module, listed = "", []
    for page in sorted((ROOT / "docs" / "api").glob("*.rst")):
        for line in page.read_text().splitlines():
            if entered := re.fullmatch(r"\.\. (?:current|auto)?module:: (.*)", line):
                module = entered[1]
            elif named := re.fullmatch(r"\.\. auto\w+:: (\w+)", line):
                listed.append((module, named[1]))
    public = {name for name in MODULES for name in import_module(name).__all__} - {"__version__"}
    assert sorted(name for _, name in listed) == sorted([*public, "serve"])  # there are two of this name
    assert all(name in import_module(module).__all__ for module, name in listed)


def test_what_the_pages_for_those_who_come_from_elsewhere_name_exists():
    names = {
        name: getattr(import_module(module), name)
        for module in MODULES
        for name in import_module(module).__all__
    }
    arguments = {"epochs", "height", "width", "X_val", "y_val", "checkpoint"}
    for name in import_module("chainrule").__all__:
        if callable(names[name]):
            arguments |= set(signature(names[name]).parameters)
    for row in re.findall(r"^\|.*\|(.*)\|$", (ROOT / "docs" / "coming_from.md").read_text(), re.MULTILINE):
        for code in re.findall(r"`([^`]+)`", row):
            assert set(re.findall(r"\b(\w+)=", code)) <= arguments, code
            assert set(re.findall(r"\b([A-Z]\w+)(?=\(|$)", code)) <= set(names), code
