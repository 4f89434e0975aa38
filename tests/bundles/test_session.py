"""The session computes what the weights say."""

import numpy as np
import pytest

from gliokit.bundles.bundle import read_bundle, shipped_bundles
from gliokit.bundles.session import Session
from gliokit.core.errors import BundleError

WIDTHS = {"coarse": (16, 32, 64, 96, 128), "fine": (16, 32, 64, 96)}


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(read_bundle(shipped_bundles()["default"]), threads=1)


@pytest.mark.parametrize("stage", WIDTHS)
def test_openvino_and_torch_give_the_same_answer(session, stage):
    torch = pytest.importorskip("torch", reason="torch is in the extra `train`")
    from safetensors.torch import load_file

    from gliokit.networks.unet import UNet

    weights = load_file(shipped_bundles()["default"] / f"{stage}.safetensors")
    network = UNet(4, 3, widths=WIDTHS[stage]).eval()
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    x = np.random.default_rng(0).standard_normal((1, 4, 32, 48, 32)).astype(np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(x)).numpy()
    found = session.run(stage, x)
    tolerance = 0.1 if session.precision == "bf16" else 1e-2  # of the spread of the logits
    assert np.sqrt(np.mean((found - expected) ** 2)) < tolerance * expected.std()


def test_the_same_input_gives_the_same_bytes(session):
    x = np.random.default_rng(1).standard_normal((1, 4, 32, 32, 32)).astype(np.float32)
    assert np.array_equal(session.run("coarse", x), session.run("coarse", x))


def test_a_shape_that_the_network_cannot_take_is_refused(session):
    with pytest.raises(BundleError, match=r"coarse\.xml cannot be run on shape \(1, 3, 32"):
        session.run("coarse", np.zeros((1, 3, 32, 32, 32), dtype=np.float32))
