"""Free text kept only if every word of it is one that protocols are made of.

A list of what may stay fails safe: a name is no word of it. A text with one unknown word goes
as a whole. Short numbers and numbers with a unit stay, dates do not.

The words are assumed, from the descriptions of MR series of the head in public collections.

Source: the option "clean descriptors" of DICOM PS3.15, annex E.3.5.
"""

import re

_WORDS_TEXT = """
    a 2d 3d 4d t1 t1w t1c t1wi t1ce t1gd t2 t2w t2wi t2star flair dark fluid stir pd pdw dwi
    dti dsc dce asl adc trace tracew fa swi swan venbold gre se tse fse frfse ffe tfe tir ir
    irfse spgr fspgr bravo mprage mpr mp2rage space cube vista vibe lava thrive flash tof mra
    mrv mrs mrsi epi ep2d csi svs propeller blade multivane radial haste ssfse fiesta ciss
    bssfp trufi perf perfusion diffusion diff spectroscopy spectro angio venogram fmri bold
    rest resting task field map fieldmap phase magnitude mag b0 b50 b500 b800 b1000 b2000
    bvalue rcbv rcbf cbv cbf mtt ttp tmax ktrans ve vp mip minip sub subtraction reformat
    reformatted recon ax axial tra transverse cor coronal sag sagittal obl oblique iso
    isotropic thin thick pre post gad gado gd gadolinium contrast con ce c gadobutrol gadavist
    dotarem gadoterate gadovist magnevist gadopentetate multihance gadobenate prohance
    gadoteridol clariscan gadodiamide omniscan agent plus without with no and of the or for in
    at on to w wo localizer loc scout survey localiser 3plane plane aahead calibration cal
    asset ref reference head brain mr mri stereotactic stealth navigation navi neuro tumor
    tumour glioma pituitary orbit iac skull base neck spine whole fs fatsat fat sat sup
    suppressed suppression water excitation dixon spair spectral inv wet fast turbo ultra high
    res resolution low hr sense grappa accel acc arc comp flow nex avg motion corrected corr
    distortion dis2d dis3d dis norm filtered orig original derived raw repeat rpt rep
    delayed dynamic dyn early late routine protocol series study screen save standard coil
    channel ch bh te tr ti mm cm ms s deg min slab stack dir directions ap pa rl lr hf is si
    averaged average reg registered ssi siemens philips ge medical systems healthcare wip km
    longtr 3pl pl view apparent coefficient scan 3scan ssh dreg dadc mm2 10 dif scanned 1st
    2nd healthineers canon toshiba hitachi fujifilm united imaging none
"""
_WORDS = frozenset(_WORDS_TEXT.split())
_SPLIT = re.compile(r"[^A-Za-z0-9]+")
_NUMBER = re.compile(r"\d{1,2}")
_WITH_UNIT = re.compile(r"(\d{1,4}(mm|ms|cm|deg|s|t|ch|dir|x|nex|min)|b\d{1,4}|[xpri]\d{1,2})")
_DATE = re.compile(r"\d{1,4}[./ _-]\d{1,2}[./ _-]\d{1,4}")
MOST_NUMBERS = 3  # more of them may be a number in pieces


def clean_text(text: str) -> str:
    """Give a text if it is made of protocol words alone, else an empty one."""
    words = [word.lower() for word in _SPLIT.split(text) if word]
    numbers = sum(_NUMBER.fullmatch(word) is not None for word in words)
    if not text.isascii() or numbers > MOST_NUMBERS or _DATE.search(text):
        return ""
    return text.strip() if all(map(_is_known, words)) else ""


def _is_known(word: str) -> bool:
    return word in _WORDS or any(shape.fullmatch(word) for shape in (_NUMBER, _WITH_UNIT))
