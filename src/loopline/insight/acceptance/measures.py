"""How well probabilities were foretold: log loss, Brier score, AUC, calibration. Pure arithmetic on arrays."""

import numpy as np

from loopline.insight.acceptance.model import CalibrationBin, Flags, Floats, Measure

BINS = 10
_LEAST = 1e-6  # a probability of zero or one that is wrong once would cost without end


def measure(foretold: Floats, accepted: Flags) -> Measure:
    """Hold what was foretold against what came, offer by offer; at least one."""
    return Measure(
        log_loss=float(log_losses(foretold, accepted).mean()),
        brier=float(np.square(foretold - accepted).mean()),
        auc=_auc(foretold, accepted),
        calibration=_calibration(foretold, accepted),
    )


def log_losses(foretold: Floats, accepted: Flags) -> Floats:
    """Return each offer's log loss, in nats."""
    likely = np.where(accepted, foretold, 1 - foretold)
    return -np.log(np.clip(likely, _LEAST, 1.0))


def _auc(foretold: Floats, accepted: Flags) -> float | None:
    """Return how often an accepted offer was foretold to be likelier than one that was not, ties counting half."""
    positives = int(accepted.sum())
    negatives = len(accepted) - positives
    if not positives or not negatives:
        return None
    _, where, counts = np.unique(foretold, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[where]  # the mean rank of equals
    return float((ranks[accepted].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def _calibration(foretold: Floats, accepted: Flags) -> tuple[CalibrationBin, ...]:
    """Return bins of about equally many offers, from the least likely."""
    ordered = np.argsort(foretold, kind="stable")
    return tuple(
        CalibrationBin(
            offers=len(rows), foretold=float(foretold[rows].mean()), accepted=float(accepted[rows].mean())
        )
        for rows in np.array_split(ordered, min(BINS, len(ordered)))
    )
