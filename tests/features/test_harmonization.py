"""What ComBat takes out, what it keeps, and what it does with sites that it does not know."""

import numpy as np
import pytest

from gliokit.features.harmonization import ComBat

SITES = np.repeat([1, 4, 9], [30, 40, 50])
FEATURES = 60


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def truth(rng):
    """Give features as a single scanner would have them."""
    return 5 + rng.normal(size=(SITES.size, FEATURES)) * rng.uniform(1, 3, FEATURES)


@pytest.fixture
def measured(rng, truth):
    """Give them as each site has them: shifted and scaled, with the site first."""
    site = np.searchsorted([1, 4, 9], SITES)
    shift = rng.normal(0, 4, size=(3, FEATURES))[site]
    scale = rng.uniform(0.5, 2, size=(3, FEATURES))[site]
    return np.column_stack([SITES, 5 + (truth - 5) * scale + shift])


def within(values, site):
    return values[site == SITES]


def test_sites_have_one_level_and_scatter_afterwards(measured):
    harmonized = ComBat().fit_transform(measured)
    levels = np.array([within(harmonized, site).mean(axis=0) for site in (1, 4, 9)])
    spreads = np.array([within(harmonized, site).std(axis=0) for site in (1, 4, 9)])
    before = np.array([within(measured[:, 1:], site).std(axis=0) for site in (1, 4, 9)])
    assert np.ptp(levels, axis=0).max() < 0.5
    # not all of it: scales are drawn to their average
    assert np.ptp(np.log(spreads), axis=0).mean() < np.ptp(np.log(before), axis=0).mean() / 3


def test_patients_of_a_site_keep_their_order(measured):
    harmonized = ComBat().fit_transform(measured)
    for site in (1, 4, 9):
        order = within(measured[:, 1:], site).argsort(axis=0)
        assert np.array_equal(within(harmonized, site).argsort(axis=0), order)


def test_one_site_is_left_as_it_is(measured):
    measured[:, 0] = 1
    assert np.array_equal(ComBat().fit_transform(measured), measured[:, 1:])


def test_shift_and_scale_solve_the_equations_of_johnson(measured):
    combat = ComBat().fit(measured)
    rows = (measured[SITES == 4, 1:] - combat.level_) / combat.residual_sd_
    effect, n = combat.effects_[1], 40
    mean, variance = rows.mean(axis=0), rows.var(axis=0, ddof=1)
    tau2, m, s2 = mean.var(ddof=1), variance.mean(), variance.var(ddof=1)
    shape, rate = (2 * s2 + m**2) / s2, (m * s2 + m**3) / s2
    shift = (n * tau2 * mean + effect.scale**2 * mean.mean()) / (n * tau2 + effect.scale**2)
    squares = ((rows - effect.shift) ** 2).sum(axis=0)
    scale = np.sqrt((squares / 2 + rate) / (n / 2 + shape - 1))
    assert effect.shift == pytest.approx(shift, abs=1e-5)
    assert effect.scale == pytest.approx(scale, abs=1e-5)


def test_small_sites_are_drawn_to_the_average_of_their_features(rng):
    site = np.repeat([0, 1], [100, 4])
    combat = ComBat().fit(np.column_stack([site, rng.normal(size=(104, 200))]))
    raw = combat.effects_[1]
    assert raw.shift.std() < 0.3  # of four rows each mean scatters by 0.5
    assert raw.scale.std() < 0.2


def test_the_effect_of_a_covariate_stays(rng):
    site = np.repeat([0, 1], 60)
    age = rng.normal(40 + 20 * site, 10)  # the sites see patients of different age
    values = 0.1 * age[:, None] + rng.normal(size=(120, 20)) + 3 * site[:, None]
    kept = ComBat(covariates=(1,)).fit_transform(np.column_stack([site, age, values]))
    assert np.array_equal(kept[:, 0], age)
    slopes = np.polyfit(age, kept[:, 1:], 1)[0]
    assert slopes == pytest.approx(np.full(20, 0.1), abs=0.03)


def test_new_rows_of_a_known_site_are_changed_as_those_learnt_from(measured):
    combat = ComBat().fit(measured)
    assert np.array_equal(combat.transform(measured[5:6]), combat.transform(measured)[5:6])


def test_a_site_that_was_not_seen_is_refused_or_left_as_measured(measured):
    new = measured[:1].copy()
    new[0, 0] = 7
    with pytest.raises(ValueError, match=r"site 7 was not among the 3 learnt from.*leave"):
        ComBat().fit(measured).transform(new)
    left = ComBat(unknown="leave").fit(measured).transform(new)
    assert np.array_equal(left, new[:, 1:])


def test_gaps_stay_and_teach_nothing(measured):
    gaps = measured.copy()
    gaps[::7, 3] = np.nan
    harmonized = ComBat().fit_transform(gaps)
    assert np.array_equal(np.isnan(harmonized[:, 2]), np.isnan(gaps[:, 3]))
    others = [column for column in range(FEATURES) if column != 2]
    whole = ComBat().fit_transform(measured)
    assert harmonized[:, others] == pytest.approx(whole[:, others], abs=0.1)


def test_a_site_with_one_row_is_shifted_only(rng):
    site = np.repeat([0, 1], [40, 1])
    X = np.column_stack([site, rng.normal(size=(41, 30)) + 9 * site[:, None]])
    combat = ComBat().fit(X)
    assert combat.effects_[1].scale.tolist() == [1] * 30
    alone = combat.transform(X)[-1]
    assert abs(alone.mean() - combat.level_.mean()) < 0.1
    assert alone.std() > 0.3  # it is still a patient, not the average


def test_a_feature_that_does_not_vary_is_left_as_it_is(measured):
    measured[:, 5] = 2.5
    assert ComBat().fit_transform(measured)[:, 4].tolist() == [2.5] * SITES.size


def test_names_are_those_of_the_columns_without_the_site(measured):
    names = [f"f{number}" for number in range(FEATURES)]
    combat = ComBat(site=-1).fit(np.roll(measured, -1, axis=1))
    assert combat.get_feature_names_out([*names, "site"]).tolist() == names


def test_a_covariate_that_follows_the_site_is_refused(measured):
    X = np.column_stack([measured[:, 0], measured[:, 0] == 4, measured[:, 0] == 9, measured[:, 1:]])
    with pytest.raises(ValueError, match="do not tell sites and covariates apart"):
        ComBat(covariates=(1, 2)).fit(X)


def test_a_feature_that_a_site_lacks_is_refused(measured):
    measured[SITES == 4, 8] = np.nan
    with pytest.raises(ValueError, match="leave out features that a site lacks"):
        ComBat().fit(measured)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"covariates": (0,)}, "needed columns of their own"),
        ({"covariates": tuple(range(1, FEATURES + 1))}, "one feature or more"),
        ({"unknown": "guess"}, "not a valid UnknownSite"),
    ],
)
def test_settings_without_sense_are_refused(measured, settings, message):
    new = measured[:1].copy()
    new[0, 0] = 7
    with pytest.raises(ValueError, match=message):
        ComBat(**settings).fit(measured).transform(new)


def test_an_unknown_site_in_a_row_is_refused(measured):
    measured[3, 0] = np.nan
    with pytest.raises(ValueError, match="the site is unknown"):
        ComBat().fit(measured)
