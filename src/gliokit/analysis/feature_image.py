"""The features of one region of one image, and the table that they are written to.

Beside the table stand its settings and where it comes from: `X.csv`, `X.settings.json`,
`X.provenance.json`. What stood there is replaced only on request.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.analysis.feature_files import columns_text, provenance
from gliokit.analysis.feature_row import FeatureRun, draw_changes
from gliokit.analysis.output import explained, whole_file, write_whole
from gliokit.core.errors import GeometryError, NotAssessableError, OutputError
from gliokit.core.image import Image, Mask
from gliokit.features.definitions import definition_of
from gliokit.features.image_features import describe_image
from gliokit.features.robustness import describe_changed
from gliokit.features.study_settings import settings_record
from gliokit.io.parquet import check_parquet, write_parquet
from gliokit.preprocessing.bias_field import BiasField, correct_bias
from gliokit.preprocessing.brain_extraction import extract_brain
from gliokit.radiomics.normalization import IntensityScale

COLUMNS = ("feature", "value", "unit", "title", "ibsi_code")
CHANGED_COLUMNS = ("changed_mean", "changed_sd")
SUFFIXES = (".csv", ".parquet")


def check_out(out: Path, *, force: bool) -> None:
    """Refuse a file of another kind, or one that stands there already.

    Raises
    ------
    OutputError
        Saying what to do.
    """
    if out.suffix not in SUFFIXES:
        raise OutputError(f"{out}: found {out.suffix or 'no ending'}; needed .csv or .parquet")
    if out.suffix == ".parquet":
        check_parquet()
    for path in (out, *_beside(out)):
        if path.exists() and not force:
            raise OutputError(f"{path} is there already; choose another name, or give --force")


def describe_one(
    image: Image, mask: Mask, brain: Mask | None, *, run: FeatureRun
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Describe a region of an image, and again after changes if the run asks for them.

    Parameters
    ----------
    image : Image
        The whole image.
    mask : Mask
        The region, on its grid.
    brain : Mask or None
        For normalization and N4; by default it is found in the image.

    Returns
    -------
    values, changed
        By name; `changed` holds a value for each change.

    Raises
    ------
    GeometryError
        If a mask lies on another grid.
    NotAssessableError, ImageError
        If the region or the image cannot be described.
    """
    for other in filter(None, (mask, brain)):
        if difference := image.grid.difference(other.grid):
            raise GeometryError(
                f"grids of {image.source} and {other.source} differ: {difference}; resample the "
                "mask to the image"
            )
    inside = brain.array if brain else _brain_of(image, run)
    settings = run.settings
    if settings.bias_field is BiasField.N4:
        image = correct_bias(image, inside, exclude=mask.array)
    masks = {mask.source: mask.array}
    found = describe_image(image, masks, settings=settings, brain=inside)[mask.source]
    if found.reason:
        raise NotAssessableError(found.reason)
    changed: dict[str, list[float]] = {}
    if run.repeats:
        changes = draw_changes(run, "image")
        each = describe_changed(image, masks, changes, settings=settings, brain=inside)
        changed = {
            name: [one.get(name, math.nan) for one in each[mask.source]] for name in found.features
        }
    return dict(found.features), changed


def write_one(
    out: Path,
    values: Mapping[str, float],
    changed: Mapping[str, Sequence[float]],
    *,
    run: FeatureRun,
    inputs: Mapping[str, str],
) -> None:
    """Write the table, its settings and where it comes from.

    Parameters
    ----------
    out : Path
        `.csv` or `.parquet`.
    inputs : mapping of str to str
        What went in: hashes of files, and which region was meant.
    """
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    columns = _columns(values, changed)
    record = provenance(run, {"inputs": dict(inputs)})
    settings, source = _beside(out)
    write_whole(settings, json.dumps(settings_record(run.settings), indent=1) + "\n")
    write_whole(source, json.dumps(record, indent=1) + "\n")
    if out.suffix == ".parquet":
        with whole_file(out) as growing:
            write_parquet(growing, columns)
        return
    write_whole(out, columns_text(columns))


def _columns(
    values: Mapping[str, float], changed: Mapping[str, Sequence[float]]
) -> dict[str, Sequence[str] | Sequence[float]]:
    known = [definition_of(name) for name in values]
    columns: dict[str, Sequence[str] | Sequence[float]] = dict(
        zip(
            COLUMNS,
            (
                list(values),
                list(values.values()),
                [one.unit if one else "" for one in known],
                [one.title if one else "" for one in known],
                [one.code if one else "" for one in known],
            ),
            strict=True,
        )
    )
    if changed:
        spread = np.array([changed[name] for name in values])
        columns[CHANGED_COLUMNS[0]] = spread.mean(axis=1).tolist()
        columns[CHANGED_COLUMNS[1]] = spread.std(axis=1, ddof=1).tolist()
    return columns


def _brain_of(image: Image, run: FeatureRun) -> NDArray[np.bool_]:
    scale, bias_field = run.settings.radiomics.normalization.relative_to, run.settings.bias_field
    if scale is IntensityScale.NONE and bias_field is BiasField.NONE:
        return np.ones(image.array.shape, dtype=bool)
    return extract_brain(image)


def _beside(out: Path) -> tuple[Path, Path]:
    return out.with_suffix(".settings.json"), out.with_suffix(".provenance.json")
