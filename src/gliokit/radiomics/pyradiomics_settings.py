"""Parameter files of pyradiomics, understood as far as their meaning is ours.

Where ours is another, a note says what was found, what pyradiomics makes of it and what is done
here; what has no counterpart is refused. The tables stand in `pyradiomics_parameters`. Defaults
that a file leaves out are those of pyradiomics, not ours: no normalization, no resampling, bins
of 25.

Source: van Griethuysen et al., Cancer Res 2017;77:e104-e107, doi:10.1158/0008-5472.CAN-17-0339;
names, defaults and meaning are those of pyradiomics 3.0.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import yaml  # type: ignore[import-untyped, unused-ignore]

from gliokit.core.errors import SettingsError
from gliokit.core.settings import changed
from gliokit.radiomics.aggregation import Aggregation, Dimension
from gliokit.radiomics.discretization import Binning, Discretization
from gliokit.radiomics.normalization import IntensityScale, Normalization
from gliokit.radiomics.pyradiomics_parameters import (
    DIFFERENCES,
    FEATURE_DIFFERENCES,
    IMAGE_TYPES,
    REFUSED,
    SPLINE_ORDERS,
    Parameters,
)
from gliokit.radiomics.settings import (
    Family,
    Interpolation,
    RadiomicsSettings,
    Resegmentation,
    Texture,
    check_settings,
)

FAMILIES: Mapping[str, tuple[Family, ...]] = {
    "shape": (Family.MORPHOLOGY,),
    "firstorder": (Family.STATISTICS, Family.HISTOGRAM),
    "glcm": (Family.COOCCURRENCE,),
    "glrlm": (Family.RUN_LENGTH,),
    "glszm": (Family.SIZE_ZONE,),
    "gldm": (Family.DEPENDENCE,),
    "ngtdm": (Family.GRAY_TONE_DIFFERENCE,),
    "shape2D": (),
}
DEFAULT_CLASSES = tuple(name for name in FAMILIES if name != "shape2D")
# by force2D, then by whether the matrices of directions are merged
AGGREGATIONS = {
    (False, False): Aggregation.VOLUME_AVERAGED,
    (False, True): Aggregation.VOLUME_COMBINED,
    (True, False): Aggregation.DIRECTIONS_AVERAGED,
    (True, True): Aggregation.ALL_COMBINED,
}
SECTIONS = ("setting", "imageType", "featureClass", "voxelSetting")


@dataclass(frozen=True, slots=True)
class Note:
    """What the reader of a file must know: `name: found ...; pyradiomics ...; here ...`."""

    name: str
    found: str
    theirs: str
    ours: str

    def __str__(self) -> str:
        return f"{self.name}: found {self.found}; pyradiomics: {self.theirs}; here: {self.ours}"


def read_pyradiomics(
    parameters: str | Mapping[str, object],
) -> tuple[RadiomicsSettings, tuple[Note, ...]]:
    """Understand the parameters of pyradiomics.

    Parameters
    ----------
    parameters : str or mapping
        Text of a file (YAML or JSON), or what it holds: the sections `setting`, `imageType`,
        `featureClass`.

    Returns
    -------
    tuple
        Settings of ours that mean the same, and a note for each difference that remains.

    Raises
    ------
    SettingsError
        If it is no such file, or a parameter is unknown, of another kind, or has no counterpart.
    """
    sections = _sections(parameters)
    image_types = sections["imageType"] or {"Original": {}}
    if unknown := sorted(set(image_types) - {"Original", *IMAGE_TYPES}):
        raise SettingsError(
            f"imageType: found {', '.join(unknown)}; known are Original, {', '.join(IMAGE_TYPES)}"
        )
    if "Original" not in image_types:
        raise SettingsError(
            f"imageType: found {', '.join(image_types)}; needed Original: filters are set apart"
        )
    own = _mapping("imageType Original", image_types["Original"])
    given = changed(Parameters(), sections["setting"] | own)
    refuse_unknown_meaning(given)
    classes = sections["featureClass"] or dict.fromkeys(DEFAULT_CLASSES)
    settings = RadiomicsSettings(
        families=_families(classes),
        normalization=_normalization(given),
        interpolation=_interpolation(given),
        resegmentation=_resegmentation(given),
        discretization=_discretization(given),
        texture=_texture(given),
    )
    check_settings(settings)
    notes = (*_setting_notes(given), *_image_notes(image_types), *_class_notes(classes))
    return settings, notes


def refuse_unknown_meaning(given: Parameters) -> None:
    """Refuse parameters without a counterpart.

    Raises
    ------
    SettingsError
        With name, what was found and what is needed.
    """
    for name, needed, not_met in REFUSED:
        if not_met(given):
            raise SettingsError(
                f"{name}: found {getattr(given, name)}, which has no counterpart here; "
                f"needed {needed}"
            )


def _sections(parameters: str | Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Take a file apart; sections that it lacks are empty."""
    try:
        content = yaml.safe_load(parameters) if isinstance(parameters, str) else parameters
    except yaml.YAMLError as error:
        where = " ".join(str(error).split())
        raise SettingsError(
            f"parameters of pyradiomics: found text that is no YAML ({where}); needed a parameter "
            "file: repair it"
        ) from None
    content = _mapping("parameters of pyradiomics", content)
    if unknown := sorted(set(content) - set(SECTIONS)):
        raise SettingsError(
            f"parameters of pyradiomics: found the sections {', '.join(unknown)}; needed are "
            f"{', '.join(SECTIONS[:-1])}"
        )
    if content.get("voxelSetting"):
        raise SettingsError(
            "voxelSetting: maps of features by voxel are not made here; remove this section"
        )
    return {name: _mapping(name, content.get(name)) for name in SECTIONS}


def _mapping(name: str, value: object) -> dict[str, object]:
    if not isinstance(value, Mapping | None):
        raise SettingsError(f"{name}: found {value!r}; needed names with values")
    return {str(key): entry for key, entry in (value or {}).items()}


def _families(classes: Mapping[str, object]) -> tuple[Family, ...]:
    if unknown := sorted(set(classes) - set(FAMILIES)):
        raise SettingsError(
            f"featureClass: found {', '.join(unknown)}; known are {', '.join(FAMILIES)}"
        )
    wanted = {family for name in classes for family in FAMILIES[name]}
    return tuple(family for family in Family if family in wanted)


def _normalization(given: Parameters) -> Normalization:
    if not given.normalize:
        return Normalization(IntensityScale.NONE)
    return Normalization(
        IntensityScale.BRAIN, scale=given.normalizeScale, shift=float(given.voxelArrayShift)
    )


def _interpolation(given: Parameters) -> Interpolation:
    if not given.resampled:
        return Interpolation(spacing_mm=())
    spacing = given.resampledPixelSpacing or ()
    kept = spacing if spacing[-1] > 0 else spacing[:-1]
    return Interpolation(spacing_mm=kept, order=SPLINE_ORDERS[given.interpolator])


def _resegmentation(given: Parameters) -> Resegmentation:
    if given.resegmentRange is None:
        return Resegmentation()
    lower, *upper = sorted(given.resegmentRange)
    if given.resegmentMode == "sigma":
        return Resegmentation(outlier_sd=upper[0])
    return Resegmentation(lower=lower, upper=upper[0] if upper else None)


def _discretization(given: Parameters) -> Discretization:
    if given.binCount is None:
        return Discretization(Binning.SIZE, size=given.binWidth)
    return Discretization(Binning.NUMBER, bins=given.binCount)


def _texture(given: Parameters) -> Texture:
    merged = given.weightingNorm is not None
    return Texture(
        aggregations=(AGGREGATIONS[given.force2D, merged],),
        dimensions=(Dimension.MERGED_SLICES if given.force2D else Dimension.VOLUME,),
        dependence_coarseness=given.gldm_a,
    )


def _setting_notes(given: Parameters) -> list[Note]:
    return [
        Note(each.name, str(getattr(given, each.name)), each.theirs, each.ours)
        for each in DIFFERENCES
        if each.applies(given)
    ]


def _image_notes(image_types: Mapping[str, object]) -> list[Note]:
    return [
        Note("imageType", name, *IMAGE_TYPES[name]) for name in image_types if name != "Original"
    ]


def _class_notes(classes: Mapping[str, object]) -> list[Note]:
    """Say which features differ, and where a family is computed of which a part was asked for."""
    notes = []
    for name, features in classes.items():
        if name == "shape2D":
            notes.append(Note("featureClass", name, "shape within one slice", "not computed"))
        if isinstance(features, list) and features:
            notes.append(
                Note(
                    f"featureClass {name}",
                    f"{len(features)} features",
                    "these only",
                    "all of the family",
                )
            )
    known = [key for key in FEATURE_DIFFERENCES if key.split("_")[0] in classes]
    return notes + [
        Note("feature", key, "computed as pyradiomics documents it", FEATURE_DIFFERENCES[key])
        for key in known
    ]
