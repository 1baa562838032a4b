"""The page's files: which there are, of which type, and what to say without them."""

from pathlib import Path

from chainrule.errors import ChainruleError

__all__ = ["CONTENT_TYPES", "NOT_BUILT", "STATIC", "page_file", "page_files"]

STATIC = Path(__file__).parent / "static"

NOT_BUILT = "the playground's page has not been built; in the folder web run: npm ci && npm run build"

# Not from the system's own table: on some machines it calls JavaScript plain text, and browsers refuse that.
CONTENT_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}


def page_files(folder: Path) -> dict[str, Path]:
    """The files of the page by their address below ``/``: a name that is not in here leads nowhere."""
    found = (file for file in folder.rglob("*") if file.suffix in CONTENT_TYPES and file.is_file())
    return {file.relative_to(folder).as_posix(): file for file in found}


def page_file(name: str) -> Path:
    """A file that the playground cannot do without.

    Raises
    ------
    ChainruleError
        If it is not there.
    """
    file = STATIC / name
    if not file.is_file():
        raise ChainruleError(f"{NOT_BUILT} ({file} does not exist)")
    return file
