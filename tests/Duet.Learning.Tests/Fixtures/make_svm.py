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


def data(rows, columns, classes, offset):
    """Overlapping classes of unequal size."""
    x = np.zeros((rows, columns), dtype=np.float32)
    y = np.zeros(rows, dtype=np.int64)
    for i in range(rows):
        y[i] = min(int(((i * 7 + offset) % rows) / rows * (classes + 1)), classes - 1)
        for j in range(columns):
            x[i, j] = np.float32(2 * noise(i + offset, j) + 0.25 * math.cos(2.0 * y[i] + j))
    return x, y


CASES = [
    ("squared_hinge", 3, dict(C=1.0)),
    ("small_c", 3, dict(C=0.01)),
    ("hinge", 3, dict(C=1.0, loss="hinge")),
    ("balanced", 3, dict(C=0.5, class_weight="balanced")),
    ("binary_balanced_hinge", 2, dict(C=0.3, loss="hinge", class_weight="balanced")),
    ("intercept_scaling", 4, dict(C=2.0, intercept_scaling=3.0)),
]

result = []
for name, classes, options in CASES:
    x, y = data(90, 13, classes, 0)
    test, _ = data(25, 13, classes, 1000)
    machine = LinearSVC(dual=True, tol=1e-7, max_iter=1_000_000, random_state=0, **options).fit(x, y)
    decisions = machine.decision_function(test)
    if classes == 2:
        decisions = np.stack([-decisions, decisions], 1)
    result.append(dict(name=name, classes=classes, options=options, sizes=np.bincount(y).tolist(), decisions=[float(f"{v:.9g}") for v in decisions.flatten()]))
print(json.dumps(dict(made_with=f"scikit-learn {sklearn.__version__}", cases=result), separators=(",", ":")))
