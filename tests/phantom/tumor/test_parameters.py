"""What tumors are drawn for a genotype."""

import numpy as np

from gliokit.core.vocabulary import Codeletion, IDHStatus, MGMTStatus
from gliokit.phantom.patients.genotype import Genotype
from gliokit.phantom.tumor.parameters import Kind, TumorParameters, draw_tumor

WILDTYPE = Genotype(IDHStatus.WILDTYPE, Codeletion.INTACT, MGMTStatus.UNMETHYLATED, 4)
OLIGO = Genotype(IDHStatus.MUTANT, Codeletion.CODELETED, MGMTStatus.METHYLATED, 2)
ASTRO = Genotype(IDHStatus.MUTANT, Codeletion.INTACT, MGMTStatus.METHYLATED, 2)


def drawn(shown: Genotype | None) -> list[TumorParameters]:
    return [draw_tumor(np.random.default_rng(seed), shown) for seed in range(300)]


def test_drawn_tumors_span_the_sizes_of_glioma():
    tumors = drawn(None)
    cores = np.array([tumor.core_ml for tumor in tumors])
    assert cores.min() < 4
    assert cores.max() > 80
    assert {tumor.kind for tumor in tumors} == set(Kind)


def test_wildtype_tumors_have_rims_and_mutant_ones_enhance_little():
    wildtype, mutant = (
        np.mean([tumor.kind in (Kind.RING, Kind.SOLID) for tumor in drawn(shown)])
        for shown in (WILDTYPE, ASTRO)
    )
    assert wildtype > 0.75
    assert mutant < 0.15


def test_mutant_tumors_end_more_sharply():
    wildtype, mutant = (
        np.median([tumor.margin_mm for tumor in drawn(shown)]) for shown in (WILDTYPE, ASTRO)
    )
    assert mutant < 0.7 * wildtype


def test_codeleted_tumors_are_frontal_and_uneven():
    codeleted, intact = drawn(OLIGO), drawn(ASTRO)
    assert np.mean([t.frontal for t in codeleted]) > 1.5 * np.mean([t.frontal for t in intact])
    assert min(t.unevenness for t in codeleted) > max(t.unevenness for t in intact)


def test_speed_and_margin_follow_from_diffusion_and_rate():
    tumor = TumorParameters(Kind.RING, 10, 10, diffusion_mm2_per_day=0.16, rate_per_day=0.04)
    assert tumor.margin_mm == 2.0
    assert tumor.speed_mm_per_day == 0.16
