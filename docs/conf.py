"""The site: Markdown as it lies in the repository, the reference from docstrings, a gallery made anew.

The source folder is the repository itself, so that a link such as ../benchmarks/README.md leads to the same
page here and on a code host; pages hold no directives. `./dev docs` builds it into docs/_build/html.
"""

import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import mathml  # noqa: E402

import chainrule  # noqa: E402

project = "chainrule"
author = "The chainrule developers"
version = release = chainrule.__version__
html_title = f"chainrule {version}"
root_doc = "docs/index"
include_patterns = ["docs/**", "benchmarks/*.md", "CHANGELOG.md", "CONTRIBUTING.md"]
exclude_patterns = [
    ".*",
    "**/node_modules",
    "docs/_build",
    "docs/_templates",
    "docs/examples",
    "web",
    "src",
    "tests",
]

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
nitpicky = True
highlight_language = "text"
smartquotes = False  # a quote in a docstring is code

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

FOREIGN = (
    "AnyWidget",
    "BaseEstimator",
    "BaseException",
    "CallbackSupportMixin",
    "ClassifierMixin",
    "RegressorMixin",
    "TransformerMixin",
    "_MetadataRequester",
    "_SetOutputMixin",
)
"""Classes of other libraries, whose methods are described there."""

default_role = "py:obj"
templates_path = ["_templates"]
toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"  # docstrings say it in words, with shapes
autodoc_member_order = "groupwise"
autodoc_default_options = {"members": True, "inherited-members": ", ".join(FOREIGN)}
numpydoc_show_class_members = False

sphinx_gallery_conf = {
    "examples_dirs": "docs/examples",
    "gallery_dirs": "docs/gallery",
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "nested_sections": False,
    "download_all_examples": False,
    "notebook_extensions": set(),
    "write_computation_times": False,
    "show_signature": False,
    "show_memory": False,
    "min_reported_time": 1e9,
}

html_theme = "furo"
pygments_style, pygments_dark_style = "a11y-light", "github-dark"
html_static_path = ["_static"]
html_css_files = ["chainrule.css"]
html_additional_pages = {"index": "to_start.html"}
html_show_copyright = False
html_copy_source = False

CONTENTS = {
    "docs/index": {
        "Use it": ["start", "tables", "images_and_sequences", "forecasting", "coming_from"],
        "How to": [
            "howto/weights",
            "howto/intervals",
            "export",
            "serving",
            "scale",
            "cluster",
            "checkpoints",
            "howto/devices",
            "howto/activation",
            "howto/loss",
            "howto/layer",
        ],
        "Learn from it": ["lecture/README", "lecture", "glass_box", "playground", "gallery/index"],
        "Look it up": ["api/index", "command_line", "model_file", "reproducibility", "trust"],
        "Look behind it": [
            "/CONTRIBUTING",
            "decisions/README",
            "/benchmarks/goals",
            "/benchmarks/README",
            "/benchmarks/trust",
            "/CHANGELOG",
        ],
    },
    "docs/lecture/README": {"": [path.stem for path in sorted((HERE / "lecture").glob("[0-9]*.md"))]},
    "docs/decisions/README": {"": [path.stem for path in sorted((HERE / "decisions").glob("[0-9]*.md"))]},
}
"""What stands below a page, in the bar at the side."""


def add_contents(app, docname, source):
    """Put the table of contents behind a page."""
    for caption, pages in CONTENTS.get(docname, {}).items():
        caption = f":caption: {caption}\n" if caption else ""
        listed = "\n".join(pages)
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n{caption}\n{listed}\n```\n"


def lead_to_pages(app, doctree):
    """Let links to source files lead to their listings, links to examples to the gallery."""
    for link in list(doctree.findall(addnodes.download_reference)):
        path = (Path(app.srcdir) / app.env.docname).parent.joinpath(link["reftarget"]).resolve()
        path = path.relative_to(app.srcdir)
        if path.is_relative_to("docs/examples"):
            page = "index" if path.stem == "README" else path.stem
            target = {"refdomain": "std", "reftype": "doc", "reftarget": f"/docs/gallery/{page}"}
            other = addnodes.pending_xref("", *link.children, **target, refexplicit=True, refwarn=True)
        elif path.is_relative_to("src") and path.suffix == ".py":
            app.env.listed = getattr(app.env, "listed", frozenset()) | {path.as_posix()}
            uri = app.builder.get_relative_uri(app.env.docname, path.with_suffix("").as_posix())
            other = nodes.reference("", "", *link.children, refuri=uri, internal=True)
        else:
            continue
        link.replace_self(other)


def listings(app):
    """The pages of the source files that pages link to."""
    for name in sorted(getattr(app.env, "listed", ())):
        code = app.builder.highlighter.highlight_block(Path(app.srcdir, name).read_text("utf-8"), "python")
        yield name.removesuffix(".py"), {"title": name, "body": f"<h1>{name}</h1>\n{code}"}, "page.html"


def find_name(app, env, node, shown):
    """What single backticks mean: a public name of any module, or a word of the docstring's own."""
    if node.get("refdomain") != "py" or node["reftype"] != "obj":
        return None
    name = node["reftarget"]
    objects = env.domains.python_domain.objects
    found = [
        (full, one)
        for full, one in objects.items()
        if full.rpartition(".")[2] == name
        and not one.aliased
        and one.objtype in ("class", "function", "data", "exception")
    ]
    if len(found) == 1:
        full, one = found[0]
        uri = app.builder.get_relative_uri(node["refdoc"], one.docname)
        return nodes.reference("", "", shown, refuri=f"{uri}#{one.node_id}", internal=True, reftitle=full)
    return None if name.startswith("chainrule.") else shown


def skip_foreign(app, what, name, thing, skip, options):
    """Leave out what scikit-learn adds for the routing of metadata, and properties described elsewhere."""
    undescribed = isinstance(thing, property) and not thing.__doc__
    return True if undescribed or re.fullmatch(r"set_\w+_request", name) else None


def say_plainly(app, what, name, thing, options, lines):
    """Take bars in docstrings for bars, as in |x|, and tables of what there is for their names."""
    if what == "data" and isinstance(thing, dict):
        lines[:] = [", ".join(f"``{key}``" for key in thing), ""]
    lines[:] = [line.replace("|", "\\|") if "``" not in line else line for line in lines]


def check_that_nothing_is_loaded(app, error):
    """Refuse pages that need the network: scripts, styles, pictures and fonts of elsewhere."""
    if error or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        found = re.findall(
            r'<(?:script|link|img|iframe)\b[^>]*(?:src|href)="https?://[^"]+"', page.read_text("utf-8")
        )
        if found:
            raise RuntimeError(f"{page} loads something from elsewhere: {found[0]}")


def setup(app):
    """Take part in the build."""
    mathml.setup(app)
    app.connect("source-read", add_contents)
    app.connect("doctree-read", lead_to_pages, priority=100)
    app.connect("html-collect-pages", listings)
    app.connect("missing-reference", find_name)
    app.connect("autodoc-skip-member", skip_foreign)
    app.connect("autodoc-process-docstring", say_plainly, priority=900)
    app.connect("build-finished", check_that_nothing_is_loaded)
