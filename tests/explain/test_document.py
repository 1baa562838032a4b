"""A page in each of its forms: what a stranger wrote stays text, symbols become formulas."""

from chainrule.explain.document import Document, Formula, Grid, Section, number

HOSTILE = "<script>x_1</script> a|b $ & % # _ { } \\ ~ ^"
PAGE = Document(
    "Neuron z_4^(1)",
    (
        Section(
            "In",
            (
                HOSTILE,
                Formula("a^(1) = W^(1) z^(0)", r"\mathbf a", "19"),
                Grid(("weight", Formula("φ'(a)", r"\varphi'(a)")), (("w_{2,3}", -0.0), (HOSTILE, 1.25))),
            ),
        ),
    ),
)


def test_html_escapes_and_sets_symbols():
    html = PAGE.to_html()
    assert "<script>" not in html
    assert "&lt;script&gt;x_1&lt;/script&gt;" in html
    assert "z<sub>4</sub><sup>(1)</sup>" in html
    assert "w<sub>2,3</sub>" in html


def test_latex_escapes_and_sets_symbols():
    latex = PAGE.to_latex()
    assert r"x\_1" in latex
    assert r"a$|$b \$ \& \% \# \_ \{ \} \textbackslash{} \textasciitilde{} \textasciicircum{}" in latex
    assert "$z_{4}^{(1)}$" in latex
    assert "$w_{2,3}$" in latex
    assert r"\begin{tabular}{lr}" in latex
    assert r"\tag{19}" in latex


def test_markdown_escapes_what_would_break_its_tables():
    markdown = PAGE.to_markdown()
    assert r"a\|b \$" in markdown
    assert "| $\\varphi'(a)$ |" in markdown.replace("weight ", "").replace("| |", "|")
    assert "<script>" not in markdown


def test_text_lines_up_texts_left_and_numbers_right():
    lines = PAGE.to_text().splitlines()
    assert "a^(1) = W^(1) z^(0)    (19)" in PAGE.to_text()
    assert any(line.strip().startswith("w_{2,3}") and line.endswith(" 0") for line in lines)


def test_numbers_have_four_digits_that_count():
    assert [number(x) for x in (1234567.0, 0.000012345, -0.0, 3, None, "text")] == [
        "1.235e+06",
        "1.234e-05",
        "0",
        "3",
        "–",
        "text",
    ]
