"""Fill the tables of docs/features.md from the code: every feature, filter and difference."""

import re
from collections.abc import Iterable

from gliokit.features.definitions import DEFINITIONS
from gliokit.features.study_settings import Extra
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.filters.catalogue import FILTERS
from gliokit.radiomics.pyradiomics_parameters import DIFFERENCES, FEATURE_DIFFERENCES

NOTES = {
    "volumes": "Of the study, unless `location = false`.",
    "location": "Of the study, unless `location = false`.",
    "lesions": "Of ET, TC and WT, unless `location = false`.",
    "growth": "Between two masks on one grid: `gliokit.radiomics.growth_direction`.",
    "perfusion_histogram": "Of the whole tumor, where the table has a column `dsc`.",
} | {extra: f'Computed unless `extras` leaves out `"{extra}"`.' for extra in Extra}


def features_page(page: str) -> str:
    """Give the page with its tables made anew."""
    filters = [
        (f"`{name}`", kind.code, f"`{kind.settings.__name__}`") for name, kind in FILTERS.items()
    ]
    settings = [(f"`{one.name}`", one.theirs, one.ours) for one in DIFFERENCES]
    differing = [(f"`{name}`", text) for name, text in FEATURE_DIFFERENCES.items()]
    for name, table in {
        "filters": rows(("filter", "IBSI code", "settings"), filters),
        "differences": rows(("setting", "pyradiomics", "here"), settings),
        "feature differences": rows(("feature", "here"), differing),
        "features": "\n\n".join(section(group) for group in DEFINITIONS),
    }.items():
        inner = re.compile(f"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", flags=re.DOTALL)
        page = inner.sub(lambda _, table=table: f"{table}\n", page)
    return page


def section(group: str) -> str:
    """Lay out a group of features."""
    columns = ("name", "feature", "unit", "IBSI code", "source")
    parts = [f"## {group.replace('_', ' ').capitalize()}", NOTES.get(group, "")]
    parts.append(rows(columns, [cells(one) for one in DEFINITIONS[group]]))
    return "\n\n".join(filter(None, parts))


def cells(one: Definition) -> tuple[str, ...]:
    """Give the cells of a feature."""
    return (f"`{one.name}`", one.title, one.unit, one.code, one.source)


def rows(columns: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    """Lay out a table."""
    head = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*head, *("| " + " | ".join(line) + " |" for line in lines)])
