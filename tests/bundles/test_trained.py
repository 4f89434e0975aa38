"""Trained systems: written whole or not at all, and read back as they were."""

import json
from dataclasses import dataclass

import pytest

from gliokit.bundles.bundle import MANIFEST, read_bundle
from gliokit.bundles.trained import SETTINGS, Trained, load_trained, save_trained
from gliokit.core.errors import BundleError, OutputError, SettingsError
from gliokit.core.system import SystemCard, Task, TrainingRun
from gliokit.core.vocabulary import MRSequence

TRAINED = Trained(patients=3, studies=4, cohort_sha256="ab", seed=7, simulated=False)


@dataclass(frozen=True)
class ToySettings:
    """One number."""

    width: int = 2


class Toy:
    """Keeps a text."""

    card = SystemCard(
        name="toy2000",
        title="toy",
        task=Task.SEGMENTATION,
        question="none?",
        sequences=(MRSequence.T1,),
        fields=(),
        source="doi",
        cohort="none",
        figures=(),
        assumed=("the width",),
        caveats=("do not use it",),
    )
    Settings = ToySettings
    TINY = ToySettings(1)

    def __init__(self, settings=TINY, *, run=TrainingRun()):
        self.settings, self.run = settings, run

    def fit(self, cohort, validation=None):
        """Learn nothing."""
        return self

    def predict(self, study):
        """Answer nothing."""
        raise NotImplementedError

    def write_weights(self, folder):
        """Write the text."""
        (folder / "weights.bin").write_text("learnt")

    def read_weights(self, folder):
        """Read the text."""
        self.text = (folder / "weights.bin").read_text()
        return self


class Failing(Toy):
    """Cannot be written."""

    def write_weights(self, folder):
        """Stop half way."""
        (folder / "half.bin").write_text("half")
        raise MemoryError


def test_a_saved_system_reads_back_with_its_settings(tmp_path):
    save_trained(Toy(ToySettings(5)), tmp_path / "model", TRAINED)
    loaded = load_trained(tmp_path / "model", {"toy2000": Toy})
    assert loaded.settings == ToySettings(5)
    assert loaded.text == "learnt"


def test_the_card_says_on_whom_it_was_trained(tmp_path):
    card = save_trained(Toy(), tmp_path / "model", TRAINED).card
    assert card.training == ("4 studies of 3 patients, seed 7; rows with sha256 ab",)
    assert "do not use it" in card.limits
    assert card.assumed == ("the width",)


def test_a_failed_save_leaves_nothing(tmp_path):
    with pytest.raises(MemoryError):
        save_trained(Failing(), tmp_path / "model", TRAINED)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_model_is_replaced_only_when_asked(tmp_path):
    save_trained(Toy(), tmp_path / "model", TRAINED)
    with pytest.raises(OutputError, match="is there already"):
        save_trained(Toy(), tmp_path / "model", TRAINED)
    save_trained(Toy(ToySettings(9)), tmp_path / "model", TRAINED, force=True)
    assert load_trained(tmp_path / "model", {"toy2000": Toy}).settings == ToySettings(9)


def test_a_folder_that_is_no_model_is_never_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("ten years")
    with pytest.raises(OutputError, match="something else than a bundle"):
        save_trained(Toy(), tmp_path, TRAINED, force=True)
    assert (tmp_path / "thesis.txt").read_text() == "ten years"


def test_a_bundle_of_an_unknown_system_is_refused(tmp_path):
    save_trained(Toy(), tmp_path / "model", TRAINED)
    with pytest.raises(BundleError, match=r"holds the system 'toy2000'; this gliokit knows other"):
        load_trained(tmp_path / "model", {"other": Toy})


def test_a_bundle_without_settings_is_no_trained_system(tmp_path):
    save_trained(Toy(), tmp_path / "model", TRAINED)
    (tmp_path / "model" / SETTINGS).unlink()
    manifest = json.loads((tmp_path / "model" / MANIFEST).read_text())
    del manifest["sha256"][SETTINGS]
    (tmp_path / "model" / MANIFEST).write_text(json.dumps(manifest))
    read_bundle(tmp_path / "model")
    with pytest.raises(BundleError, match="is no trained system"):
        load_trained(tmp_path / "model", {"toy2000": Toy})


def test_settings_of_another_version_are_refused(tmp_path):
    @dataclass(frozen=True)
    class Renamed:
        depth: int = 2

    class Newer(Toy):
        Settings = Renamed

    save_trained(Toy(), tmp_path / "model", TRAINED)
    with pytest.raises(SettingsError, match="unknown settings width; known are depth"):
        load_trained(tmp_path / "model", {"toy2000": Newer})
