"""Benchmarks of k-means and of the linear SVM."""
import subprocess

from .processes import Failed, in_turn, timed


def make_rows(path, kind, rows, columns):
    """Rows of 32-bit floats. gaussian: no structure at all; mixture: 200 overlapping groups and a tenth of noise."""
    import numpy

    rng = numpy.random.default_rng(0)
    means = rng.standard_normal((200, columns), dtype=numpy.float32) * 0.5
    with open(path, "wb") as file:
        for begin in range(0, rows, 50000):
            x = rng.standard_normal((min(50000, rows - begin), columns), dtype=numpy.float32)
            if kind == "mixture":
                x += means[rng.integers(0, len(means), len(x))] * (rng.random(len(x)) < 0.9)[:, None]
            x.tofile(file)


def kmeans(c):
    rows, columns, k = (5000, 64, 32) if c.quick else (100_000, 512, 256)
    cases = []
    for kind in ("gaussian", "mixture"):
        file = c.folder / "rows"
        make_rows(file, kind, rows, columns)
        arguments = ["--file", file, "--columns", columns, "--k", k, "--iterations", 20]
        cases.append({"data": kind, "rows": rows, "columns": columns, "k": k, "runs": in_turn(c.rounds(3), {
            "duet": lambda: c.ours("kmeans", *arguments),
            "duet_fp32": lambda: c.ours("kmeans", *arguments, "--precision", "fp32"),
            "faiss": lambda: c.peer("faiss_kmeans.py", *arguments),
        }, seldom=["duet_fp32"])})
        file.unlink()
    return cases


def kmeans_memory(c):
    """The whole command on a table, its peak memory by its own shell, as calls before it may have had more."""
    rows, columns, k, iterations = (5000, 64, 32, 5) if c.quick else (1_000_000, 512, 256, 20)
    file, table, peak = c.folder / "rows", c.folder / "rows.parquet", c.folder / "peak"
    make_rows(file, "gaussian", rows, columns)
    subprocess.run([c.program, "table", "--file", file, "--columns", str(columns), "--out", table], check=True)
    file.unlink()
    measure = "import resource, subprocess, sys; r = subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL).returncode; open(sys.argv[1], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)); sys.exit(r)"
    run = timed(["/usr/bin/python3", "-c", measure, peak, c.duet, "cluster", table, "-k", k, "--iterations", iterations, "--out", c.folder / "labels.parquet"])
    table.unlink()
    return [{"rows": rows, "columns": columns, "k": k, "iterations": iterations, "runs": {"duet": [{"round": 0, **run, "peak_megabytes": int(peak.read_text()) // 1024}]}}]


def kmeans_scaling(c):
    """Processor time of an iteration, which other work on the machine disturbs least."""
    base = {"rows": 50000, "columns": 256, "k": 128}
    values = {"rows": [12500, 25000, 50000, 100000, 200000], "k": [32, 64, 128, 256, 512, 1024], "columns": [64, 128, 256, 512, 1024]}
    if c.quick:
        base = {"rows": 4000, "columns": 64, "k": 32}
        values = {"rows": [2000, 4000], "k": [16, 32], "columns": [32, 64]}
    file = c.folder / "rows"
    largest = max(base["columns"] * max(values["rows"]), base["rows"] * max(values["columns"]))
    make_rows(file, "gaussian", largest // base["columns"], base["columns"])
    measured, cases = {}, []
    for varied, sizes in values.items():
        for size in sizes:
            s = {**base, varied: size}
            key = tuple(s.values())
            if key not in measured:
                arguments = ["--file", file, "--rows", s["rows"], "--columns", s["columns"], "--k", s["k"], "--iterations", 6]
                measured[key] = in_turn(c.rounds(2), {
                    "duet": lambda: c.ours("kmeans", *arguments),
                    "faiss": lambda: c.peer("faiss_kmeans.py", *arguments),
                })
            cases.append({"varied": varied, **s, "runs": measured[key]})
    file.unlink()
    return cases


def svm(c):
    """Both on the same rows, standardised by the same folds; how many clips they name differently, and recordings (mean decision value of 10 clips)."""
    import numpy

    store = c.folder / "esc10"
    timed([c.duet, "ingest", c.esc10, "--store", store, "--layout", "esc10"], codes=(0, 3))
    subprocess.run([c.program, "svm-data", "--store", store, "--out", c.folder, *(["--recordings", "60"] if c.quick else [])], check=True)
    # features, loss, C, folds (0: all), whether both go on to seven digits of the optimum
    plan = [("log_mel", "squared_hinge", 0.001, 0, False), ("log_mel", "squared_hinge", 0.1, 0, False), ("log_mel", "squared_hinge", 10, 0, True), ("conv5", "squared_hinge", 0.001, 1, False)]
    cases = []
    for features, loss, cost, folds, tight in plan[:1] if c.quick else plan:
        arguments = ["--file", c.folder / f"{features}.f32", "--rows", c.folder / "rows.txt", "--c", cost, "--folds", folds, *(["--tight"] if tight else [])]
        runs = in_turn(c.rounds(2 if features == "log_mel" else 1), {
            "duet": lambda: c.ours("svm", *arguments, "--loss", loss.replace("_", ""), "--decisions", c.folder / "ours.f64", threads=False),
            "sklearn": lambda: c.peer("sklearn_svm.py", *arguments, *(["--primal"] if tight else []), "--loss", loss, "--decisions", c.folder / "theirs.f64", threads=False),
        })
        classes = runs["duet"][0]["classes"]
        mine, theirs = (numpy.fromfile(c.folder / f"{side}.f64").reshape(-1, classes) for side in ("ours", "theirs"))
        if mine.shape != theirs.shape:
            raise Failed(f"Duet decided on {len(mine)} rows and scikit-learn on {len(theirs)}")
        recordings = [d.reshape(-1, 10, classes).mean(1).argmax(1) for d in (mine, theirs)]
        cases.append({
            "features": features, "columns": runs["duet"][0]["columns"], "loss": loss, "c": cost, "folds": folds, "tight": tight, "runs": runs,
            "clips_that_differ": float((mine.argmax(1) != theirs.argmax(1)).mean()), "recordings_that_differ": float((recordings[0] != recordings[1]).mean()),
            "largest_difference": float(abs(mine - theirs).max() / abs(theirs).max()),
        })
    return cases
