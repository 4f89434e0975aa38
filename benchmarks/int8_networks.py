"""What do integers of 8 bits in place of floating point cost in Dice, and save in time and bytes?

python -m benchmarks.int8_networks STUDIES [--threads 2]     prints one JSON line

STUDIES holds a folder of images and label map per case. NNCF quantizes the networks of the bundle
`default` (weights and activations, symmetric weights), calibrated on what the networks are shown
of simulated studies, half of them without all sequences. Every case is then outlined by each way
in turn, with the decisions and the calibration of the bundle; `seconds` is the mean of the
networks alone over the cases after the first, `to_float` its ratio to floating point in the same
run (bf16 where this CPU has it), `loss` the mean of Dice with floating point less that with 8 bits.
"""

import argparse
import json
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from importlib.metadata import version
from pathlib import Path

import nncf
import numpy as np
import openvino as ov

from gliokit.bundles.bundle import read_bundle, shipped_bundle
from gliokit.bundles.session import Session, cpu_precision
from gliokit.core.image import region_mask
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.overlap import dice
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_label_map
from gliokit.phantom.study import simulate_study
from gliokit.preprocessing.contrast import read_contrast_model
from gliokit.preprocessing.view import brain_of, view_of
from gliokit.segmentation.calibration import CALIBRATION, read_calibration
from gliokit.segmentation.cavity import CAVITY, read_cavity_model
from gliokit.segmentation.default import DEFAULT, DefaultSegmenter, NetworkSession
from gliokit.segmentation.lesion_belief import LESIONS, read_lesion_model

BUNDLE = read_bundle(shipped_bundle(DEFAULT))
NETWORKS = ("coarse", "fine")
REGIONS = (Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR)
SUBSETS = tuple(tuple(s for s in MRSequence if s is not left_out) for left_out in MRSequence)
FINEST = ("stem.", "up.0/", "merge.0.", "head/")  # layers at full resolution, by their names
ALL, BUT_FINEST = "all layers", "all but the finest level"
# of each way: what is quantized of either network
WAYS: Mapping[str, Mapping[str, str]] = {
    "float": {},
    "coarse": {"coarse": ALL},
    "coarse, fine but its finest level": {"coarse": ALL, "fine": BUT_FINEST},
    "both": {"coarse": ALL, "fine": ALL},
}


class Recorder:
    """A session that keeps what each network was shown."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.device, self.precision = session.device, session.precision
        self.shown: dict[str, list[np.ndarray]] = {network: [] for network in NETWORKS}

    def run(self, network: str, x: np.ndarray) -> np.ndarray:
        """Pass a batch on."""
        self.shown[network].append(x)
        return self._session.run(network, x)


class Timed:
    """A session of networks in files, which keeps each compiled shape, and the time of passes."""

    device = "cpu"

    def __init__(self, files: Mapping[str, tuple[Path, Path]], threads: int) -> None:
        self._core, self._files = ov.Core(), files
        self.precision = cpu_precision(self._core)
        self._settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": self.precision,
            "INFERENCE_NUM_THREADS": threads,
        }
        self.seconds = 0.0

    def run(self, network: str, x: np.ndarray) -> np.ndarray:
        """Compile for this shape, and time the pass alone."""
        model = self._core.read_model(*self._files[network])
        model.reshape(list(x.shape))
        compiled = self._core.compile_model(model, "CPU", self._settings)
        begin = time.perf_counter()
        y = np.asarray(compiled(x)[0], dtype=np.float32)
        self.seconds += time.perf_counter() - begin
        return y


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", type=Path)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--calibrate", type=int, default=12, help="simulated studies")
    args = parser.parse_args()
    logging.getLogger("nncf").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        with redirect_stdout(sys.stderr):  # NNCF shows its progress there
            files = quantized(Path(folder), shown_of(args.calibrate))
        figures = compare(args.studies, files, args.threads)
        for way, parts in WAYS.items():
            stored = {files[network, part][1] for network, part in parts.items()}
            stored |= {BUNDLE.network(network)[1] for network in NETWORKS if network not in parts}
            figures[way]["megabytes"] = round(sum(p.stat().st_size for p in stored) / 1e6, 2)
    line = {
        "benchmark": "int8_networks",
        "device": "cpu",
        "precision": cpu_precision(ov.Core()),
        "threads": args.threads,
        "bundle": f"{BUNDLE.name} {BUNDLE.version}",
        "calibrated_on": f"{args.calibrate} simulated studies, twice each",
        **figures,
        "versions": {package: version(package) for package in ("gliokit", "openvino", "nncf")},
    }
    print(json.dumps(line, ensure_ascii=False))


def shown_of(count: int) -> dict[str, list[np.ndarray]]:
    """Keep what the networks are shown of simulated studies, with and without a sequence."""
    recorder = Recorder(Session(BUNDLE))
    segmenter = segmenter_on(recorder)
    for seed in range(count):
        study = simulate_study(seed).study
        for kept in (tuple(MRSequence), SUBSETS[seed % len(SUBSETS)]):
            part = Study(study.study_id, {s: study.images[s] for s in kept})
            segmenter.look(view_of(part, brain_of(part)))
    return recorder.shown


def segmenter_on(session: NetworkSession) -> DefaultSegmenter:
    return DefaultSegmenter(
        BUNDLE,
        session,
        read_calibration(BUNDLE.file(CALIBRATION)),
        read_contrast_model(),
        cavity=read_cavity_model(BUNDLE.file(CAVITY)),
        lesions=read_lesion_model(BUNDLE.file(LESIONS)),
    )


def quantized(
    folder: Path, shown: Mapping[str, list[np.ndarray]]
) -> dict[tuple[str, str], tuple[Path, Path]]:
    """Write each network in each way that `WAYS` asks for; its files."""
    files = {}
    for network, part in sorted({pair for parts in WAYS.values() for pair in parts.items()}):
        model = ov.Core().read_model(*BUNDLE.network(network))
        kept = finest(model) if part == BUT_FINEST else []
        small = nncf.quantize(
            model,
            nncf.Dataset(shown[network]),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(shown[network]),
            ignored_scope=nncf.IgnoredScope(names=kept),
        )
        path = folder / f"{network} {part}.xml"
        ov.save_model(small, path, compress_to_fp16=True)
        files[network, part] = path, path.with_suffix(".bin")
    return files


def finest(model: ov.Model) -> list[str]:
    names = [node.get_friendly_name() for node in model.get_ordered_ops()]
    layers = tuple(f"__module.{layer}" for layer in FINEST)
    return [n for n in names if n.startswith(layers) and "/Convolution" in n]


def compare(
    folder: Path, files: Mapping[tuple[str, str], tuple[Path, Path]], threads: int
) -> dict[str, dict[str, object]]:
    """Outline every case by every way."""
    sessions = {
        way: Timed(
            {n: files[n, parts[n]] if n in parts else BUNDLE.network(n) for n in NETWORKS}, threads
        )
        for way, parts in WAYS.items()
    }
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    found: dict[str, list[list[float]]] = {way: [] for way in WAYS}
    for study, reference in labelled(folder):
        for way, session in sessions.items():
            before = session.seconds
            labels = segmenter_on(session).predict(study).labels.array
            seconds[way].append(session.seconds - before)
            scores = [dice(region_mask(reference, r), region_mask(labels, r)) for r in REGIONS]
            found[way].append(scores)
    exact, whole = np.mean(found["float"], axis=0), statistics.mean(seconds["float"][1:])
    return {
        way: {
            "dice": by_region(np.mean(found[way], axis=0)),
            "loss": by_region(exact - np.mean(found[way], axis=0)),
            "seconds": round(statistics.mean(seconds[way][1:]), 2),
            "to_float": round(statistics.mean(seconds[way][1:]) / whole, 2),
        }
        for way in WAYS
    }


def labelled(folder: Path) -> Iterator[tuple[Study, np.ndarray]]:
    for path in sorted(p for p in folder.iterdir() if p.is_dir()):
        labels = find_labels(path)
        if labels:
            yield read_study(path, study_id=path.name), read_label_map(labels).array


def by_region(values: np.ndarray) -> dict[str, float]:
    return {str(r): round(float(v), 4) for r, v in zip(REGIONS, values, strict=True)}


if __name__ == "__main__":
    main()
