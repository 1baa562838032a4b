"""For everybody: phone, dark, keyboard, names of the controls, and what axe finds."""

import pytest
from browser_pages import PHONE, a_browser, a_playground, a_visit, pages_to_open  # noqa: F401

PANELS = [
    "Tours",
    "Glass box",
    "Hidden space",
    "Scores",
    "Distributions",
    "Doctor",
    "Compare",
    "Your data",
    "Save & export",
]


def check_with_axe(visit):
    """Nothing serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    found = axe.Axe().run(visit.page).response["violations"]
    told = [
        f"{one['impact']} {one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:4]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert told == []


@pytest.fixture
def checked(opened):
    """Pages into which axe can be put, which the page's own rules forbid."""
    return lambda settings="", **options: opened(settings, bypass_csp=True, **options)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_nothing_serious(checked, scheme):
    visit = checked(color_scheme=scheme)
    visit.step("epoch", 2)
    check_with_axe(visit)
    visit.shoot(f"start-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_panel_has_anything_serious(checked, scheme):
    visit = checked(color_scheme=scheme)
    visit.step("epoch", 2)
    for title in PANELS:
        panel = visit.tab(title)
        if title == "Glass box":
            panel.get_by_label("all stages at once").check()
            panel.locator(".gradient-check .verdict").wait_for()
        if title == "Doctor":
            panel.get_by_role("button", name="Examine thoroughly").click()
            panel.locator(".examination .verdict").wait_for()
        if title == "Compare":
            panel.get_by_role("button", name="Keep this run").click()
        check_with_axe(visit)
        visit.shoot(f"panel-{title.replace(' ', '-').lower()}-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_table_a_tour_and_a_card_have_nothing_serious(checked, scheme):
    visit = checked("data=iris", color_scheme=scheme)
    visit.wait("state.problem.title === 'Iris' && frame.revision === state.revision")
    visit.page.locator("details", has=visit.page.locator(".held-list")).locator("summary").click()
    check_with_axe(visit)
    visit.page.locator('button.unit[data-key="0:0"]').click()
    check_with_axe(visit)
    visit.page.keyboard.press("Escape")
    visit.tab("Tours").get_by_role("button", name="Start the tour: What a neuron does").click()
    visit.page.get_by_role("complementary", name="Guided tour").wait_for()
    check_with_axe(visit)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_has_nothing_serious(checked, scheme):
    visit = checked(color_scheme=scheme, **PHONE)
    check_with_axe(visit)
    visit.shoot(f"phone-{scheme}")


@pytest.mark.parametrize(
    "options",
    [
        PHONE,
        {**PHONE, "viewport": {"width": 844, "height": 390}},
        {"viewport": {"width": 768, "height": 1024}},
    ],
    ids=["upright", "lying", "tablet"],
)
def test_small_screens_scroll_in_one_direction_only(opened, options):
    """Every panel fits; the controls that run the training stay in reach from everywhere."""
    visit = opened("layers=8:tanh,8:tanh,8:tanh,8:tanh,8:tanh,8:tanh", **options)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visit.page.evaluate(wide) <= 0
    visit.step("epoch", 1)
    for title in PANELS:
        visit.tab(title)
        assert visit.page.evaluate(wide) <= 0, title
    visit.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    visit.page.wait_for_timeout(200)
    if options["viewport"]["width"] == 390:
        box = visit.control("play").bounding_box()
        assert 0 <= box["y"] <= options["viewport"]["height"] - box["height"]
        assert box["width"] >= 40
    visit.shoot(f"small-{options['viewport']['width']}")


def test_a_finger_draws_and_plays(opened):
    visit = opened(**PHONE)
    visit.control("draw").get_by_role("button", name="Add").tap()
    n = visit.state["problem"]["n_train"] + visit.state["problem"]["n_test"]
    with visit.changing():
        visit.page.touchscreen.tap(*visit.spot(-5.5, 0))
    assert visit.state["problem"]["n_train"] + visit.state["problem"]["n_test"] == n + 1
    visit.control("play").tap()
    visit.wait("frame.playing && frame.epoch > 1")
    visit.control("play").tap()
    visit.wait("!frame.playing")


def test_a_finger_edits_a_weight(opened):
    visit = opened(**PHONE)
    visit.page.locator('button.unit[data-key="0:0"] .bias').tap()
    field = visit.page.locator(".weight-card").get_by_label("bias")
    with visit.changing():
        field.fill("2.5")
        field.press("Enter")
    assert visit.theta[8] == 2.5
    box = visit.page.locator(".weight-card").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    visit.shoot("phone-card", whole=False)


def test_every_control_can_be_reached_and_has_a_name(visit):
    """By Tab alone, from the first control to the last; each says what it is."""
    script = """() => {
      const one = document.activeElement;
      const box = one.getBoundingClientRect();
      const labels = [...(one.labels ?? [])].map(label => label.textContent).join(" ");
      const name = one.getAttribute("aria-label") || labels || one.textContent || one.title;
      one.dataset.seen = Number(one.dataset.seen ?? 0) + 1;
      return [one.tagName, name.trim(), Number(one.dataset.seen), box.width];
    }"""
    names = []
    for _ in range(150):
        visit.page.keyboard.press("Tab")
        tag, name, seen, width = visit.page.evaluate(script)
        if tag == "BODY" or seen > 1:
            break
        assert name, f"{tag} number {len(names)} has no name"
        assert width > 0, f"{name} is not to be seen"
        names.append(name)
    text = " | ".join(names)
    for wanted in (
        "Train",
        "One step",
        "Learning rate",
        "Circle",
        "x₁",
        "Layer 1, neuron 1",
        "Output",
        "Tours",
    ):
        assert wanted in text
    assert any("Hide controls" in name for name in names)


def test_a_weight_is_edited_by_the_keyboard_alone(visit):
    visit.page.locator('button.unit[data-key="0:0"]').focus()
    visit.page.keyboard.press("Enter")
    before = visit.theta[8]
    with visit.changing():
        visit.page.keyboard.press("ArrowUp")
    assert visit.theta[8] == pytest.approx(before + 0.1, abs=1e-3)
    visit.page.keyboard.press("Escape")
    assert visit.page.locator(".weight-card.pinned").is_hidden()
    assert visit.page.evaluate("document.activeElement.dataset.key") == "0:0"


def test_tabs_are_walked_by_arrows(visit):
    visit.page.get_by_role("tab", name="Tours").focus()
    visit.page.keyboard.press("ArrowRight")
    assert visit.page.get_by_role("tab", name="Glass box").get_attribute("aria-selected") == "true"
    visit.page.keyboard.press("End")
    assert visit.page.get_by_role("tab", name="Save & export").get_attribute("aria-selected") == "true"
    assert visit.frame["step"] == 0


def test_the_picture_is_described_for_those_who_listen(visit):
    visit.step("epoch", 1)
    visit.control("play").click()
    visit.wait("frame.playing")
    visit.pause()
    visit.page.wait_for_function(
        "() => document.querySelector('[role=status].unseen').textContent.includes('accuracy')"
    )
    assert "x1 and x2" in visit.page.locator(".main-picture").get_attribute("aria-label")
