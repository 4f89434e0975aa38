"""The session computes what the weights say, the same on every run, and keeps to its threads."""

import shutil
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from gliokit.bundles.bundle import Bundle, Card, seal_bundle
from gliokit.bundles.session import Session
from gliokit.core.errors import BundleError

CARD = Card(
    name="toy",
    version="1",
    purpose="tests",
    inputs=("t1", "t1c", "t2", "flair"),
    outputs=("WT", "TC", "ET", "RC"),
    training=("none",),
    evaluation=("none",),
    intended_use="tests",
    limits=("all",),
    assumed=(),
    licence="Apache-2.0",
)
MIX = np.random.default_rng(0).standard_normal((4, 4)).astype(np.float16)  # regions, sequences


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Bundle:
    """Write two networks: `mix` weighs the sequences of each voxel, `blur` sees neighbors too."""
    folder = tmp_path_factory.mktemp("toy")
    kernel = np.random.default_rng(1).standard_normal((4, 4, 3, 3, 3)).astype(np.float32)
    for name, weights in {
        "mix": MIX.astype(np.float32)[..., None, None, None],
        "blur": kernel,
    }.items():
        write_convolution(folder / f"{name}.xml", weights)
    return seal_bundle(folder, CARD, made_with={})


def write_convolution(path: Path, weights: np.ndarray) -> None:
    x = ops.parameter(ov.PartialShape([-1, 4, -1, -1, -1]), np.float32)
    pads = [side // 2 for side in weights.shape[2:]]
    y = ops.convolution(x, ops.constant(weights), [1, 1, 1], pads, pads, [1, 1, 1])
    ov.save_model(ov.Model([y], [x]), path, compress_to_fp16=True)


def images(seed: int, *sides: int, sequences: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((1, sequences, *sides)).astype(np.float32)


def test_a_network_gives_the_weighted_sum_that_its_weights_say(bundle):
    x = images(0, 8, 9, 10)
    expected = np.einsum("rc,ncxyz->nrxyz", MIX.astype(np.float32), x)
    found = Session(bundle, precision="f32").run("mix", x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_the_precision_of_this_cpu_stays_near_single_precision(bundle):
    x = images(0, 16, 16, 16)
    session = Session(bundle)
    exact = Session(bundle, precision="f32").run("blur", x)
    assert session.precision in ("bf16", "f32")
    assert np.abs(session.run("blur", x) - exact).max() < 0.02 * exact.std()


@pytest.mark.parametrize("threads", [1, 2])
def test_every_session_gives_the_same_bytes(bundle, threads):
    x = images(1, 24, 32, 24)
    first = Session(bundle, threads=threads).run("blur", x)
    second = Session(bundle, threads=threads).run("blur", x)
    assert first.tobytes() == second.tobytes()


def test_a_shape_that_comes_back_gives_the_same_bytes(bundle):
    session, small, large = Session(bundle), images(2, 16, 16, 16), images(2, 24, 16, 16)
    before = session.run("blur", small)
    assert session.run("blur", large).shape == (1, 4, 24, 16, 16)
    assert session.run("blur", small).tobytes() == before.tobytes()


@pytest.mark.parametrize("expected", [(1, 4, 16, 16, 16), (1, 4, 24, 16, 16)])
def test_a_network_that_was_compiled_ahead_gives_the_same_bytes(bundle, expected):
    x = images(2, 16, 16, 16)
    ahead = Session(bundle, ahead={"blur": expected})
    assert ahead.run("blur", x).tobytes() == Session(bundle).run("blur", x).tobytes()


def test_a_network_that_cannot_be_compiled_ahead_is_refused_when_it_runs(bundle):
    session = Session(bundle, ahead={"blur": (1, 3, 16, 16, 16)})
    with pytest.raises(BundleError, match=r"blur\.xml cannot be run on shape \(1, 3, 16"):
        session.run("blur", images(0, 16, 16, 16, sequences=3))


def test_an_answer_is_not_overwritten_by_the_next(bundle):
    session = Session(bundle)
    first = session.run("blur", images(3, 16, 16, 16))
    kept = first.copy()
    session.run("blur", images(4, 16, 16, 16))
    assert np.array_equal(first, kept)


def test_threads_are_bounded(bundle):
    session = Session(bundle, threads=1)
    session.run("mix", images(0, 8, 8, 8))
    _, compiled = session._compiled["mix"]
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 1


def test_nothing_is_written_beside_the_networks_or_in_the_home_folder(
    bundle, tmp_path, monkeypatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = sorted(bundle.folder.rglob("*"))
    Session(bundle).run("mix", images(0, 8, 8, 8))
    assert sorted(bundle.folder.rglob("*")) == before
    assert list(tmp_path.rglob("*")) == []


def test_structure_and_weights_may_lie_in_two_bundles(bundle, tmp_path):
    shutil.copy(bundle.folder / "blur.bin", tmp_path)
    split = Bundle(tmp_path, CARD, "", {"blur.xml": bundle.folder / "blur.xml"})
    x = images(5, 8, 8, 8)
    assert Session(split).run("blur", x).tobytes() == Session(bundle).run("blur", x).tobytes()


def test_a_shape_that_the_network_cannot_take_is_refused(bundle):
    with pytest.raises(BundleError, match=r"blur\.xml cannot be run on shape \(1, 3, 16"):
        Session(bundle).run("blur", images(0, 16, 16, 16, sequences=3))


def test_a_network_that_the_bundle_lacks_is_refused(bundle):
    with pytest.raises(BundleError, match=r"other\.xml cannot be run"):
        Session(bundle).run("other", images(0, 8, 8, 8))
