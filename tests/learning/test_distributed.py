"""Two processes on two halves of a batch learn what one learns from the whole."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from gliokit.learning.log import LOG

pytestmark = pytest.mark.xdist_group("distributed")  # what is set up once serves all of them

HERE = Path(__file__).parent


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(HERE)
    return import_module("distributed_lesson")


def logged_losses(folder: Path) -> list[float]:
    _, *rows = (folder / "part" / LOG).read_text().splitlines()
    return [float(row.split(",")[1]) for row in rows]


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """Teach two processes; give the folder of what they wrote."""
    folder = tmp_path_factory.mktemp("together")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*launcher, "--nproc-per-node", "2", str(HERE / "distributed_lesson.py")]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_no_thread_of_the_team_outlives_it(together):
    """One that lets go of a tensor while the interpreter ends aborts the process."""
    threads = [(together / f"{rank}.threads").read_text() for rank in (0, 1)]
    assert not any("gloo" in names for names in threads)


def test_two_processes_equal_one_with_the_doubled_batch(script, together, tmp_path):
    alone = tmp_path / "alone"
    network = script.learn(alone, batch=6)
    expected, found = logged_losses(alone), logged_losses(together)
    assert len(found) == script.STEPS
    assert found == pytest.approx(expected, abs=1e-4)
    assert expected[-1] != pytest.approx(expected[0], abs=1e-2)
    first, second = (load_file(together / f"{rank}.safetensors") for rank in (0, 1))
    for name, weight in network.state_dict().items():
        assert (first[name] == second[name]).all()
        assert first[name] == pytest.approx(weight.numpy(), abs=1e-4)
