"""One study as one row of named numbers.

Names say region, image and feature: `ET_volume_ml`, `TC_longest_diameter_mm`,
`ET_t1c_stat_mean`, `vasari_f5`. What was measured is taken over; nothing is measured here. A
region that is absent has a volume of 0 and no other number: its features are `nan`, as are those
of a region that could not be seen (`Findings.unseen_regions`), whose volume is `nan` too.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gliokit.core.errors import CohortError
from gliokit.core.feature_table import FeatureTable
from gliokit.core.findings import Findings, Lesion, Quantity
from gliokit.core.vocabulary import Region
from gliokit.radiomics.definition import Definition

LESION_DEFINITIONS = (
    Definition("lesions", "connected parts", "1", source="gliokit"),
    Definition("longest_diameter_mm", "longest diameter of the largest", "mm", source="RANO"),
    Definition("perpendicular_diameter_mm", "perpendicular to it", "mm", source="RANO"),
    Definition("sum_of_products_mm2", "sum of their products", "mm²", source="RANO"),
)
# what is measured: region and image, such as ("ET", "t1c"), or region alone ("ET", "")
Source = tuple[str, str]


def study_row(
    findings: Findings,
    *,
    radiomics: Mapping[Source, Mapping[str, float]] | None = None,
    vasari: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Name everything that is known of one study.

    Parameters
    ----------
    findings : Findings
        Volumes, lesions and diameters.
    radiomics : mapping
        Region and image, to features by name; the image is empty for shape, which has none.
    vasari : mapping of str to float
        Feature to code, where it was read.

    Returns
    -------
    dict of str to float
        In the order: volumes, lesions, VASARI, radiomics.

    Raises
    ------
    CohortError
        If two values have the same name.
    """
    parts: list[tuple[str, float]] = [*_volumes(findings), *_lesions(findings)]
    parts += [(f"vasari_{name}", code) for name, code in (vasari or {}).items()]
    parts += [
        ("_".join(filter(None, (region, image, name))), value)
        for (region, image), features in (radiomics or {}).items()
        for name, value in features.items()
    ]
    row: dict[str, float] = {}
    for name, value in parts:
        if name in row:
            raise CohortError(
                f"study {findings.study_id} has two values named {name}; name region and image so "
                "that they differ"
            )
        row[name] = float(value)
    return row


def tabulate_rows(
    rows: Mapping[str, Mapping[str, float]],
    patients: Mapping[str, str],
    *,
    facts: Mapping[str, Sequence[str]] | None = None,
) -> FeatureTable:
    """Make a table of the rows of several studies.

    Parameters
    ----------
    rows : mapping
        Study id to its row; a name that a study lacks is `nan` there.
    patients : mapping of str to str
        Study id to patient.
    facts : mapping of str to (n,)
        Column to a cell for each study, in the order of `rows`.

    Raises
    ------
    CohortError
        If there is no row, or the patient of one is not given.
    """
    if not rows:
        raise CohortError("no rows; give one study or more")
    if unknown := [study for study in rows if study not in patients]:
        raise CohortError(f"study {unknown[0]} has no patient; give the patient of every study")
    names = tuple(dict.fromkeys(name for row in rows.values() for name in row))
    values = np.array([[row.get(name, math.nan) for name in names] for row in rows.values()])
    return FeatureTable(
        tuple(rows),
        tuple(patients[study] for study in rows),
        names,
        values.astype(np.float64),
        {name: tuple(cells) for name, cells in (facts or {}).items()},
    )


def _volumes(findings: Findings) -> list[tuple[str, float]]:
    unseen = findings.unseen_regions
    return [
        (f"{part.region}_volume_ml", math.nan if part.region in unseen else part.volume.value)
        for part in findings.volumes_by_region
    ]


def _lesions(findings: Findings) -> list[tuple[str, float]]:
    """Count the lesions of each region whose lesions were measured, and size the largest."""
    row: list[tuple[str, float]] = []
    for part in findings.volumes_by_region:
        lesions = [lesion for lesion in findings.lesions if lesion.region is part.region]
        if part.region in findings.unseen_regions:
            continue
        if lesions or part.voxels == 0:
            row += describe_lesions(part.region, lesions).items()
    return row


def describe_lesions(region: Region, lesions: Sequence[Lesion]) -> dict[str, float]:
    """Count the lesions of a region, and size the largest; without any, the count alone."""
    if not lesions:
        return {f"{region}_lesions": 0.0}
    products = [_value(lesion.product) for lesion in lesions if lesion.product is not None]
    largest = max(lesions, key=lambda lesion: lesion.volume.value)
    longest = None if largest.longest is None else largest.longest.length
    across = None if largest.perpendicular is None else largest.perpendicular.length
    described = (
        float(len(lesions)),
        _value(longest),
        _value(across),
        sum(products) if products else math.nan,
    )
    names = [f"{region}_{one.name}" for one in LESION_DEFINITIONS]
    return dict(zip(names, described, strict=True))


def _value(quantity: Quantity | None) -> float:
    return math.nan if quantity is None else quantity.value
