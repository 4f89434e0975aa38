"""What a command is doing, on stderr: a moving line on a terminal, else a line per stage."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Give a function that is told each stage as it begins."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield say
        return
    with console.status("starting") as status:
        yield status.update


@contextmanager
def counter(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """Give a function that is told each of `total` pieces of work when it is done.

    On a terminal a bar with the time left, else a line per piece.
    """
    console = Console(stderr=True)
    done = itertools.count(1)
    if not console.is_terminal:
        yield lambda text: say(f"{next(done)} of {total}: {text}")
        return
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console) as bar:
        task = bar.add_task(what, total=total)

        def count(text: str) -> None:
            bar.console.print(text, highlight=False, markup=False, soft_wrap=True)
            bar.update(task, advance=1)

        yield count


def say(text: str) -> None:
    """Write one line to stderr."""
    typer.echo(f"gliokit: {text}", err=True)
