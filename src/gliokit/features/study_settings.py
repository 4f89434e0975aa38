"""What is described of a study: which parts of the tumor, and by which features.

Source: parts as in the tables of Bakas et al., Sci Data 2017;4:170117, doi:10.1038/sdata.2017.117;
what else is computed, in `gliokit.radiomics`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from gliokit.core.errors import SettingsError
from gliokit.core.settings import as_mapping, changed
from gliokit.core.vocabulary import Label
from gliokit.preprocessing.bias_field import BiasField
from gliokit.radiomics.filters.catalogue import FILTERS, FilterSettings, filter_settings
from gliokit.radiomics.settings import Family, RadiomicsSettings, check_settings


class Part(StrEnum):
    """A part of the tumor; parts overlap."""

    ENHANCING = "ET"
    NON_ENHANCING_CORE = "NET"  # necrosis and core that does not enhance
    EDEMA = "ED"
    CORE = "TC"
    WHOLE = "WT"
    CAVITY = "RC"


PART_LABELS: MappingProxyType[Part, tuple[Label, ...]] = MappingProxyType(
    {
        Part.ENHANCING: (Label.ENHANCING,),
        Part.NON_ENHANCING_CORE: (Label.NECROTIC_CORE,),
        Part.EDEMA: (Label.EDEMA,),
        Part.CORE: (Label.ENHANCING, Label.NECROTIC_CORE),
        Part.WHOLE: (Label.ENHANCING, Label.NECROTIC_CORE, Label.EDEMA),
        Part.CAVITY: (Label.CAVITY,),
    }
)


class Extra(StrEnum):
    """Features beside those of IBSI."""

    PATTERNS = "local_binary_patterns"
    S_TRANSFORM = "s_transform"
    BLOB_BANK = "blob_bank"
    HISTOGRAM_BINS = "histogram_bins"


@dataclass(frozen=True, slots=True)
class NamedFilter:
    """A filter whose responses are described.

    Attributes
    ----------
    name : str
        Before the names of its features.
    filter : str
        Which one, by its name in the catalogue.
    settings : FilterSettings
        Of the filter.
    """

    name: str
    filter: str
    settings: FilterSettings


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What is described of a study.

    Attributes
    ----------
    parts : tuple of Part
        Of the tumor, each in every image.
    radiomics : RadiomicsSettings
        How the region of an image becomes numbers.
    filters : tuple of NamedFilter
        Whose responses are described too.
    filter_families : tuple of Family
        By which families.
    extras : tuple of Extra
        What else is computed of it.
    location : bool
        Whether volumes, their ratios and the place in the brain are described.
    bias_field : BiasField
        What is done first about the coil's brightness, estimated outside the tumor.
    """

    parts: tuple[Part, ...] = (
        Part.ENHANCING,
        Part.NON_ENHANCING_CORE,
        Part.EDEMA,
        Part.CORE,
        Part.WHOLE,
    )
    radiomics: RadiomicsSettings = field(default_factory=RadiomicsSettings)
    filters: tuple[NamedFilter, ...] = ()
    filter_families: tuple[Family, ...] = (Family.STATISTICS,)
    extras: tuple[Extra, ...] = tuple(Extra)
    location: bool = True
    bias_field: BiasField = BiasField.NONE


def study_settings(changes: Mapping[str, object]) -> StudySettings:
    """Give the settings that a file asks for; what it leaves out keeps its default.

    Parameters
    ----------
    changes : mapping of str to object
        As TOML and JSON give them. `filters` is a list of tables, each with the name of a `filter`,
        with `name` if several are of one kind, and with settings of the filter.

    Raises
    ------
    SettingsError
        If a name is unknown, or a value is of another kind or makes no sense.
    """
    rest = {name: value for name, value in changes.items() if name != "filters"}
    settings = changed(StudySettings(), rest)
    check_settings(settings.radiomics)
    if "filters" not in changes:
        return settings
    tables = changes["filters"]
    if not isinstance(tables, Sequence) or not all(isinstance(one, Mapping) for one in tables):
        raise SettingsError(f"filters: found {tables!r}; needed a list of tables, each one filter")
    filters = tuple(_named_filter(one) for one in tables)
    names = [one.name for one in filters]
    if twice := [name for name in names if names.count(name) > 1]:
        raise SettingsError(f"filters: two are called {twice[0]}; give each a name of its own")
    return replace(settings, filters=filters)


def settings_record(settings: StudySettings) -> dict[str, Any]:
    """Give settings as JSON and TOML can hold them; `study_settings` reads them back."""
    filters = [
        {"name": one.name, "filter": one.filter, **as_mapping(one.settings)}
        for one in settings.filters
    ]
    return {**as_mapping(replace(settings, filters=())), "filters": filters}


def _named_filter(table: Mapping[str, object]) -> NamedFilter:
    kind = table.get("filter")
    if not isinstance(kind, str):
        raise SettingsError(
            f"filters: {dict(table)} names no filter; known are {', '.join(FILTERS)}"
        )
    name = table.get("name", kind)
    if not isinstance(name, str) or not name.isidentifier():
        raise SettingsError(f"filters: the name {name!r} is none; needed letters, digits and _")
    own = {key: value for key, value in table.items() if key not in ("filter", "name")}
    return NamedFilter(name, kind, filter_settings(kind, own))
