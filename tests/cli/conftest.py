"""The command line as a user meets it: arguments in; exit code, stdout and stderr out."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import openvino
import pytest
from openvino import opset13 as ops

from gliokit.bundles.bundle import Card, seal_bundle
from gliokit.cli.main import main
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.io.nifti import write_image, write_label_map
from gliokit.segmentation.calibration import CALIBRATION, Calibration, RegionCalibration
from gliokit.segmentation.default import OUTPUTS

INTERRUPTIBLE = Path(__file__).with_name("interruptible.py")


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


@pytest.fixture
def threshold(
    gliokit: Callable[..., Ending], monkeypatch: pytest.MonkeyPatch, fakes: ModuleType
) -> Callable[..., Ending]:
    """Run a command that knows of one system, which learns a threshold."""
    table = {"threshold2000": fakes.ThresholdSystem}
    for module in ("cli.systems", "cli.predict", "analysis.systems"):
        monkeypatch.setattr(f"gliokit.{module}.SYSTEMS", table)
    return gliokit


@pytest.fixture
def labelled(bright_study: Study, tmp_path: Path) -> Callable[..., Path]:
    """Write the table of a cohort whose patients are all the bright study; `p1="x"` names one."""

    def write(patients: int, **study_ids: str) -> Path:
        folder = tmp_path / "images"
        if not folder.exists():
            folder.mkdir()
            image = bright_study[MRSequence.T1C]
            write_image(folder / "t1c.nii.gz", image)
            truth = np.where(image.array == 200, 3, 0).astype(np.uint8)
            truth[10, 26:31, 20:24] = 1  # a part that is as bright as the rest
            write_label_map(folder / "seg.nii.gz", LabelMap(truth, image.affine))
        names = [f"p{number}" for number in range(patients)]
        lines = [
            f"{name},{study_ids.get(name, f'{name}-0')},site{number % 2},"
            "images/t1c.nii.gz,images/seg.nii.gz"
            for number, name in enumerate(names)
        ]
        table = tmp_path / "labelled.csv"
        table.write_text("\n".join(["patient_id,study_id,site,t1c,labels", *lines]) + "\n")
        return table

    return write


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `gliokit` in a process of its own; give it once it is at work."""
    flag = tmp_path / "started"
    processes: list[subprocess.Popen[str]] = []

    def start_program(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, INTERRUPTIBLE, *map(str, arguments)],
            env=os.environ | {"STARTED_FILE": str(flag)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # as a terminal has it: signals go to the whole group
        )
        processes.append(process)
        deadline = time.monotonic() + 180
        while not flag.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        flag.unlink()
        return process

    yield start_program
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
