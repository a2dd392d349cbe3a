#!/usr/bin/python3
"""faiss's k-means: the kmeans benchmark's peer.

    /usr/bin/python3 bench/peers/faiss_kmeans.py --file ROWS.f32 --columns 512 --k 256 --iterations 20 --threads 2

Needs Debian's python3-faiss and libopenblas0-pthread, whose threads OPENBLAS_NUM_THREADS sets. No row is left out (max_points_per_centroid), one restart. Measured: training; the assignment to the last
centroids, which Duet's time includes, is not, and is reported apart.
"""
import argparse
import json
import resource
import time

import faiss
import numpy

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--file", required=True)
parser.add_argument("--columns", type=int, default=512)
parser.add_argument("--rows", type=int, default=0)
parser.add_argument("--k", type=int, default=256)
parser.add_argument("--iterations", type=int, default=20)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--threads", type=int, required=True)
a = parser.parse_args()
faiss.omp_set_num_threads(a.threads)

x = numpy.fromfile(a.file, dtype=numpy.float32, count=a.rows * a.columns if a.rows else -1).reshape(-1, a.columns)
kmeans = faiss.Kmeans(a.columns, a.k, niter=a.iterations, nredo=1, seed=1234 + a.seed, verbose=False, max_points_per_centroid=len(x), min_points_per_centroid=1)
start, cpu = time.perf_counter(), time.process_time()
kmeans.train(x)
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
_, labels = kmeans.index.search(x, 1)
assigned = time.perf_counter() - start - seconds
difference = 0.0
for begin in range(0, len(x), 8192):
    d = x[begin:begin + 8192] - kmeans.centroids[labels[begin:begin + 8192, 0]]
    difference += float(numpy.einsum("ij,ij->", d, d, dtype=numpy.float64))
sizes = numpy.bincount(labels[:, 0], minlength=a.k)
print(json.dumps({
    "benchmark": "kmeans", "rows": len(x), "columns": a.columns, "k": a.k, "threads": faiss.omp_get_max_threads(),
    "configuration": f"faiss {faiss.__version__}",
    "seconds": round(seconds, 3), "cpu_seconds": round(cpu, 3), "assignment_seconds": round(assigned, 3),
    "iterations": len(kmeans.iteration_stats) if hasattr(kmeans, "iteration_stats") else a.iterations,
    "objective": difference, "imbalance": round(float(a.k * (sizes.astype(float) ** 2).sum() / sizes.sum() ** 2), 3),
    "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
