"""Training examples: the same ones, wherever and whenever they are drawn."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from gliokit.core.errors import CheckpointError
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.tissue import Tissue

pytest.importorskip("torch", reason="torch is in the extra `train`")
SCRIPTS = Path(__file__).parents[2] / "training" / "default"
SHAPE = (80, 80, 80)
NAMES = (
    *("recipe", "patients", "real_cases", "examples", "train", "export"),
    *("crossvalidate", "calibrate"),
)


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    return {name: import_module(name) for name in NAMES}


@pytest.fixture
def patient(scripts, tmp_path) -> Path:
    """Write a block of cortex around white matter with a tumor and a cavity in it."""
    tissues = np.zeros(SHAPE, dtype=np.uint8)
    tissues[8:72, 8:72, 8:72] = Tissue.CORTEX
    tissues[16:64, 16:64, 16:64] = Tissue.WHITE_MATTER
    tissues[30:50, 30:50, 30:50] = Tissue.EDEMA
    tissues[34:44, 34:44, 34:44] = Tissue.ENHANCING_TUMOR
    tissues[20:28, 20:28, 20:28] = Tissue.CAVITY_FLUID
    kind = scripts["patients"].Kind.TREATED
    path = tmp_path / "0.npz"
    scripts["patients"].TrainingPatient(kind, tissues, np.zeros_like(tissues)).write(path)
    return path


@pytest.fixture
def case(scripts):
    """Give a real case of noise with a tumor in it."""
    rng = np.random.default_rng(0)
    images = {s: np.zeros(SHAPE, dtype=np.float32) for s in MRSequence}
    for image in images.values():
        image[8:72, 8:72, 8:72] = rng.uniform(1, 2, (64, 64, 64))
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[30:50, 30:50, 30:50] = 2
    labels[35:45, 35:45, 35:45] = 3
    return scripts["real_cases"].RealCase("A", images, labels)


def recipe_of(scripts, network: str, **settings):
    given = {"widths": (4, 8), "crop": (16, 16, 16), "steps": 5} | settings
    return scripts["recipe"].Recipe(network, **given)


@pytest.mark.parametrize("stage", ["coarse", "fine", "fine-real"])
def test_shipped_recipes_can_be_read(scripts, stage):
    recipe = scripts["recipe"].Recipe.read(SCRIPTS / f"{stage}.toml")
    assert recipe.network == stage.removesuffix("-real")
    assert all(n % 2 ** (len(recipe.widths) - 1) == 0 for n in recipe.crop)


def test_an_unknown_setting_is_refused(scripts, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("stepz = 3\n")
    with pytest.raises(ValueError, match=r"unknown settings \['stepz'\]"):
        scripts["recipe"].Recipe.read(path)


@pytest.mark.parametrize("network", ["coarse", "fine"])
@pytest.mark.parametrize("real", [0.0, 1.0])
def test_an_example_depends_on_its_number_alone(scripts, patient, case, network, real):
    recipe = recipe_of(scripts, network, real=real, reuse=2)
    examples = scripts["examples"].Examples([patient], recipe, [case])
    one, other = examples[3], examples[4]
    again = scripts["examples"].Examples([patient], recipe, [case])[3]
    assert np.array_equal(one[0], again[0])
    assert np.array_equal(one[1], again[1])
    assert not np.array_equal(one[0], other[0])


def test_the_coarse_network_sees_the_whole_brain_on_its_canvas(scripts, patient):
    x, y = scripts["examples"].Examples([patient], recipe_of(scripts, "coarse"))[0]
    assert x.shape == y.shape == (4, 80, 96, 80)


def test_regions_of_an_example_nest_and_a_cavity_lies_beside_them(scripts, patient):
    recipe = recipe_of(scripts, "coarse")
    _, y = scripts["examples"].Examples([patient], recipe)[0]
    whole, core, enhancing, cavity = y.numpy()
    assert whole.sum() > core.sum() >= enhancing.sum() > 0
    assert np.all(core <= whole)
    assert cavity.sum() * 8 == 8**3
    assert not np.any(cavity * whole)


def test_a_smaller_network_takes_over_the_first_channels_of_a_larger_one():
    unet = import_module("gliokit.networks.unet").UNet
    large, small = unet(4, 3, widths=(4, 8, 12)), unet(4, 4, widths=(4, 8, 8))
    import_module("gliokit.learning.weights").take_over(small, large.state_dict())
    ours, theirs = small.state_dict(), large.state_dict()
    assert np.array_equal(ours["down.1.3.weight"], theirs["down.1.3.weight"][:8, :8])
    assert np.array_equal(ours["head.weight"][:3], theirs["head.weight"])


def test_every_real_case_is_left_out_of_one_fold_and_only_one(scripts):
    names = [f"P{n:02d}" for n in range(10)]
    folds = scripts["crossvalidate"].folds_of(names)
    assert sorted(name for fold in folds for name in fold) == names


def test_no_fold_is_trained_on_a_case_that_it_holds_out(scripts, monkeypatch, tmp_path):
    folds = scripts["crossvalidate"]
    cases = [scripts["real_cases"].RealCase(f"P{n}", {}, np.zeros((1, 1, 1))) for n in range(9)]
    trained = {}
    monkeypatch.setattr(folds, "read_cases", lambda folder: cases)

    def remember(runs, out, patients, real):
        out.mkdir()
        trained[out] = {case.name for case in real}

    monkeypatch.setattr(folds, "fine_tune", remember)
    given = ["--patients", "P", "--real", "R", "--runs", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["crossvalidate.py", *given])
    folds.main()
    for case in cases:
        assert case.name not in trained[folds.fold_of(tmp_path, case.name)]
    assert len(trained[tmp_path / "all"]) == len(cases)
    with pytest.raises(LookupError, match="0 folds"):
        folds.fold_of(tmp_path, "a stranger")


def test_finished_weights_of_another_run_are_not_taken_for_this_one(scripts, tmp_path):
    save = import_module("safetensors.torch").save_file
    save({}, tmp_path / "weights.safetensors", metadata={"run": "a"})
    scripts["train"].check_run(tmp_path / "weights.safetensors", "a")
    with pytest.raises(CheckpointError, match="is of run a, this one is b"):
        scripts["train"].check_run(tmp_path / "weights.safetensors", "b")


def observed(calibrate, factor, *, typical=True, fold=None):
    """Make a case whose core is the same at every shift, and whose truth lies above it."""
    samples = np.array([[-2.0, 2.0, -1.0, 1.0], [0, 1, 1, 0], [0.4, 0.4, 0.1, 0.1]])
    cores = np.array([[9.0, 9.0]] * len(calibrate.SHIFTS))
    return calibrate.Observed(samples, cores, 10 * np.exp(factor) - 1, typical, fold)


def test_margin_is_fitted_on_simulated_patients_with_a_tumor_and_all_sequences(scripts):
    calibrate = scripts["calibrate"]
    typical = [observed(calibrate, step / 10) for step in range(19)]
    others = [
        observed(calibrate, 9.0, typical=False),
        observed(calibrate, 9.0, fold=Path("fold-0")),
    ]
    fitted = calibrate.fit([*typical, *others])
    assert fitted.shift == calibrate.SHIFTS[0]
    assert fitted.margin == pytest.approx(1.7, abs=0.0011)  # of rank 18, rounded up
    with pytest.raises(ValueError, match="too few simulated patients"):
        calibrate.fit([*typical[:8], *others])


def test_shift_is_that_of_the_narrowest_intervals(scripts):
    calibrate = scripts["calibrate"]
    case = observed(calibrate, 0.0)
    cores = np.array([[9.0, 12.0], [8.0, 10.0], *[[5.0, 20.0]] * (len(calibrate.SHIFTS) - 2)])
    cases = [replace(case, cores=cores)] * 9
    assert calibrate.fit_interval(cases) == (calibrate.SHIFTS[1], 0.0)


def test_a_bundle_gives_back_the_weights_it_was_made_from(scripts, tmp_path):
    torch = import_module("torch")
    unet = import_module("gliokit.networks.unet").UNet(4, 4, widths=(4, 8, 8))
    for weight in unet.parameters():  # as training leaves them: none is zero
        torch.nn.init.normal_(weight)
    save = import_module("safetensors.torch").save_file
    state = {name: value.half().contiguous() for name, value in unet.state_dict().items()}
    save(state, tmp_path / "weights.safetensors")
    export = scripts["export"]
    network = export.read_network(tmp_path / "weights.safetensors")
    export.write_ir(network, tmp_path / "coarse.xml")
    kept = import_module("gliokit.bundles.weights").read_weights(tmp_path / "coarse.xml")
    assert sorted(kept) == sorted(state)


def test_what_the_lender_holds_byte_for_byte_is_written_once(scripts, tmp_path):
    lender = import_module("gliokit.bundles.bundle").shipped_bundle("default-sim")
    (tmp_path / "fine.xml").write_bytes((lender / "fine.xml").read_bytes())
    (tmp_path / "fine.bin").write_bytes(b"trained anew")
    assert scripts["export"].leave_out(tmp_path, "default-sim") == {"fine.xml": "default-sim"}
    assert [path.name for path in tmp_path.iterdir()] == ["fine.bin"]
