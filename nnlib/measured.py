"""Measured data sets that scikit-learn ships, with the codes and scales that the course uses.

scikit-learn is imported only inside the functions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ._checks import FloatArray, IntArray

IRIS_CLASSES = ("setosa", "versicolor", "virginica")
IRIS_FEATURES = (
    "sepal length (cm)",
    "sepal width (cm)",
    "petal length (cm)",
    "petal width (cm)",
)


def iris(
    classes: Sequence[str] = ("setosa", "versicolor"),
    features: Sequence[str] = ("petal length (cm)", "petal width (cm)"),
) -> tuple[FloatArray, IntArray]:
    """Two species of iris, 50 flowers each, described by measured lengths.

    Parameters
    ----------
    classes : two different names out of `IRIS_CLASSES`
        The first becomes label 0, the second label 1.
    features : one or more different names out of `IRIS_FEATURES`
        The columns of X, in this order.

    Returns
    -------
    X : ndarray of float64, shape (100, len(features))
        Lengths in centimetres.
    y : ndarray of int64, shape (100,)
        50 zeros, then 50 ones.

    Raises
    ------
    ValueError
        If a name is unknown or repeated, or the number of classes is not two.

    Notes
    -----
    One straight line in the default features separates setosa from the others; versicolor and
    virginica overlap. The numbers are those that scikit-learn ships.

    References
    ----------
    Fisher, R. A. (1936). The use of multiple measurements in taxonomic problems. Annals of
    Eugenics 7(2), 179-188. doi:10.1111/j.1469-1809.1936.tb02137.x

    Examples
    --------
    >>> X, y = iris(("versicolor", "virginica"))
    >>> X.shape, y[0], y[-1]
    ((100, 2), np.int64(0), np.int64(1))
    """
    chosen = _select(classes, IRIS_CLASSES, "classes")
    if len(chosen) != 2:
        raise ValueError(f"iris: classes must name two species, got {len(chosen)}: {classes!r}.")
    columns = _select(features, IRIS_FEATURES, "features")
    from sklearn.datasets import load_iris

    data, target = load_iris(return_X_y=True)
    X = np.concatenate([data[target == k][:, columns] for k in chosen])
    return X.astype(np.float64), np.repeat(np.array([0, 1], dtype=np.int64), 50)


def _select(names: Sequence[str], allowed: tuple[str, ...], argument: str) -> list[int]:
    """Positions of `names` in `allowed`."""
    if isinstance(names, str):
        raise ValueError(f"iris: {argument} must be a sequence of names, got the string {names!r}.")
    unknown = [name for name in names if name not in allowed]
    if unknown or not names:
        got = repr(unknown[0]) if unknown else "none"
        raise ValueError(f"iris: {argument} must come from {', '.join(allowed)}; got {got}.")
    if len(set(names)) < len(names):
        raise ValueError(f"iris: {argument} must differ from each other, got {tuple(names)!r}.")
    return [allowed.index(name) for name in names]


def breast_cancer() -> tuple[FloatArray, IntArray]:
    """Wisconsin diagnostic breast cancer data: 30 features of cell nuclei, 569 tumours.

    Returns
    -------
    X : ndarray of float64, shape (569, 30)
        Columns in the order of `breast_cancer_features`; their ranges differ by a factor of
        more than 100,000, so standardise before training.
    y : ndarray of int64, shape (569,)
        1 = malignant (212 tumours), 0 = benign (357).

    Notes
    -----
    scikit-learn codes malignant as 0; here y = 1 - target, so that 1 is the finding looked for.

    References
    ----------
    Street, W. N., Wolberg, W. H. and Mangasarian, O. L. (1993). Nuclear feature extraction for
    breast tumor diagnosis. Proceedings of SPIE 1905, 861-870. doi:10.1117/12.148698

    Examples
    --------
    >>> X, y = breast_cancer()
    >>> X.shape, int(y.sum())
    ((569, 30), 212)
    """
    from sklearn.datasets import load_breast_cancer

    data, target = load_breast_cancer(return_X_y=True)
    return data.astype(np.float64), (1 - target).astype(np.int64)


def breast_cancer_features() -> tuple[str, ...]:
    """Names of the 30 columns of `breast_cancer`.

    Returns
    -------
    tuple of 30 str
        "mean ...", then "... error" (standard errors), then "worst ..." (mean of the three
        largest values), each for the same ten measurements.

    References
    ----------
    Street, Wolberg and Mangasarian (1993), see `breast_cancer`.

    Examples
    --------
    >>> breast_cancer_features()[0]
    'mean radius'
    """
    from sklearn.datasets import load_breast_cancer

    return tuple(str(name) for name in load_breast_cancer().feature_names)


def digits() -> tuple[FloatArray, IntArray]:
    """Handwritten digits of 8 x 8 pixels, 1,797 of them, in the order of the forms they came from.

    Returns
    -------
    X : ndarray of float64, shape (1797, 64)
        Ink in [0, 1], row by row: the counts 0 to 16 that scikit-learn ships, divided by 16.
    y : ndarray of int64, shape (1797,)
        The digit, 0 to 9.

    References
    ----------
    Alpaydin, E. and Kaynak, C. (1998). Optical recognition of handwritten digits. UCI Machine
    Learning Repository. doi:10.24432/C50P49

    Examples
    --------
    >>> X, y = digits()
    >>> X.shape, X.max(), y[:4]
    ((1797, 64), np.float64(1.0), array([0, 1, 2, 3]))
    """
    from sklearn.datasets import load_digits

    data, target = load_digits(return_X_y=True)
    return data / 16.0, target.astype(np.int64)


def diabetes() -> tuple[FloatArray, FloatArray]:
    """Progression of diabetes in 442 patients, a regression problem on which much is noise.

    Returns
    -------
    X : ndarray of float64, shape (442, 10)
        Age, sex, body mass index, blood pressure and six blood values, as measured; standardise.
    y : ndarray of float64, shape (442, 1)
        A measure of the disease one year later, 25 to 346.

    References
    ----------
    Efron, B., Hastie, T., Johnstone, I. and Tibshirani, R. (2004). Least angle regression. Annals
    of Statistics 32(2), 407-499. doi:10.1214/009053604000000067

    Examples
    --------
    >>> X, y = diabetes()
    >>> X.shape, y.shape, y.min(), y.max()
    ((442, 10), (442, 1), np.float64(25.0), np.float64(346.0))
    """
    from sklearn.datasets import load_diabetes

    data, target = load_diabetes(return_X_y=True, scaled=False)
    return data.astype(np.float64), target.astype(np.float64)[:, np.newaxis]
