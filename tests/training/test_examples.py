"""Training examples: the same ones, wherever and whenever they are drawn."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is in the extra `train`")
SCRIPTS = Path(__file__).parents[2] / "training" / "default"


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    return {name: import_module(name) for name in ("recipe", "examples")}


@pytest.fixture
def tissues() -> np.ndarray:
    """Give a block of cortex around white matter with a tumor in it."""
    array = np.zeros((80, 80, 80), dtype=np.uint8)
    array[8:72, 8:72, 8:72] = 3
    array[16:64, 16:64, 16:64] = 4
    array[30:50, 30:50, 30:50] = 16
    array[34:44, 34:44, 34:44] = 15
    return array


@pytest.mark.parametrize("stage", ["coarse", "coarse-2", "fine"])
def test_shipped_recipes_can_be_read(scripts, stage):
    recipe = scripts["recipe"].Recipe.read(SCRIPTS / f"{stage}.toml")
    assert recipe.steps > 0
    assert all(n % 2 ** (len(recipe.widths) - 1) == 0 for n in recipe.crop)


def test_an_unknown_setting_is_refused(scripts, tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text("stepz = 3\n")
    with pytest.raises(ValueError, match=r"unknown settings \['stepz'\]"):
        scripts["recipe"].Recipe.read(path)


@pytest.mark.parametrize("spacing", [1, 2])
def test_an_example_depends_on_its_number_alone(scripts, tissues, tmp_path, spacing):
    np.save(tmp_path / "0.npy", tissues)
    recipe = scripts["recipe"].Recipe(
        spacing_mm=spacing, widths=(4, 8), crop=(16, 16, 16), batch=1, steps=5, learning_rate=1e-3
    )
    examples = scripts["examples"].SimulatedExamples([tmp_path / "0.npy"], recipe)
    one, two, other = examples[3], examples[3], examples[4]
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1], two[1])
    assert not np.array_equal(one[0], other[0])


def test_regions_of_an_example_nest(scripts, tissues, tmp_path):
    np.save(tmp_path / "0.npy", tissues)
    recipe = scripts["recipe"].Recipe(
        spacing_mm=2, widths=(4, 8), crop=(32, 32, 32), batch=1, steps=5, on_tumor=1.0
    )
    _, y = scripts["examples"].SimulatedExamples([tmp_path / "0.npy"], recipe)[0]
    whole, core, enhancing = y.numpy()
    assert whole.sum() > core.sum() >= enhancing.sum() > 0
    assert np.all(core <= whole)
