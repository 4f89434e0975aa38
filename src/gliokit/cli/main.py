"""`gliokit`: the commands, and what the shell sees of an error.

A command's module is imported only when its name stands on the command line, so that
`gliokit --help` need not wait for image libraries. To add a command, write its file with a
function of the same name, and add its line to `COMMANDS`.
"""

import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from types import FrameType, MappingProxyType
from typing import Annotated, NoReturn

import typer

from gliokit.analysis.failure import INTERRUPTED, TERMINATED, exit_code, reason

COMMANDS: MappingProxyType[str, str] = MappingProxyType(
    {
        "analyze": "Outline the tumor of a study, measure it and write a report.",
        "measure": "Print volumes and diameters of a label map.",
        "response": "Classify visits by response criteria, with a timeline.",
        "vasari": "Score the features of VASARI, or write a reader's form.",
        "volumetry": "Outline a lesion from a seed or a box.",
        "radiomics": "Compute the radiomic features of tumors.",
        "deidentify": "Write images anew without what identifies the patients.",
        "phantom": "Simulate patients whose truth is known.",
        "cohort": "Write the table of a public collection, from its folders.",
        "systems": "List the published systems, and ours.",
        "describe": "Show what a system is, and what its authors report.",
        "train": "Train a system on a cohort with labels or outcomes.",
        "predict": "Let a trained model answer for the studies of a cohort.",
        "evaluate": "Train and test systems in folds, with a report.",
        "demo": "Analyze a simulated study made on the spot.",
        "doctor": "Check this machine and the models.",
    }
)
DEBUG = "--debug"


def main() -> None:
    """Run the command line; errors become one line on stderr and an exit code."""
    # as Ctrl-C does: unwinding removes temporary folders and stops workers
    signal.signal(signal.SIGTERM, _unwind)
    arguments = [argument for argument in sys.argv[1:] if argument != DEBUG]
    try:
        application(arguments)(args=arguments, prog_name="gliokit")
    except KeyboardInterrupt:
        _end("interrupted", INTERRUPTED)
    except SystemExit as ending:
        if ending.code == INTERRUPTED:  # typer's answer to Ctrl-C within a command
            _end("interrupted", INTERRUPTED)
        raise
    except Exception as error:
        if DEBUG in sys.argv:
            raise
        _end(reason(error), exit_code(error))


def application(arguments: Sequence[str]) -> typer.Typer:
    """Make the application: the command that is called is loaded, the others are listed."""
    app = typer.Typer(
        help="Open, offline toolkit for MR imaging of glioma: from a study to a report.",
        epilog="For research use only; not a medical device.",
        callback=_options,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # loading rich doubles the time to the first word
    )
    called = next((word for word in arguments if not word.startswith("-")), None)
    for name, line in COMMANDS.items():
        command = _load(name) if name == called else _listed
        app.command(name, short_help=line)(command)
    return app


def _load(name: str) -> Callable[..., None]:
    command: Callable[..., None] = getattr(import_module(f"gliokit.cli.{name}"), name)
    return command


def _listed() -> None:
    """Stand in the list of commands for one that is not called."""


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"gliokit {version('gliokit')}")
        raise typer.Exit


def _options(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=_show_version
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option(DEBUG, help="Show the traceback of an error; may stand anywhere.")
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


def _unwind(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(TERMINATED)


def _end(message: str, code: int) -> NoReturn:
    typer.echo(f"gliokit: {message}", err=True)
    sys.exit(code)
