"""Put what was fitted on top of its networks, and its card, into a bundle, and seal it anew.

python training/default/seal.py --bundle FOLDER --decisions RUNS/decisions --card CARD.json

Networks and calibration stay as they are, but for resection cavities: the cavity model of
decisions.py is calibrated by its fit, and no interval of its volumes has been fitted.
"""

import argparse
import json
import shutil
from pathlib import Path

from export import read_card

from gliokit.bundles.bundle import MANIFEST, seal_bundle
from gliokit.core.vocabulary import Region
from gliokit.segmentation.calibration import CALIBRATION
from gliokit.segmentation.cavity import CAVITY
from gliokit.segmentation.lesion_belief import LESIONS


def main() -> None:
    """Copy the files and seal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--decisions", type=Path, required=True, help="folder of decisions.py")
    parser.add_argument("--card", type=Path, required=True)
    args = parser.parse_args()
    manifest = json.loads((args.bundle / MANIFEST).read_bytes())
    made_with = manifest["made_with"]
    for name in (LESIONS, CAVITY):
        shutil.copyfile(args.decisions / name, args.bundle / name)
    figures = json.loads((args.bundle / CALIBRATION).read_bytes())
    figures[Region.RESECTION_CAVITY] = {"slope": 1.0, "offset": 0.0, "shift": None}
    (args.bundle / CALIBRATION).write_text(json.dumps(figures, indent=2) + "\n")
    made_with["data of decisions"] = json.loads((args.bundle / LESIONS).read_bytes())["data"]
    lenders = manifest.get("from")
    seal_bundle(args.bundle, read_card(args.card), made_with=made_with, lenders=lenders)


if __name__ == "__main__":
    main()
