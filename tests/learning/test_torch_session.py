"""Torch on a bundle: the answer of OpenVINO, and plain words where it cannot run."""

import importlib
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch

from gliokit.bundles.bundle import Bundle, read_bundle, shipped_bundles
from gliokit.bundles.session import Session
from gliokit.core.errors import BundleError, DeviceError
from gliokit.learning.torch_session import TorchSession
from gliokit.networks.unet import UNet

MODULE = "gliokit.learning.torch_session"
WIDTHS = {"coarse": (8, 12, 16), "fine": (8, 16)}
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.fixture(scope="module")
def networks() -> dict[str, UNet]:
    """Make two tiny U-Nets no two of whose parameters are alike."""
    torch.manual_seed(0)
    made = {name: UNet(4, 4, widths=widths).eval() for name, widths in WIDTHS.items()}
    for network in made.values():
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, mean=0.1, std=0.3)
            parameter.data = parameter.data.half().float()  # as the files keep them
    return made


@pytest.fixture(scope="module")
def bundle(networks, tmp_path_factory) -> Bundle:
    folder = tmp_path_factory.mktemp("toy")
    for name, network in networks.items():
        write_network(folder / f"{name}.xml", network)
    shipped = read_bundle(shipped_bundles()["default"])
    return Bundle(folder, shipped.card, shipped.sha256)


def write_network(path: Path, network: UNet, *, rename: Mapping[str, str] = {}) -> None:
    """Export a network, its constants named as its parameters are."""
    side = 2 * network.stride
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # OpenVINO traces, which torch has deprecated
        model = ov.convert_model(
            network,
            example_input=torch.zeros(1, 4, side, side, side),
            input=[ov.PartialShape([-1, 4, -1, -1, -1])],
        )
    names = {value.numpy().tobytes(): name for name, value in network.state_dict().items()}
    for op in model.get_ops():
        if op.get_type_name() == "Constant" and (name := names.get(op.data.tobytes())):
            op.friendly_name = rename.get(name, name)
    ov.save_model(model, path, compress_to_fp16=True)


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("name", WIDTHS)
def test_torch_runs_the_very_network_that_was_exported(bundle, networks, name):
    x = images(1, 4, 16, 24, 16)
    with torch.inference_mode():
        expected = networks[name](torch.from_numpy(x)).numpy()
    assert np.array_equal(TorchSession(bundle, device="cpu").run(name, x), expected)


@pytest.mark.parametrize("name", WIDTHS)
def test_torch_and_openvino_give_the_same_answer(bundle, name):
    x = images(2, 4, 16, 24, 16)
    ours, theirs = Session(bundle, precision="f32"), TorchSession(bundle, device="cpu")
    np.testing.assert_allclose(theirs.run(name, x), ours.run(name, x), atol=1e-2)


@pytest.mark.parametrize("name", ["coarse", "fine"])
def test_torch_and_openvino_agree_on_the_shipped_networks(name):
    shipped = read_bundle(shipped_bundles()["default"])
    x = images(1, 4, 32, 48, 32)
    ours = Session(shipped, precision="f32", threads=1).run(name, x)
    theirs = TorchSession(shipped, device="cpu").run(name, x)
    np.testing.assert_allclose(theirs, ours, atol=1e-2)


def test_a_session_says_where_and_how_it_computes(bundle):
    session = TorchSession(bundle, device="cpu")
    assert (session.device, session.precision) == ("cpu", "f32")


def test_a_network_that_is_not_a_unet_is_refused_with_the_strange_weight(networks, tmp_path):
    write_network(tmp_path / "fine.xml", networks["fine"], rename={"head.bias": "scale"})
    session = TorchSession(Bundle(tmp_path, None, ""), device="cpu")
    with pytest.raises(BundleError, match=r"fine\.xml holds no U-Net .* scale is no parameter"):
        session.run("fine", images(1, 4, 8, 8, 8))


def test_a_network_that_the_bundle_lacks_is_refused(bundle):
    with pytest.raises(BundleError, match=r"other\.xml cannot be read"):
        TorchSession(bundle, device="cpu").run("other", images(1, 4, 8, 8, 8))


def test_without_a_gpu_the_error_says_what_to_do(bundle, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"finds no CUDA GPU here; .* or run on the CPU"):
        TorchSession(bundle)


def test_without_torch_the_error_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, MODULE)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DeviceError, match=r"torch is not installed, .* 'gliokit\[train\]'"):
        importlib.import_module(MODULE)


def test_a_gpu_that_is_full_is_named_as_the_reason(bundle, monkeypatch):
    def full(network: UNet, x: torch.Tensor) -> torch.Tensor:
        raise torch.OutOfMemoryError("tried to allocate 80 GiB")

    monkeypatch.setattr(UNet, "forward", full)
    with pytest.raises(DeviceError, match=r"not enough free memory for fine on shape \(1, 4, 8"):
        TorchSession(bundle, device="cpu").run("fine", images(1, 4, 8, 8, 8))


def test_cudnn_is_left_on_and_deterministic(bundle, monkeypatch):
    cudnn, seen = torch.backends.cudnn, []

    def remember(network: UNet, x: torch.Tensor) -> torch.Tensor:
        seen.append((cudnn.enabled, cudnn.deterministic, cudnn.benchmark))
        return x

    monkeypatch.setattr(UNet, "forward", remember)
    TorchSession(bundle, device="cpu").run("fine", images(1, 4, 8, 8, 8))
    assert seen == [(True, True, False)]


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize("name", WIDTHS)
def test_the_gpu_stays_near_single_precision_and_repeats_itself(bundle, name):
    x = images(1, 4, 16, 24, 16)
    exact = TorchSession(bundle, device="cpu").run(name, x)
    session = TorchSession(bundle, device="cuda")
    found = session.run(name, x)
    assert np.sqrt(np.mean((found - exact) ** 2)) < 0.1 * exact.std()
    assert session.run(name, x).tobytes() == found.tobytes()
