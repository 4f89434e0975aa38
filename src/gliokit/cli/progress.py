"""What a command is doing, on stderr: a moving line on a terminal, else a line per stage."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Give a function that is told each stage as it begins."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield say
        return
    with console.status("starting") as status:
        yield status.update


def say(text: str) -> None:
    """Write one line to stderr."""
    typer.echo(f"gliokit: {text}", err=True)
