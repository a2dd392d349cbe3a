#!/usr/bin/python3
"""Normalised mutual information and entropies of two groupings by scikit-learn and scipy: /usr/bin/python3 make_cluster_quality.py > cluster_quality.json

The groupings are made by the formulas that ClusterQualityTests repeats.
"""
import json

import numpy
from scipy.stats import entropy
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

rows = []
for n, ka, kb, mix in [(1, 1, 1, 1), (10, 2, 3, 7), (100, 5, 5, 3), (1000, 64, 12, 11), (1000, 7, 300, 1), (500, 1, 9, 4), (5000, 40, 40, 2)]:
    i = numpy.arange(n, dtype=numpy.int64)
    a = (i * i // 3 + i * mix) % ka
    b = numpy.where(i % mix == 0, (i * 7 + i // 5) % kb, a % kb)
    table = contingency_matrix(a, b)
    rows.append({
        "n": n, "ka": ka, "kb": kb, "mix": mix,
        "nmi": normalized_mutual_info_score(a, b, average_method="arithmetic"),
        "purity": table.max(axis=1).sum() / n,
        "entropy_bits": entropy(numpy.bincount(a), base=2),
    })
print(json.dumps(rows, indent=1))
