"""
regress(): a multinomial logistic regression over sparse rows, the same each time.

What the judge and the tagger are both made with; neither needs it at run time.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

Floats = NDArray[np.float32]


def regress(
    sparse: csr_matrix,
    labels: NDArray[np.intp],
    share: Floats,
    *,
    classes: int,
    penalty: float,
    rounds: int,
) -> tuple[Floats, Floats]:
    """
    Return (weights, bias): a column and a number for each class.

    ``share`` (a column) says how much each row counts, all together one.
    """
    target = np.eye(classes, dtype=np.float32)[labels]
    turned = sparse.T.tocsr()
    wide = sparse.shape[1]

    def cost(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat[: wide * classes].reshape(wide, classes).astype(np.float32)
        scores = sparse @ weights + flat[wide * classes :].astype(np.float32)
        scores -= scores.max(axis=1, keepdims=True)
        chances = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss = -float((share * target * chances).sum())
        loss += penalty / 2 * float((weights * weights).sum())
        slope = share * (np.exp(chances) - target)
        change = (turned @ slope + penalty * weights).ravel()
        return loss, np.concatenate([change, slope.sum(axis=0)]).astype(np.float64)

    start = np.zeros((wide + 1) * classes)
    options = {"maxiter": rounds, "maxcor": 8}
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options=options)
    flat = found.x.astype(np.float32)
    return flat[: wide * classes].reshape(wide, classes), flat[wide * classes :]
