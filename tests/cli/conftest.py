"""The command line as a user meets it: arguments in; exit code, stdout and stderr out."""

import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from gliokit.bundles.bundle import Card, seal_bundle
from gliokit.cli.main import main
from gliokit.core.vocabulary import MRSequence
from gliokit.segmentation.calibration import CALIBRATION, Calibration, RegionCalibration
from gliokit.segmentation.default import OUTPUTS


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


@pytest.fixture(scope="session")
def bright_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a bundle whose networks are one threshold: enhancing is what is bright on T1c.

    No cavity is ever seen. Logits are taken as they are; nine in ten intervals are said to lie
    within one of them.
    """
    folder = tmp_path_factory.mktemp("bright")
    per_channel = np.zeros((len(OUTPUTS), 4, 1, 1, 1), np.float32)
    per_channel[:3, list(MRSequence).index(MRSequence.T1C)] = 1
    for name in ("coarse", "fine"):
        x = ops.parameter([-1, 4, -1, -1, -1], np.float32)
        logits = ops.convolution(x, per_channel, [1] * 3, [0] * 3, [0] * 3, [1] * 3)
        logits = ops.subtract(logits, np.float32(4))  # half of the highest z-score
        openvino.save_model(openvino.Model([logits], [x]), folder / f"{name}.xml")
    card = Card(
        name="bright",
        version="1",
        purpose="tests",
        inputs=tuple(MRSequence),
        outputs=OUTPUTS,
        training=(),
        evaluation=(),
        intended_use="tests",
        limits=(),
        assumed=(),
        licence="Apache-2.0",
    )
    calibration = Calibration(dict.fromkeys(OUTPUTS, RegionCalibration(1, 0, shift=1)))
    (folder / CALIBRATION).write_text(calibration.to_json())
    seal_bundle(folder, card, made_with={})
    return folder
