"""Controls are turned wherever a schedule stands, one at a time."""

from dataclasses import dataclass, field

import pytest

from gliokit.analysis.fold_work import Plan
from gliokit.analysis.regularization_controls import variants, with_regularization
from gliokit.core.errors import SettingsError
from gliokit.learning.settings import Regularization, Schedule


@dataclass(frozen=True)
class Phases:
    """Two schedules, one of them with dropout."""

    first: Schedule = field(
        default_factory=lambda: Schedule(3, regularization=Regularization(dropout=0.5))
    )
    second: Schedule = field(default_factory=lambda: Schedule(4))
    width: int = 5


def regularizations(settings):
    return settings.first.regularization, settings.second.regularization


def test_a_control_is_turned_in_every_schedule_and_nothing_else_changes():
    turned = with_regularization(Phases(), {"l2": 0.25})
    assert [own.l2 for own in regularizations(turned)] == [0.25, 0.25]
    assert [own.dropout for own in regularizations(turned)] == [0.5, 0.0]
    assert (turned.width, turned.first.steps, turned.second.steps) == (5, 3, 4)


def test_what_is_on_is_turned_off_and_what_is_off_on(fakes):
    found = {
        name: plan.settings for name, _, plan in variants(Plan(fakes.ThresholdSystem, Phases()))
    }
    assert found["as it is"] == Phases()
    assert [own.dropout for own in regularizations(found["dropout"])] == [0, 0]
    assert [own.batch_norm for own in regularizations(found["batch_norm"])] == [True, True]
    assert all(own.augmentation > 0 for own in regularizations(found["augmentation"]))
    assert all(own.patience > 0 for own in regularizations(found["patience"]))


def test_a_system_without_a_schedule_is_refused_by_name(fakes):
    @dataclass(frozen=True)
    class Trees:
        """A forest's."""

        trees: int = 50

    with pytest.raises(SettingsError, match="threshold2000 has no schedule"):
        list(variants(Plan(fakes.ThresholdSystem, Trees())))
