"""The names that pyradiomics and mirp give to the features of IBSI, as our tags."""

import re

AVERAGED = "_3D_avg"
VOLUME = "_3D"

# class of pyradiomics: what our tags begin and end with, and the middle by its names
PYRADIOMICS: dict[str, tuple[str, str, dict[str, str]]] = {
    "shape": (
        "morph_",
        "",
        {
            "MeshVolume": "volume",
            "VoxelVolume": "vol_approx",
            "SurfaceArea": "area_mesh",
            "SurfaceVolumeRatio": "av",
            "Sphericity": "sphericity",
            "Maximum3DDiameter": "diam",
            "MajorAxisLength": "pca_maj_axis",
            "MinorAxisLength": "pca_min_axis",
            "LeastAxisLength": "pca_least_axis",
            "Elongation": "pca_elongation",
            "Flatness": "pca_flatness",
        },
    ),
    "firstorder": (
        "",
        "",
        {
            "10Percentile": "stat_p10",
            "90Percentile": "stat_p90",
            "Energy": "stat_energy",
            "Entropy": "ih_entropy",
            "InterquartileRange": "stat_iqr",
            "Kurtosis": "stat_kurt",
            "Maximum": "stat_max",
            "Mean": "stat_mean",
            "MeanAbsoluteDeviation": "stat_mad",
            "Median": "stat_median",
            "Minimum": "stat_min",
            "Range": "stat_range",
            "RobustMeanAbsoluteDeviation": "stat_rmad",
            "RootMeanSquared": "stat_rms",
            "Skewness": "stat_skew",
            "Uniformity": "ih_uniformity",
            "Variance": "stat_var",
        },
    ),
    "glcm": (
        "cm_",
        AVERAGED,
        {
            "Autocorrelation": "auto_corr",
            "ClusterProminence": "clust_prom",
            "ClusterShade": "clust_shade",
            "ClusterTendency": "clust_tend",
            "Contrast": "contrast",
            "Correlation": "corr",
            "DifferenceAverage": "diff_avg",
            "DifferenceEntropy": "diff_entr",
            "DifferenceVariance": "diff_var",
            "Id": "inv_diff",
            "Idm": "inv_diff_mom",
            "Idmn": "inv_diff_mom_norm",
            "Idn": "inv_diff_norm",
            "Imc1": "info_corr1",
            "Imc2": "info_corr2",
            "InverseVariance": "inv_var",
            "JointAverage": "joint_avg",
            "JointEnergy": "energy",
            "JointEntropy": "joint_entr",
            "MaximumProbability": "joint_max",
            "SumAverage": "sum_avg",
            "SumEntropy": "sum_entr",
            "SumSquares": "joint_var",
        },
    ),
    "glrlm": (
        "rlm_",
        AVERAGED,
        {
            "GrayLevelNonUniformity": "glnu",
            "GrayLevelNonUniformityNormalized": "glnu_norm",
            "GrayLevelVariance": "gl_var",
            "HighGrayLevelRunEmphasis": "hgre",
            "LongRunEmphasis": "lre",
            "LongRunHighGrayLevelEmphasis": "lrhge",
            "LongRunLowGrayLevelEmphasis": "lrlge",
            "LowGrayLevelRunEmphasis": "lgre",
            "RunEntropy": "rl_entr",
            "RunLengthNonUniformity": "rlnu",
            "RunLengthNonUniformityNormalized": "rlnu_norm",
            "RunPercentage": "r_perc",
            "RunVariance": "rl_var",
            "ShortRunEmphasis": "sre",
            "ShortRunHighGrayLevelEmphasis": "srhge",
            "ShortRunLowGrayLevelEmphasis": "srlge",
        },
    ),
    "glszm": (
        "szm_",
        VOLUME,
        {
            "GrayLevelNonUniformity": "glnu",
            "GrayLevelNonUniformityNormalized": "glnu_norm",
            "GrayLevelVariance": "gl_var",
            "HighGrayLevelZoneEmphasis": "hgze",
            "LargeAreaEmphasis": "lze",
            "LargeAreaHighGrayLevelEmphasis": "lzhge",
            "LargeAreaLowGrayLevelEmphasis": "lzlge",
            "LowGrayLevelZoneEmphasis": "lgze",
            "SizeZoneNonUniformity": "zsnu",
            "SizeZoneNonUniformityNormalized": "zsnu_norm",
            "SmallAreaEmphasis": "sze",
            "SmallAreaHighGrayLevelEmphasis": "szhge",
            "SmallAreaLowGrayLevelEmphasis": "szlge",
            "ZoneEntropy": "zs_entr",
            "ZonePercentage": "z_perc",
            "ZoneVariance": "zs_var",
        },
    ),
    "gldm": (
        "ngl_",
        VOLUME,
        {
            "DependenceEntropy": "dc_entr",
            "DependenceNonUniformity": "dcnu",
            "DependenceNonUniformityNormalized": "dcnu_norm",
            "DependenceVariance": "dc_var",
            "GrayLevelNonUniformity": "glnu",
            "GrayLevelVariance": "gl_var",
            "HighGrayLevelEmphasis": "hgce",
            "LargeDependenceEmphasis": "hde",
            "LargeDependenceHighGrayLevelEmphasis": "hdhge",
            "LargeDependenceLowGrayLevelEmphasis": "hdlge",
            "LowGrayLevelEmphasis": "lgce",
            "SmallDependenceEmphasis": "lde",
            "SmallDependenceHighGrayLevelEmphasis": "ldhge",
            "SmallDependenceLowGrayLevelEmphasis": "ldlge",
        },
    ),
    "ngtdm": (
        "ngt_",
        VOLUME,
        {
            "Busyness": "busyness",
            "Coarseness": "coarseness",
            "Complexity": "complexity",
            "Contrast": "contrast",
            "Strength": "strength",
        },
    ),
}

# mirp ends its names with distance, coarseness, aggregation and discretization
MIRP_ENDS = re.compile(r"(_d1)?(_a0\.0)?(_3d(_avg|_v_mrg)?)?(_fbn_n\d+)?$")
MIRP_AGGREGATIONS = {"": "", "_3d": VOLUME, "_3d_avg": AVERAGED, "_3d_v_mrg": "_3D_comb"}


def tag_of_pyradiomics(name: str) -> str | None:
    """Give our tag of a feature of pyradiomics (`glcm_Contrast`), None where IBSI has none."""
    family, feature = name.split("_", 1)
    start, end, middle = PYRADIOMICS[family]
    return f"{start}{middle[feature]}{end}" if feature in middle else None


def tag_of_mirp(name: str) -> str:
    """Give our tag of a feature of mirp (`cm_contrast_d1_3d_avg_fbn_n32`)."""
    ends = MIRP_ENDS.search(name)
    assert ends is not None  # it matches nothing at the end of any name
    return name[: ends.start()] + MIRP_AGGREGATIONS[ends[3] or ""]
