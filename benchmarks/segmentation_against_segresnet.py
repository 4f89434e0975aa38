"""How much time and memory does segmenting a study take, against MONAI's SegResNet in torch?

python -m benchmarks.segmentation_against_segresnet [STUDY_FOLDER]     prints one JSON line

SegResNet as in MONAI's BraTS bundle (16 initial filters, blocks down 1,2,2,4 and up 1,1,1;
random weights: time does not depend on them), float32, through its sliding window with overlap
0.5: windows of 240×240×160 as that bundle is commonly run, and of 128³. Counted is from images
in memory to labels on their grid, after one warm-up of the libraries on a small volume; our
figure includes compiling the networks for this study. Each system runs in a process of its own;
memory is the peak of that process, with the study in it. Without a folder a study is simulated.
Ratios are above 1 where gliokit is cheaper. SegResNet gives three regions, ours four.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.io.layouts import read_study
from gliokit.io.nifti import write_image
from gliokit.phantom.study import simulate_study

WINDOWS = {"segresnet_240x240x160": (240, 240, 160), "segresnet_128": (128, 128, 128)}
OURS = "gliokit"
KB_PER_MB = 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path, nargs="?", help="folder; simulated if not given")
    parser.add_argument("--system", choices=[OURS, *WINDOWS], help="only this one, in this process")
    parser.add_argument("--windows", nargs="*", choices=list(WINDOWS), default=list(WINDOWS))
    args = parser.parse_args()
    if args.system:
        print(json.dumps(measure(args.system, args.study)))
        return
    with tempfile.TemporaryDirectory() as folder:
        study = args.study or Path(folder)
        if not args.study:
            with ProcessPoolExecutor(1, get_context("spawn")) as elsewhere:
                elsewhere.submit(simulate, study).result()
        figures = {system: in_own_process(system, study) for system in [OURS, *args.windows]}
    ours = figures[OURS]
    print(
        json.dumps(
            {
                "benchmark": "segmentation_against_segresnet",
                "device": "cpu",
                "study": "given" if args.study else "simulated",
                "systems": figures,
                "time_ratio": {s: round(figures[s]["s"] / ours["s"], 1) for s in args.windows},
                "memory_ratio": {
                    s: round(figures[s]["peak_mb"] / ours["peak_mb"], 1) for s in args.windows
                },
                "versions": {n: version(n) for n in ("gliokit", "openvino", "torch", "monai")},
            }
        )
    )


def simulate(folder: Path) -> None:
    """Write a study to disk, in yet another process: a parent's peak counts as its child's."""
    for sequence, image in simulate_study(0).study.images.items():
        write_image(folder / f"{sequence}.nii.gz", image)


def in_own_process(system: str, study: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.segmentation_against_segresnet", str(study)]
    run = subprocess.run(
        [*command, "--system", system], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(run.stdout.splitlines()[-1])


def measure(system: str, folder: Path) -> dict[str, float]:
    study = read_study(folder)
    segment = ours() if system == OURS else segresnet(WINDOWS[system])
    start = time.perf_counter()
    segment(study)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KB_PER_MB
    return {"s": round(seconds, 2), "peak_mb": round(peak)}


def ours() -> Callable[[Study], object]:
    from gliokit.segmentation.default import load_segmenter

    return load_segmenter().predict


def segresnet(window: tuple[int, int, int]) -> Callable[[Study], object]:
    import torch
    from monai.inferers import sliding_window_inference
    from monai.networks.nets import SegResNet

    torch.manual_seed(0)
    network = SegResNet(
        init_filters=16,
        in_channels=4,
        out_channels=3,
        dropout_prob=0.2,
        blocks_down=(1, 2, 2, 4),
        blocks_up=(1, 1, 1),
    ).eval()

    def segment(study: Study) -> np.ndarray:
        stack = np.stack([study[sequence].array for sequence in MRSequence])
        for channel in stack:
            brain = channel != 0
            channel[brain] = (channel[brain] - channel[brain].mean()) / channel[brain].std()
        with torch.inference_mode():
            x = torch.from_numpy(stack)[None]
            logits = sliding_window_inference(x, window, 1, network, overlap=0.5)
        return (logits[0] > 0).numpy()

    with torch.inference_mode():
        network(torch.zeros(1, 4, 32, 32, 32))
    return segment


if __name__ == "__main__":
    main()
