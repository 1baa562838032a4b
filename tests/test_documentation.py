"""Every code block of the README and the docs runs, in a folder of its own with a table to play with."""

import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
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
    from sklearn.datasets import load_breast_cancer

    from chainrule.cli import main

    monkeypatch.chdir(tmp_path)
    table = load_breast_cancer(as_frame=True)
    names = table.target.map(dict(enumerate(table.target_names)))
    rows = table.data.assign(diagnosis=names)
    rows[:400].to_csv("breast_cancer.csv", index=False)
    rows[400:].to_csv("breast_cancer_new.csv", index=False)
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
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
