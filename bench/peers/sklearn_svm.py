#!/usr/bin/python3
"""scikit-learn's LinearSVC: the svm benchmark's peer.

    /usr/bin/python3 bench/peers/sklearn_svm.py --file ROWS.f32 --rows rows.txt --loss hinge --c 1

Needs Debian's python3-sklearn. Standardised on the training folds. liblinear runs in one thread and takes 64-bit floats.
Measured: fit. --tight goes on to seven digits of the optimum.
"""
import argparse
import json
import resource
import time
import warnings

import numpy
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--file", required=True)
parser.add_argument("--rows", required=True)
parser.add_argument("--loss", default="squared_hinge")
parser.add_argument("--c", type=float, default=1)
parser.add_argument("--folds", type=int, default=0)
parser.add_argument("--primal", action="store_true", help="liblinear's trust-region Newton (dual=False), for squared hinge")
parser.add_argument("--tight", action="store_true")
parser.add_argument("--decisions")
a = parser.parse_args()

labels, folds = numpy.loadtxt(a.rows, dtype=int).T
x = numpy.fromfile(a.file, dtype=numpy.float32).reshape(len(labels), -1)
seconds = cpu = 0.0
iterations, converged, decisions = 0, True, []
for fold in sorted(set(folds))[: a.folds or None]:
    train, test = x[folds != fold].astype(numpy.float64), x[folds == fold].astype(numpy.float64)
    mean, std = train.mean(0), train.std(0)
    std[std == 0] = numpy.inf
    train, test = (train - mean) / std, (test - mean) / std
    tolerance, most = (1e-10 if a.primal else 1e-7, 1_000_000) if a.tight else (1e-4, 1000)
    machine = LinearSVC(C=a.c, loss=a.loss, dual=not a.primal, tol=tolerance, max_iter=most, random_state=0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start, before = time.perf_counter(), time.process_time()
        machine.fit(train, labels[folds != fold])
        seconds, cpu = seconds + time.perf_counter() - start, cpu + time.process_time() - before
    converged &= not any(issubclass(w.category, ConvergenceWarning) for w in caught)
    iterations = max(iterations, int(numpy.max(machine.n_iter_)))
    decisions.append(machine.decision_function(test))
if a.decisions:
    numpy.concatenate(decisions).astype(numpy.float64).tofile(a.decisions)
print(json.dumps({
    "benchmark": "svm", "rows": len(x), "columns": x.shape[1], "classes": int(labels.max()) + 1,
    "configuration": f"scikit-learn {sklearn.__version__}{', primal' if a.primal else ''}",
    "seconds": round(seconds, 4), "cpu_seconds": round(cpu, 4), "iterations": iterations, "converged": bool(converged),
    "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
