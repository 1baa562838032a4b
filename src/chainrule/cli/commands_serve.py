"""The commands playground and serve; the work is done in the modules of these names."""

from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.options import Limits, Model, Port
from chainrule.cli.running import work_of
from chainrule.cli.values import positive, table_limits

__all__ = ["playground", "serve"]


def playground(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DATA|MODEL",
            help="Table (.csv, .tsv, .parquet), model file (.safetensors), or both.",
            show_default=False,
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Column to predict; default: the last.", show_default=False),
    ] = None,
    port: Port = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    limit: Limits = None,
) -> None:
    """Watch a network train in the browser, and change it while it does.

    The page comes from this machine and can be reached from this machine only. Without a table it begins with
    points in a plane. Ctrl-C ends it.
    """
    work_of("playground")(
        files or (),
        target=target,
        port=port,
        open_browser=not no_browser,
        limits=table_limits(limit) if limit else None,
    )


def serve(
    model: Model,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="To listen on; another than this machine's needs a token.")
    ] = "127.0.0.1",
    port: Port = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            envvar="CHAINRULE_TOKEN",
            help="Clients must send it; better in the environment, as others see a command's words.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Further name by which clients call it; may be repeated."),
    ] = None,
    max_bytes: Annotated[int, typer.Option(metavar="N", min=1, help="Of a request.")] = 16_000_000,
    max_rows: Annotated[int, typer.Option(metavar="N", min=1, help="Of a request.")] = 100_000,
    timeout: Annotated[
        float, typer.Option(metavar="SECONDS", callback=positive, help="Until a request is answered.")
    ] = 30.0,
    concurrent: Annotated[
        int, typer.Option(metavar="N", min=1, help="Requests at a time; further ones are told to come again.")
    ] = 64,
) -> None:
    """Answer rows over HTTP: JSON or CSV in, predictions out.

    POST /predict takes rows, GET /model says which columns they need, GET /openapi.json describes all. It can
    be reached from this machine only, unless told otherwise. Ctrl-C ends it.
    """
    work_of("serve")(
        model,
        host=host,
        port=port,
        token=token,
        names=name or (),
        max_bytes=max_bytes,
        max_rows=max_rows,
        timeout=timeout,
        concurrent=concurrent,
    )
