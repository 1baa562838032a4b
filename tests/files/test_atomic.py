"""A file is written whole or not at all."""

import os
import stat
import subprocess
import sys
import time

import pytest

from chainrule.files.atomic import write_atomically


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "näme with blanks"
    for content in (b"first", b"", b"x" * 100_000):
        write_atomically(path, content)
        assert path.read_bytes() == content
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, step, fail)
        with pytest.raises(OSError, match="No space left"):
            write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_ctrl_c_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "file", b"new")
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "file", b"x")


@pytest.mark.skipif(os.name == "nt", reason="permissions and links of Unix")
def test_permissions_and_links_are_as_for_any_file(tmp_path):
    usual, ours, link = tmp_path / "usual", tmp_path / "ours", tmp_path / "link"
    usual.write_bytes(b"")
    write_atomically(ours, b"x")
    assert stat.S_IMODE(ours.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)
    link.symlink_to(ours)
    write_atomically(link, b"through the link")
    assert link.is_symlink()
    assert ours.read_bytes() == b"through the link"


def test_killed_at_any_moment_the_file_is_old_or_new(tmp_path):
    path = tmp_path / "file"
    code = (
        "import sys\nfrom chainrule.files.atomic import write_atomically\n"
        "print('ready', flush=True)\n"
        "while True:\n    for c in b'ab':\n        write_atomically(sys.argv[1], bytes([c]) * 2_000_000)\n"
    )
    for delay in (0.0, 0.01, 0.03, 0.07):
        writer = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
        writer.stdout.readline()
        deadline = time.monotonic() + 20
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(delay)
        writer.kill()
        writer.wait()
        writer.stdout.close()
        content = path.read_bytes()
        assert content in (b"a" * 2_000_000, b"b" * 2_000_000)
