"""What the shell sees of any command."""

import subprocess
import sys
from importlib.metadata import version
from time import perf_counter

import pytest

from gliokit.cli.main import COMMANDS, DEBUG, application, main
from gliokit.core.errors import ImageError, NotAssessableError

HEAVY = {"numpy", "scipy", "nibabel", "openvino", "matplotlib", "torch", "rich", "pydantic"}
PRINT_MODULES = """
import sys
from gliokit.cli.main import main
try:
    main()
finally:
    print(*sys.modules)
"""


def python(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def test_help_lists_every_command_with_its_line(gliokit):
    ending = gliokit("--help")
    assert ending.code == 0
    for name, line in COMMANDS.items():
        assert f"{name:8s}" in ending.stdout
        assert line in ending.stdout


def test_help_imports_nothing_heavy():
    modules = python("-c", PRINT_MODULES, "--help").stdout.split()
    assert "gliokit.cli.main" in modules
    assert HEAVY.isdisjoint(modules)


def test_help_answers_in_half_a_second():
    seconds = []
    for _ in range(3):
        start = perf_counter()
        python("-c", PRINT_MODULES, "--help")
        seconds.append(perf_counter() - start)
    assert min(seconds) < 0.5


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(gliokit, name):
    ending = gliokit(name, "--help")
    assert ending.code == 0
    assert f"Usage: gliokit {name}" in ending.stdout


def test_version_is_that_of_the_package(gliokit):
    assert gliokit("--version").stdout == f"gliokit {version('gliokit')}\n"


def test_misspelt_command_is_corrected(gliokit):
    ending = gliokit("measures")
    assert ending.code == 2
    assert "Did you mean 'measure'?" in ending.stderr


def test_command_that_is_not_called_is_not_loaded():
    modules = python("-c", PRINT_MODULES, "doctor", "--help").stdout.split()
    assert "gliokit.cli.doctor" in modules
    assert "gliokit.cli.measure" not in modules


@pytest.fixture
def failing_doctor(monkeypatch):
    def fail_with(error):
        def fail():
            raise error

        monkeypatch.setattr("gliokit.cli.doctor.check_all", fail)

    return fail_with


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ImageError("a.nii: empty"), 2, "gliokit: a.nii: empty\n"),
        (NotAssessableError("no brain"), 3, "gliokit: no brain\n"),
        (ZeroDivisionError("by zero"), 1, "gliokit: ZeroDivisionError: by zero\n"),
        (KeyboardInterrupt(), 130, "gliokit: interrupted\n"),
    ],
)
def test_error_is_one_line_and_an_exit_code(gliokit, failing_doctor, error, code, line):
    failing_doctor(error)
    ending = gliokit("doctor")
    assert (ending.code, ending.stderr, ending.stdout) == (code, line, "")


@pytest.mark.parametrize("arguments", [(DEBUG, "doctor"), ("doctor", DEBUG)])
def test_debug_shows_the_traceback_wherever_it_stands(monkeypatch, failing_doctor, arguments):
    failing_doctor(ImageError("a.nii: empty"))
    monkeypatch.setattr(sys, "argv", ["gliokit", *arguments])
    with pytest.raises(ImageError):
        main()


def test_application_loads_what_it_is_asked_for():
    app = application(["measure", "demo"])
    loaded = {command.name: command.callback.__module__ for command in app.registered_commands}
    assert loaded["measure"] == "gliokit.cli.measure"
    assert loaded["demo"] == "gliokit.cli.main"
