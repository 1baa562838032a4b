"""What comes from strangers stays text, nothing goes to another host, and an end is said as such."""

import pytest
from browser_pages import (  # noqa: F401
    Visit,
    a_browser,
    a_playground,
    a_visit,
    pages_to_open,
    running_playground,
)

HOSTILE = [
    "<img src=x onerror=window.hacked=1>",
    "\"'><script>window.hacked=1</script>",
    "$\\href{javascript:window.hacked=1}{x}$",
    "__proto__",
    "x" * 300,
    "größe 身高 🦊 \u202eabc",
]
FOREIGN = "img, script:not([src]), b, [onerror], [onmouseover], [onload], [href^=javascript]"
LABELS = ["<b onmouseover=window.hacked=1>yes</b>", "`no`", "constructor"]


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


@pytest.fixture(scope="module")
def hostile_table(tmp_path_factory):
    lines = [",".join(map(quoted, [*HOSTILE, "<svg onload=window.hacked=1>"]))]
    for i in range(60):
        row = [
            *(str((7 * i + 3 * j) % 11 + 0.5 * (i % 3)) for j in range(len(HOSTILE))),
            quoted(LABELS[i % 3]),
        ]
        lines.append(",".join(row))
    path = tmp_path_factory.mktemp("hostile") / "<img src=x onerror=window.hacked=1>.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.essential
def test_names_of_strangers_are_text_everywhere(visit, hostile_table):
    with visit.changing():
        visit.control("tables").locator("input[type=file]").set_input_files(
            {"name": hostile_table.name, "mimeType": "text/csv", "buffer": hostile_table.read_bytes()}
        )
    state = visit.state
    assert [column["name"] for column in state["problem"]["columns"]] == HOSTILE
    assert sorted(state["problem"]["classes"]) == sorted(LABELS)
    page = visit.page
    elements = f"document.querySelectorAll({FOREIGN!r}).length"
    for title in [
        "Glass box",
        "Hidden space",
        "Scores",
        "Distributions",
        "Compare",
        "Your data",
        "Save & export",
    ]:
        panel = visit.tab(title)
        if title == "Glass box":
            panel.locator(".document-section").first.wait_for()
            panel.get_by_label("all stages at once").check()
        if title == "Compare":
            panel.get_by_role("button", name="Keep this run").click()
        page.wait_for_timeout(150)
        assert page.evaluate(elements) == 0, title
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), title
        visit.shoot(f"strangers-{title.replace(' ', '-').lower()}")
    for i in range(visit.page.locator(".unit").count()):
        page.locator(".unit").nth(i).hover()
    visit.step("epoch", 1)
    assert page.evaluate("window.hacked") is None
    assert page.evaluate(elements) == 0
    assert HOSTILE[0] in page.locator(".input-list").text_content()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_table_of_the_command_line_is_there_at_once(opened, hostile_table, tmp_path):
    path = tmp_path / "three.csv"
    path.write_text(
        "a,b,color\n" + "".join(f"{i % 7},{i % 5},{'red' if i % 3 else 'blue'}\n" for i in range(50))
    )
    with running_playground(path, "--target", "color") as own:
        visit = opened(address=own.address)
        assert visit.state["problem"]["title"] == "three.csv"
        assert visit.state["problem"]["classes"] == ["blue", "red"]
        visit.page.context.close()


def test_a_hostile_address_is_only_text(opened):
    visit = opened(
        "data=%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E&hide=%22%5D%7Bbody%7Bdisplay%3Anone&panel=__proto__"
    )
    refusal = visit.page.locator(".refusal")
    refusal.wait_for()
    assert "<img src=x onerror=window.hacked=1>" in refusal.text_content()
    assert visit.page.evaluate("window.hacked") is None
    assert visit.control("play").is_visible()


def test_a_page_without_its_key_says_what_to_do(chromium, playground):
    page = chromium.new_page()
    page.goto(playground.address.partition("#")[0])
    page.get_by_role("dialog", name="This page needs its key").wait_for()
    page.close()


def test_a_page_with_a_wrong_key_says_so(chromium, playground):
    page = chromium.new_page()
    page.goto(playground.address.partition("#")[0] + "#token=wrong")
    page.get_by_role("dialog", name="There is no engine here").wait_for()
    page.close()


@pytest.mark.essential
def test_an_end_of_the_server_is_said(chromium):
    with running_playground() as own:
        context = chromium.new_context()
        visit = Visit(context.new_page()).open(own.address)
        visit.control("play").click()
        visit.wait("frame.epoch > 1")
        own.process.terminate()
        visit.page.get_by_role("dialog", name="The engine has stopped").wait_for()
        visit.shoot("closed", whole=False)
        context.close()


def test_pages_have_engines_of_their_own(visit, opened):
    other = opened()
    other.choose("learning-rate", "1")
    visit.step("epoch", 1)
    assert visit.state["settings"]["learning_rate"] == 0.03
    assert other.frame["step"] == 0
