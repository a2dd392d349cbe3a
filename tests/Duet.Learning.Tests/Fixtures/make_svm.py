"""Writes svm.json: decision values of scikit-learn's LinearSVC on data that a formula gives.

Run with scikit-learn 1.2.1: python3 make_svm.py > svm.json
"""
import json
import math

import numpy as np
import sklearn
from sklearn.svm import LinearSVC


def noise(i, j):
    """A hash of the place, in [-0.5, 0.5)."""
    h = (i * 7919 + j * 104729 + 1) * 2654435761 % 2**32
    h = (h ^ (h >> 15)) * 2246822519 % 2**32
    return (h ^ (h >> 13)) / 2**32 - 0.5


def data(rows, columns, classes, offset, shared=0.0):
    """Overlapping classes of unequal size; `shared` times three hidden values correlates the columns."""
    x = np.zeros((rows, columns), dtype=np.float32)
    y = np.zeros(rows, dtype=np.int64)
    for i in range(rows):
        y[i] = min(int(((i * 7 + offset) % rows) / rows * (classes + 1)), classes - 1)
        for j in range(columns):
            x[i, j] = np.float32(2 * noise(i + offset, j) + 0.25 * math.cos(2.0 * y[i] + j) + shared * noise(i + offset, 1000 + j % 3))
    return x, y


CASES = [
    ("squared_hinge", 3, dict(C=1.0)),
    ("small_c", 3, dict(C=0.01)),
    ("hinge", 3, dict(C=1.0, loss="hinge")),
    ("balanced", 3, dict(C=0.5, class_weight="balanced")),
    ("binary_balanced_hinge", 2, dict(C=0.3, loss="hinge", class_weight="balanced")),
    ("intercept_scaling", 4, dict(C=2.0, intercept_scaling=3.0)),
]

def case(name, classes, options, rows, columns, solver, shared=0.0):
    """Fits one setting and decides on 25 other rows."""
    x, y = data(rows, columns, classes, 0, shared)
    test, _ = data(25, columns, classes, 1000, shared)
    machine = LinearSVC(max_iter=1_000_000, random_state=0, **solver, **options).fit(x, y)
    decisions = machine.decision_function(test)
    if classes == 2:
        decisions = np.stack([-decisions, decisions], 1)
    return dict(name=name, classes=classes, rows=rows, columns=columns, shared=shared, options=options,
                sizes=np.bincount(y).tolist(), decisions=[float(f"{v:.9g}") for v in decisions.flatten()])


result = [case(name, classes, options, 90, 13, dict(dual=True, tol=1e-7)) for name, classes, options in CASES]
# Many passes of coordinate descent apart from its optimum: liblinear's trust-region Newton gives the reference.
result.append(case("correlated", 6, dict(C=1.0), 240, 24, dict(dual=False, tol=1e-12), shared=40.0))
print(json.dumps(dict(made_with=f"scikit-learn {sklearn.__version__}", cases=result), separators=(",", ":")))
