"""How near a decoded picture is to its original, and how far two rate-distortion curves are apart.

PSNR is over all pixels and channels (`codec.pictures.psnr`). MS-SSIM is pytorch-msssim's with its
default windows and weights, on RGB.
"""

import warnings

import numpy as np

from litelic.host.codec.pictures import psnr

MS_SSIM_SIDE = 161  # shortest side that its five scales take
CURVE_POINTS = 4  # for a Bjontegaard delta


def ms_ssim(original, decoded):
    """MS-SSIM (0..1) of two uint8 pictures [height][width][3]; None for those too small for it."""
    if min(original.shape[:2]) < MS_SSIM_SIDE:
        return None
    import pytorch_msssim
    import torch

    first, second = (
        torch.tensor(pixels).permute(2, 0, 1)[None].float() for pixels in (original, decoded)
    )
    with torch.inference_mode():
        return float(pytorch_msssim.ms_ssim(first, second, data_range=255))


def distortion(original, decoded):
    """{psnr_db, ms_ssim} of two uint8 pictures [height][width][3]."""
    return {"psnr_db": psnr(original, decoded), "ms_ssim": ms_ssim(original, decoded)}


def bd_rate(reference, curve):
    """Bjontegaard's mean difference in rate at equal PSNR, in per cent of `reference`.

    Both are lists of (bits a pixel, PSNR in dB), in any order. Akima interpolation over the range
    of PSNR that both cover, as the package `bjontegaard` does it. None where a curve has fewer
    than four points or they have no PSNR in common.
    """
    import bjontegaard

    if min(len(reference), len(curve)) < CURVE_POINTS:
        return None
    (rate, db), (other_rate, other_db) = (
        np.array(sorted(points)).T for points in (reference, curve)
    )
    if not all((np.diff(values) > 0).all() for values in (rate, db, other_rate, other_db)):
        return None  # more bits for a worse picture: no curve to compare
    if max(db.min(), other_db.min()) >= min(db.max(), other_db.max()):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of curves that overlap by less than three quarters
        return float(bjontegaard.bd_rate(
            rate, db, other_rate, other_db, method="akima", require_matching_points=False
        ))
