"""The page that comes along: built of the sources beside it, small, and at home on this machine."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "web"
STATIC = Path(__file__).parents[2] / "src/chainrule/playground/static"
SINGLE = ["index.html", "package.json", "package-lock.json", "vite.config.ts"]
NEEDED = {"index.html", "page.js", "playground.js", "playground.css", "source.sha256"}
NAMESPACES = ("//www.w3.org/1998/", "//www.w3.org/1999/", "//www.w3.org/2000/")


def served():
    return [file for file in STATIC.iterdir() if file.suffix in (".html", ".js", ".css", ".svg")]


def test_the_build_is_of_these_sources():
    names = [file.relative_to(WEB).as_posix() for file in (WEB / "src").rglob("*") if file.is_file()]
    digest = hashlib.sha256()
    for name in sorted(names + SINGLE):
        digest.update(name.encode() + b"\0" + (WEB / name).read_bytes() + b"\0")
    built_of = (STATIC / "source.sha256").read_text().strip()
    assert built_of == digest.hexdigest(), (
        "the page is older than its sources; in the folder web: npm run build"
    )


def test_all_that_the_server_and_notebooks_need_is_there():
    assert {file.name for file in STATIC.iterdir()} >= NEEDED
    assert not list(STATIC.rglob("*.map"))
    module = (STATIC / "playground.js").read_text()
    exported = re.search(r"export\{([^}]*)\}", module[-2000:])
    assert exported
    assert {"default", "render"} <= set(re.split(r"\W+", exported[1]))


def test_the_bundle_is_small():
    assert sum(len(gzip.compress(file.read_bytes())) for file in served()) < 500_000


@pytest.mark.parametrize("file", served(), ids=lambda file: file.name)
def test_no_file_names_another_host(file):
    addresses = re.findall(r"(?:https?:|wss?:)?//[\w-]+(?:\.[\w-]+)+[^\s\"'`<>)\\]*", file.read_text())
    assert [one for one in addresses if not one.removeprefix("http:").startswith(NAMESPACES)] == []


def test_the_page_holds_no_inline_script_and_no_inline_style():
    page = (STATIC / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", page) == []


def test_the_lock_file_takes_packages_from_the_registry_only():
    resolved = re.findall(r'"resolved": "([^"]*)"', (WEB / "package-lock.json").read_text())
    assert resolved
    assert all(one.startswith("https://registry.npmjs.org/") for one in resolved)
