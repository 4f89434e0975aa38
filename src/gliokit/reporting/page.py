"""How every HTML page is made: templates that escape, and refuse what is undefined."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from gliokit.core.vocabulary import REGION_TERMS
from gliokit.reporting.drawing import UNITS
from gliokit.reporting.wording import SEQUENCE_TERMS


def page_environment() -> Environment:
    """Make an environment of the templates of this package."""
    environment = Environment(
        loader=PackageLoader("gliokit.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"units": UNITS, "region_terms": REGION_TERMS}
    environment.filters |= {"sequence": SEQUENCE_TERMS.__getitem__}
    return environment
