"""chainrule report and chainrule doctor: the page holds what was measured, and is safe to open."""

import re
import sys
from html.parser import HTMLParser

import polars as pl
import pytest

from chainrule import doctor, load


class Page(HTMLParser):
    """Tags that are open, every address, all text."""

    VOID = ("meta", "img", "br", "link")

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.words, self.tags = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("target", ["risk", "cost"])
def test_the_page_holds_what_was_measured(report, folder, table, models, target):
    found = report("report", f"{target}.safetensors", "data.csv", "--output", "page.html")
    page = Page((folder / "page.html").read_text())
    assert page.open == []
    assert page.tags.count("img") >= 4
    assert all(address.startswith(("data:image/png;base64,", "#")) for address in page.addresses)
    scores = report("evaluate", f"{target}.safetensors", "data.csv")["scores"]
    assert found["scores"] == scores
    shown = scores["accuracy"] if target == "risk" else scores["r2"]
    assert f"{shown:.3f}" in page.text
    assert "linear model" in page.text
    assert found["linear"]["rows"] == 240
    assert set(found["importance"]) == {"age", "city", "member"}
    for heading in ("Scores", "What it goes by", "What the doctor says", "What became of each column"):
        assert heading in page.text


def test_what_a_stranger_wrote_into_the_table_is_text_on_the_page(run, folder, table, models):
    bad = '<script>alert("x")</script>'
    frame = table.rename({"city": bad}).with_columns(risk=pl.col("risk").replace("high", bad))
    frame.write_csv("hostile.csv")
    words = ("--target", "risk", "--ignore", "cost", "--preset", "fast", "--epochs", 2, "--engine", "numpy")
    assert run("train", "hostile.csv", *words, "--model", "hostile.safetensors").exit_code == 0
    ended = run("report", "hostile.safetensors", "hostile.csv")
    assert ended.exit_code == 0, ended.stderr
    page = Page((folder / "report.html").read_text())
    assert "script" not in page.tags
    assert bad in page.text


def test_an_existing_page_is_not_overwritten(run, folder, table, models):
    (folder / "report.html").write_text("mine")
    ended = run("report", "risk.safetensors", "data.csv")
    assert ended.exit_code == 2
    assert "exists" in ended.stderr
    assert (folder / "report.html").read_text() == "mine"


def test_a_table_without_the_target_is_refused_before_anything_is_written(run, folder, table, models):
    table.drop("risk").write_csv("without.csv")
    ended = run("report", "risk.safetensors", "without.csv")
    assert ended.exit_code == 2
    assert "'risk'" in ended.stderr
    assert not (folder / "report.html").exists()


def test_many_classes_are_listed_by_their_mistakes(run, folder):
    n = 600
    labels = [f"class {i % 30:02}" for i in range(n)]
    pl.DataFrame({"a": [float(i % 30) for i in range(n)], "b": labels}).write_csv("many.csv")
    words = ("--target", "b", "--preset", "fast", "--epochs", 1, "--engine", "numpy")
    assert run("train", "many.csv", *words).exit_code == 0
    assert run("report", "many.safetensors", "many.csv").exit_code == 0
    assert "mistakes among 30 classes" in (folder / "report.html").read_text()


def test_the_doctor_says_what_it_says_in_python(report, run, table, models):
    found = report("doctor", "risk.safetensors", "data.csv")
    frame = pl.read_csv("data.csv")
    expected = doctor(load("risk.safetensors"), frame.drop("risk"), frame["risk"].to_numpy())
    assert [finding["name"] for finding in found["findings"]] == [f.name for f in expected.findings]
    shown = run("doctor", "risk.safetensors", "data.csv").stdout
    words = re.sub(r"\s+", " ", shown)
    assert all(finding.name in words for finding in expected.findings)
    assert "Healthy:" in words


def test_without_matplotlib_nothing_is_computed_or_written(run, folder, table, models, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setattr("chainrule.cli.report.load_trained", lambda _: pytest.fail("work was begun"))
    ended = run("report", "risk.safetensors", "data.csv")
    assert ended.exit_code != 0
    assert "pip install 'chainrule[plot]'" in ended.stderr
    assert not (folder / "report.html").exists()
