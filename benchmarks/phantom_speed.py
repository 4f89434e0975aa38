"""How long does a simulated study take, and what is spent on what?

python -m benchmarks.phantom_speed [--repeats 3]     prints one JSON line

In one process: a patient of 1 mm voxels (person, look of a visit, four sequences, all maps), and a
tiny one of 64 voxels a side, after one of each to warm up. No program is known that simulates the
same, so the ratio is of this machine's own: the seconds of a study against those of reading and
writing its four images as NIfTI, what any tool spends on them.
"""

import argparse
import itertools
import json
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from gliokit.core.vocabulary import Map, MRSequence
from gliokit.io.nifti import read_image, write_image
from gliokit.phantom.cohort import CohortSettings, SimulatedVisit, scan_visit, simulate_person
from gliokit.phantom.person import looks

SIZES = {
    "study_1mm": CohortSettings(visits=2),
    "study_tiny": CohortSettings(visits=2, tiny=True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="patients of each size")
    args = parser.parse_args()
    line: dict[str, object] = {"benchmark": "phantom_speed", "device": "cpu"}
    for name, settings in SIZES.items():
        seconds: dict[str, list[float]] = defaultdict(list)
        for number in range(args.repeats + 1):
            for stage, spent in timed_patient(settings, number).items():
                seconds[stage].append(spent)
        median = {stage: statistics.median(spent[1:]) for stage, spent in seconds.items()}
        study = sum(median[stage] for stage in ("person", "look", "scan"))
        line[f"{name}_s"] = round(study, 2)
        line[f"{name}_against_files"] = round(study / median["files"], 1)
        line[f"{name}_stages_s"] = {stage: round(spent, 3) for stage, spent in median.items()}
    line["versions"] = {package: version(package) for package in ("gliokit", "numpy", "scipy")}
    print(json.dumps(line))


def timed_patient(settings: CohortSettings, number: int) -> dict[str, float]:
    """Simulate the first visit of a patient; seconds by stage."""
    marks = [time.perf_counter()]
    person = simulate_person(settings, number)
    marks.append(time.perf_counter())
    look = next(looks(person))
    marks.append(time.perf_counter())
    simulated = scan_visit(person, look, settings)
    marks.append(time.perf_counter())
    through_files(simulated)
    marks.append(time.perf_counter())
    scan_visit(person, look, replace(settings, maps=tuple(Map)))
    marks.append(time.perf_counter())
    spent = [after - before for before, after in itertools.pairwise(marks)]
    stages = dict(zip(("person", "look", "scan", "files", "maps"), spent, strict=True))
    stages["maps"] -= stages["scan"]
    return stages


def through_files(simulated: SimulatedVisit) -> None:
    """Write the four images and read them back."""
    with tempfile.TemporaryDirectory() as folder:
        for sequence in MRSequence:
            path = Path(folder) / f"{sequence}.nii.gz"
            write_image(path, simulated.study[sequence])
            read_image(path)


if __name__ == "__main__":
    main()
