"""How far an answer is from the reference: PSNR and SSIM."""

import numpy as np

SAME_DB = 200.0  # stands for the infinite PSNR of equal answers: JSON has no infinity
_WINDOW = 7  # SSIM's usual uniform window


def psnr(answer: np.ndarray, reference: np.ndarray, peak: float) -> float:
    """The peak signal-to-noise ratio in dB; NaN in an answer is as wrong as can be."""
    if answer.shape != reference.shape or not np.isfinite(answer).all():
        return 0.0
    error = np.mean((answer.astype(np.float64) - reference) ** 2)
    return SAME_DB if error == 0 else min(SAME_DB, float(10 * np.log10(peak**2 / error)))


def _window_means(image: np.ndarray) -> np.ndarray:
    """The mean of every whole window of a height x width x channels picture."""
    sums = image.astype(np.float64)
    for axis in (0, 1):
        sums = np.cumsum(np.insert(sums, 0, 0, axis), axis)
        length = sums.shape[axis]
        sums = np.take(sums, range(_WINDOW, length), axis) - np.take(sums, range(length - _WINDOW), axis)
    return sums / _WINDOW**2


def ssim(answer: np.ndarray, reference: np.ndarray, peak: float) -> float:
    """The mean structural similarity, or 0 where a picture is smaller than a window or of another shape."""
    if answer.shape != reference.shape or min(answer.shape[:2]) < _WINDOW:
        return 0.0
    # About the middle of the range, where sums of squares lose the least.
    a, b = (image.astype(np.float64) - peak / 2 for image in (answer, reference))
    mean_a, mean_b = _window_means(a), _window_means(b)
    unbiased = _WINDOW**2 / (_WINDOW**2 - 1)
    var_a, var_b = (unbiased * (_window_means(i * i) - m * m) for i, m in ((a, mean_a), (b, mean_b)))
    covariance = unbiased * (_window_means(a * b) - mean_a * mean_b)
    mean_a, mean_b = mean_a + peak / 2, mean_b + peak / 2
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    similar = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return float(np.mean(similar / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))))
