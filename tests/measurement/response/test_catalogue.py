"""Every criterion by name, with its card."""

from dataclasses import fields

import pytest

from gliokit.core.errors import SettingsError
from gliokit.measurement.response.catalogue import CRITERIA, find_criterion
from gliokit.measurement.response.readings import Readings
from gliokit.measurement.response.vocabulary import Measure


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=CRITERIA)
def test_every_card_tells_source_and_what_was_not_verified(criterion):
    assert "doi:10." in criterion.card.source
    assert criterion.card.verified
    assert criterion.card.from_memory
    assert set(criterion.card.readings) <= {field.name for field in fields(Readings)}


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=CRITERIA)
def test_every_card_names_the_readings_that_its_rows_ask_for(criterion):
    asked = set(criterion.course_facts)
    for table in criterion.findings.values():
        asked.update(fact for rule in table for fact in rule.conditions)
    defaults = Readings()
    of_rows = {
        field.name for field in fields(Readings) if type(getattr(defaults, field.name)) in asked
    }
    assert of_rows <= set(criterion.card.readings)


@pytest.mark.parametrize("name", CRITERIA)
def test_a_criterion_is_found_by_its_name(name):
    criterion = find_criterion(name)
    assert criterion.name == name
    assert (criterion.measure is Measure.VOLUME) == name.endswith("-volume")
    assert set(criterion.thresholds) == set(criterion.findings)


def test_a_name_that_is_none_is_refused():
    with pytest.raises(SettingsError, match="there is no criterion 'rano3'"):
        find_criterion("rano3")
