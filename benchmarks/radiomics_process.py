"""One program's radiomics of one case, in a process of its own, timed.

`radiomics_speed` starts it, under the interpreter that holds the program: Python 3.9 must be able
to read it, and nothing but the program asked for is imported.
"""

import json
import platform
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path

BINS = 32  # of the region's range: the one discretization that all three share
IVH_BINS = 1000  # mirp's, for intensities without a unit


def main():
    """Load and extract once, then again and again; write figures and values as JSON.

    The arguments are the program, the folder of the case, the file to write, how often to repeat
    and the clock at the start of this process.
    """
    program, folder, target, repeats, started = sys.argv[1:]
    run = PROGRAMS[program](Path(folder))
    before_mb = memory_mb("VmRSS")
    values = run()
    whole = {"wall_s": time.time() - float(started), "cpu_s": time.process_time()}
    warm = [timed(run) for _ in range(int(repeats))]
    peak_mb = memory_mb("VmHWM")
    figures = {
        "whole": whole,
        "warm": {clock: statistics.median(each[clock] for each in warm) for clock in whole},
        "memory": {"whole_mb": peak_mb, "extraction_mb": peak_mb - before_mb},
        "versions": {"python": platform.python_version(), program: version(program)},
        "values": {name: float(value) for name, value in values.items()},
    }
    Path(target).write_text(json.dumps(figures))


def timed(run):
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}


def memory_mb(which):
    """Read resident memory, now (VmRSS) or at most (VmHWM); Linux only."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if which in x)
    return int(line.split()[1]) / 1024


def load_pyradiomics(folder):
    import logging

    import radiomics
    import SimpleITK
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    radiomics.logger.setLevel(logging.ERROR)
    image, mask = (SimpleITK.ReadImage(str(folder / f"{what}.nii")) for what in ("image", "mask"))
    extractor = RadiomicsFeatureExtractor(binCount=BINS, additionalInfo=False)

    def run():
        found = extractor.execute(image, mask)
        return {name.split("_", 1)[1]: value for name, value in found.items()}

    return run


def load_mirp(folder):
    import logging

    from mirp import extract_features

    logging.disable(logging.INFO)

    def run():
        (row,) = extract_features(
            image=str(folder / "image.nii"),
            mask=str(folder / "mask.nii"),
            image_modality="mr",
            base_discretisation_method="fixed_bin_number",
            base_discretisation_n_bins=BINS,
            ivh_discretisation_method="fixed_bin_number",
            ivh_discretisation_n_bins=IVH_BINS,
            glcm_spatial_method=["3d_average", "3d_volume_merge"],
            glrlm_spatial_method=["3d_average", "3d_volume_merge"],
        )
        described = ("sample_", "image_")
        return {name: x for name, x in row.iloc[0].items() if not name.startswith(described)}

    return run


def load_gliokit(folder):
    from gliokit.io.nifti import read_image
    from gliokit.radiomics.aggregation import Aggregation
    from gliokit.radiomics.discretization import Binning, Discretization
    from gliokit.radiomics.extract import extract
    from gliokit.radiomics.normalization import IntensityScale, Normalization
    from gliokit.radiomics.settings import Interpolation, RadiomicsSettings, Texture

    image = read_image(folder / "image.nii")
    mask = read_image(folder / "mask.nii").array > 0
    settings = RadiomicsSettings(
        normalization=Normalization(IntensityScale.NONE),
        interpolation=Interpolation(spacing_mm=()),
        discretization=Discretization(Binning.NUMBER, bins=BINS),
        intensity_volume=Discretization(Binning.NUMBER, bins=IVH_BINS),
        texture=Texture((Aggregation.VOLUME_AVERAGED, Aggregation.VOLUME_COMBINED)),
    )
    return lambda: extract(image, mask, settings=settings)


PROGRAMS = {"gliokit": load_gliokit, "pyradiomics": load_pyradiomics, "mirp": load_mirp}
