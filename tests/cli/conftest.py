"""The command line as a user meets it: arguments in; exit code, stdout and stderr out."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import pytest

from gliokit.cli.main import main


@dataclass(frozen=True)
class Ending:
    """What a shell sees of a command."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def gliokit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ending]:
    """Run a command in this process."""

    def run(*arguments: object) -> Ending:
        monkeypatch.setattr(sys, "argv", ["gliokit", *map(str, arguments)])
        handler = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as ending:
                main()
        finally:
            signal.signal(signal.SIGTERM, handler)
        said = capsys.readouterr()
        return Ending(ending.value.code or 0, said.out, said.err)

    return run


@pytest.fixture
def analyze(
    gliokit: Callable[..., Ending], monkeypatch: pytest.MonkeyPatch, fakes: ModuleType
) -> Callable[..., Ending]:
    """Run `gliokit analyze` with a segmenter that needs no model."""
    monkeypatch.setattr("gliokit.cli.analyze.load_segmenter", fakes.load)
    return lambda *arguments: gliokit("analyze", *arguments)
