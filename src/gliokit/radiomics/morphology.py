"""Size and shape of a region, and where in it intensities lie.

Shape is that of the morphological mask, seen as a surface mesh; intensities are those of the
intensity mask. Lengths of axes are those of an ellipsoid with the same second moments as the
centers of the voxels. Densities compare the region with solids around its mesh; those of the
oriented box and of the smallest ellipsoid have no reference value with consensus. The area of
the ellipsoid of the axes is that of the IBSI manual, not quite its area
(`gliokit.radiomics.enclosing_shapes.ibsi_ellipsoid_area_mm2`); that of the smallest ellipsoid is.

Source: IBSI reference manual, arXiv:1612.07003, section 3.1.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError
from gliokit.core.geometry import bounding_box
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.enclosing_shapes import (
    Hull,
    Solid,
    aligned_box,
    box,
    convex_hull,
    ellipsoid,
    ibsi_ellipsoid_area_mm2,
    longest_distance,
    smallest_ellipsoid,
)
from gliokit.radiomics.mesh import Mesh, surface_mesh
from gliokit.radiomics.oriented_box import smallest_box
from gliokit.radiomics.roi import RegionOfInterest
from gliokit.radiomics.spatial_autocorrelation import spatial_autocorrelation

DEFINITIONS = (
    Definition("morph_volume", "volume of the mesh", "mm³", "RNU0"),
    Definition("morph_vol_approx", "volume of the voxels", "mm³", "YEKZ"),
    Definition("morph_area_mesh", "surface area", "mm²", "C0JK"),
    Definition("morph_av", "surface to volume ratio", "1/mm", "2PR5"),
    Definition("morph_comp_1", "compactness 1", "1", "SKGS"),
    Definition("morph_comp_2", "compactness 2", "1", "BQWJ"),
    Definition("morph_sph_dispr", "spherical disproportion", "1", "KRCK"),
    Definition("morph_sphericity", "sphericity", "1", "QCFX"),
    Definition("morph_asphericity", "asphericity", "1", "25C7"),
    Definition("morph_com", "center of mass shift by intensity", "mm", "KLMA"),
    Definition("morph_diam", "maximum 3-D diameter", "mm", "L0JK"),
    Definition("morph_pca_maj_axis", "major axis length", "mm", "TDIC"),
    Definition("morph_pca_min_axis", "minor axis length", "mm", "P9VJ"),
    Definition("morph_pca_least_axis", "least axis length", "mm", "7J51"),
    Definition("morph_pca_elongation", "minor to major axis length", "1", "Q3CK"),
    Definition("morph_pca_flatness", "least to major axis length", "1", "N17B"),
    Definition("morph_vol_dens_aabb", "volume density, axis-aligned box", "1", "PBX1"),
    Definition("morph_area_dens_aabb", "area density, axis-aligned box", "1", "R59B"),
    Definition("morph_vol_dens_ombb", "volume density, oriented minimum box", "1", "ZH1A"),
    Definition("morph_area_dens_ombb", "area density, oriented minimum box", "1", "IQYR"),
    Definition("morph_vol_dens_aee", "volume density, ellipsoid of the axes", "1", "6BDE"),
    Definition("morph_area_dens_aee", "area density, ellipsoid of the axes", "1", "RDD2"),
    Definition("morph_vol_dens_mvee", "volume density, smallest ellipsoid around", "1", "SWZ1"),
    Definition("morph_area_dens_mvee", "area density, smallest ellipsoid around", "1", "BRI8"),
    Definition("morph_vol_dens_conv_hull", "volume density, convex hull", "1", "R3ER"),
    Definition("morph_area_dens_conv_hull", "area density, convex hull", "1", "7T7F"),
    Definition("morph_integ_int", "volume times mean intensity", "intensity·mm³", "99N0"),
    Definition("morph_moran_i", "Moran's I of intensities", "1", "N365"),
    Definition("morph_geary_c", "Geary's C of intensities", "1", "NPT7"),
)


def describe_morphology(roi: RegionOfInterest) -> dict[str, float]:
    """Describe size and shape of a region.

    Parameters
    ----------
    roi : RegionOfInterest
        Region; the intensity mask may be empty.

    Returns
    -------
    dict of str to float
        By name, in the order of `DEFINITIONS`. `nan` are axes and what follows from them if there
        is one voxel, densities of the ellipsoid of the axes if all voxels lie in one plane, the
        center of mass shift if intensities sum to 0, autocorrelation if all intensities are the
        same, and all that is of intensities if the intensity mask is empty.

    Raises
    ------
    NotAssessableError
        If the morphological mask is empty.
    ImageError
        If an intensity in the intensity mask is not finite.
    """
    mesh = surface_mesh(roi.morphological_mask, roi.spacing_mm)
    size = Solid(mesh.volume_mm3, mesh.area_mm2)
    centers = _centers(roi.morphological_mask, roi.spacing_mm)
    described = (
        {"morph_vol_approx": len(centers) * float(np.prod(roi.spacing_mm))}
        | _compactness(size)
        | _axes(centers, size)
        | _enclosing(mesh, size)
        | _intensities(roi, centers.mean(axis=0), size.volume_mm3)
    )
    return {each.name: described[each.name] for each in DEFINITIONS}


def _centers(mask: NDArray[np.bool_], spacing_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centers (N, 3) of the voxels of a mask, in mm along the voxel axes."""
    near = bounding_box(mask)
    start = np.array([part.start for part in near])
    return (np.argwhere(mask[near]) + start) * spacing_mm


def _compactness(size: Solid) -> dict[str, float]:
    volume, area = size.volume_mm3, size.area_mm2
    roundness = 36 * math.pi * volume**2 / area**3  # 1 for a sphere
    return {
        "morph_volume": volume,
        "morph_area_mesh": area,
        "morph_av": area / volume,
        "morph_comp_1": volume / math.sqrt(math.pi * area**3),
        "morph_comp_2": roundness,
        "morph_sph_dispr": roundness ** (-1 / 3),
        "morph_sphericity": roundness ** (1 / 3),
        "morph_asphericity": roundness ** (-1 / 3) - 1,
    }


def _axes(centers: NDArray[np.float64], size: Solid) -> dict[str, float]:
    lengths = np.full(3, math.nan)
    if len(centers) > 1:
        offsets = centers - centers.mean(axis=0)
        # not as a product of matrices: the threads of BLAS would go on waiting busily
        products = np.einsum("ni,nj->ij", offsets, offsets)
        moments = np.linalg.eigvalsh(products / (len(centers) - 1))
        # what is less than rounding is the thickness of a line or a plane: none
        moments[moments < 1e-12 * moments[2]] = 0
        lengths = 4 * np.sqrt(moments)
    least, minor, major = (float(length) for length in lengths)
    around = Solid(math.nan, math.nan)
    if least > 0:
        area = ibsi_ellipsoid_area_mm2(lengths / 2)
        around = Solid(ellipsoid(lengths / 2).volume_mm3, area)
    return {
        "morph_pca_maj_axis": major,
        "morph_pca_min_axis": minor,
        "morph_pca_least_axis": least,
        "morph_pca_elongation": minor / major,
        "morph_pca_flatness": least / major,
    } | _density("aee", size, around)


def _enclosing(mesh: Mesh, size: Solid) -> dict[str, float]:
    hull: Hull = convex_hull(mesh.vertices)
    return (
        {"morph_diam": longest_distance(hull.vertices)}
        | _density("aabb", size, aligned_box(hull.vertices))
        | _density("ombb", size, box(smallest_box(hull)))
        | _density("mvee", size, ellipsoid(smallest_ellipsoid(hull.vertices)))
        | _density("conv_hull", size, hull.solid)
    )


def _density(name: str, size: Solid, around: Solid) -> dict[str, float]:
    return {
        f"morph_vol_dens_{name}": size.volume_mm3 / around.volume_mm3,
        f"morph_area_dens_{name}": size.area_mm2 / around.area_mm2,
    }


def _intensities(
    roi: RegionOfInterest, center: NDArray[np.float64], volume_mm3: float
) -> dict[str, float]:
    names = ("morph_com", "morph_integ_int", "morph_moran_i", "morph_geary_c")
    near = bounding_box(roi.intensity_mask)
    inside = roi.intensity_mask[near]
    values = roi.image[near][inside]
    if not values.size:
        return dict.fromkeys(names, math.nan)
    if not np.isfinite(values).all():
        raise ImageError(
            "an intensity in the region is not finite; mend the image, or leave the voxel out of "
            "the mask"
        )
    total = float(values.sum())
    shift = math.nan
    if total != 0:
        centers = _centers(roi.intensity_mask, roi.spacing_mm)
        weighted = np.einsum("n,ni->i", values, centers) / total
        shift = float(np.linalg.norm(weighted - center))
    likeness = spatial_autocorrelation(roi.image[near], inside, roi.spacing_mm)
    found = (shift, volume_mm3 * float(values.mean()), likeness.moran_i, likeness.geary_c)
    return dict(zip(names, found, strict=True))
