"""The network that finds the edge of the brain: torch that trains and numpy that ships agree."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from gliokit.preprocessing.brain_network import find_edge
from gliokit.preprocessing.brain_shell import brain_shell

torch = pytest.importorskip("torch", reason="torch is in the extra `train`")
SCRIPTS = Path(__file__).parents[2] / "training" / "anatomy"


@pytest.fixture
def network(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    torch.manual_seed(0)
    return import_module("edge_network").EdgeNetwork()


@pytest.fixture
def seen():
    rng = np.random.default_rng(0)
    return rng.normal(0, 1, (*brain_shell().likely.shape, 4)).astype(np.float32)


def test_torch_and_numpy_give_the_same_log_odds(network, seen):
    weights = {name: value.numpy() for name, value in network.exported().items()}
    with torch.inference_mode():
        expected = network(torch.from_numpy(seen)).numpy()
    assert find_edge(seen, weights) == pytest.approx(expected, abs=1e-4)


def test_every_weight_gets_a_slope(network, seen):
    network(torch.from_numpy(seen)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())
