"""chainrule serve: a model's predictions over HTTP."""

from collections.abc import Sequence
from pathlib import Path

from chainrule.errors import ParameterError

__all__ = ["serve"]


def serve(
    model_file: Path,
    *,
    host: str,
    port: int,
    token: str | None,
    names: Sequence[str],
    max_bytes: int,
    max_rows: int,
    timeout: float,
    concurrent: int,
) -> None:
    """Serve a model until Ctrl-C; parameters as of `chainrule.serving.serve`.

    Raises
    ------
    ChainruleError
        If the model cannot be served, or the server cannot run.
    ImportError
        If the extra "serve" is not installed.
    """
    from chainrule.serving import Limits
    from chainrule.serving import serve as run

    if not model_file.is_file():
        raise ParameterError(f"{model_file} does not exist; check the spelling and the folder")
    limits = Limits(max_bytes, max_rows, timeout, concurrent)
    run(model_file, host, port, token=token, names=names, limits=limits)
