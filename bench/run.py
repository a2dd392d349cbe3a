#!/usr/bin/python3
"""Runs ours and the peer in turn, A B A B, and prints medians and ratios as Markdown.

    bench/run.py ingest --media FOLDER        duet ingest against plain ffmpeg with as many processes
    bench/run.py loader --media FOLDER        random windows from a store against PyAV on the original files
    bench/run.py step [--model mc3_18]        the training step against PyTorch and torchvision
    bench/run.py kmeans [--rows 100000]       k-means against faiss: two sorts of data, time and objective
    bench/run.py kmeans-memory --rows 1000000 duet cluster on a table: peak memory
    bench/run.py kmeans-scaling --out FILE    k-means over rows, clusters and dimensions; bench/plot_scaling.py draws it
    bench/run.py svm --store STORE            linear SVMs against scikit-learn's on a store's sound: time, predictions, decision values

The machine may be doing other work: trust the ratios, which are of neighbouring runs, more than the rates, and those of
processor time more than those by the clock.
Peers, from Debian: ffmpeg, python3-av, python3-torch, python3-torchvision, python3-faiss with libopenblas0-pthread.
"""
import argparse
import json
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"


def output(command):
    return json.loads(subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1])


def ours_command():
    built = sorted((ROOT / "bench/Duet.Bench/bin/Release").glob("*/*/Duet.Bench"))
    if not built:
        raise SystemExit("build first: dotnet build bench/Duet.Bench -c Release")
    return [built[-1]]


def ours(*arguments):
    return output([*ours_command(), *arguments])


def timed(command, codes=(0,)):
    """Seconds by the clock, and of processor time, that of the command's own children included."""
    def spent():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    start, before = time.perf_counter(), spent()
    code = subprocess.run([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    if code not in codes:
        raise SystemExit(f"{command} ended with {code}")
    return time.perf_counter() - start, spent() - before


def in_turn(rounds, **sides):
    """name -> its measurements, the sides alternating."""
    measured = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            measured[name].append(side())
    return measured


def ratio(a, b):
    pairs = sorted(x / y for x, y in zip(a, b))
    return f"{statistics.median(pairs):.2f} ({pairs[0]:.2f} to {pairs[-1]:.2f})"


def ingest(a):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        # what both sides can convert: a first ingest says which files are ready
        subprocess.run([a.duet, "ingest", a.media, "--store", folder / "first", "--json"], stdout=(folder / "summary.json").open("w"), stderr=subprocess.DEVNULL)
        quarantined = {pathlib.Path(q["path"]).name for q in json.loads((folder / "summary.json").read_text())["quarantined"]}
        files = [f for f in sorted(pathlib.Path(a.media).rglob("*")) if f.is_file() and f.suffix in {".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg"} and f.name not in quarantined]
        (folder / "list.txt").write_text("".join(f"{f.resolve()}\n" for f in files))

        def duet():
            shutil.rmtree(folder / "store", ignore_errors=True)
            return timed([a.duet, "ingest", folder / "list.txt", "--store", folder / "store", "--jobs", a.jobs])

        def ffmpeg():
            shutil.rmtree(folder / "plain", ignore_errors=True)
            return timed([PEERS / "ffmpeg_ingest.sh", folder / "list.txt", folder / "plain", a.jobs])

        m = in_turn(a.rounds, duet=duet, ffmpeg=ffmpeg)
    for unit, index in (("second", 0), ("processor second", 1)):
        ours_rate, peers_rate = ([len(files) / run[index] for run in m[side]] for side in ("duet", "ffmpeg"))
        print(f"| {len(files)} files, {a.jobs} processes, files per {unit} | {statistics.median(ours_rate):.2f} | {statistics.median(peers_rate):.2f} | {ratio(ours_rate, peers_rate)} |")


def loader(a):
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder) / "store"
        timed([a.duet, "ingest", a.media, "--store", store], codes=(0, 3))
        for frames, clips in ((8, 300), (25, 150)):
            m = in_turn(
                a.rounds,
                duet=lambda: ours("loader", "--store", store, "--frames", frames, "--clips", clips)["clips_per_cpu_second"],
                pyav=lambda: output(["/usr/bin/python3", PEERS / "pyav_loader.py", a.media, "--frames", frames, "--clips", a.peer_clips])["clips_per_cpu_second"],
            )
            print(f"| {frames} frames with sound | {statistics.median(m['duet']):.1f} | {statistics.median(m['pyav']):.1f} | {ratio(m['duet'], m['pyav'])} |")


def step(a):
    shape = ["--model", a.model, "--frames", a.frames, "--size", a.size, "--batch", a.batch, "--steps", a.steps]
    m = in_turn(
        a.rounds,
        duet=lambda: ours("step", *shape),
        best=lambda: output(["/usr/bin/python3", PEERS / "torch_step.py", *shape, "--configuration", "best"]),
        default=lambda: output(["/usr/bin/python3", PEERS / "torch_step.py", *shape, "--configuration", "default"]),
    )
    rates = {name: [r["clips_per_second"] for r in runs] for name, runs in m.items()}
    for name in ("best", "default"):
        print(f"| {a.model}, {a.frames}x{a.size}x{a.size}, batch {a.batch} | {m['duet'][0]['configuration']}: {statistics.median(rates['duet']):.2f} clips/s, {m['duet'][0]['peak_megabytes']} MB"
              f" | {m[name][0]['configuration']}: {statistics.median(rates[name]):.2f} clips/s, {m[name][0]['peak_megabytes']} MB | {ratio(rates['duet'], rates[name])} |")


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


def kmeans(a):
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("gaussian", "mixture"):
            file = pathlib.Path(folder) / kind
            make_rows(file, kind, a.rows, a.columns)
            shape = ["--file", file, "--columns", a.columns, "--k", a.k, "--iterations", a.iterations]
            m = in_turn(
                a.rounds,
                duet=lambda: ours("kmeans", *shape),
                fp32=lambda: ours("kmeans", *shape, "--precision", "fp32"),
                faiss=lambda: output(["/usr/bin/python3", PEERS / "faiss_kmeans.py", *shape]),
            )
            for run in m["duet"] + m["fp32"] + m["faiss"]:
                print(json.dumps(run))
            peer = {key: [r[key] for r in m["faiss"]] for key in ("seconds", "cpu_seconds", "objective")}
            for name in ("duet", "fp32"):
                mine = {key: [r[key] for r in m[name]] for key in peer}
                first = m[name][0]
                print(f"| {kind}, {a.rows} x {a.columns}, k = {a.k} | {first['configuration']}: {statistics.median(mine['seconds']):.2f} s, {first['iterations']} iterations | {statistics.median(peer['seconds']):.2f} s, {m['faiss'][0]['iterations']} iterations"
                      f" | {ratio(peer['seconds'], mine['seconds'])} | {ratio(peer['cpu_seconds'], mine['cpu_seconds'])} | {ratio(mine['objective'], peer['objective']).split(' ')[0]} |", flush=True)
            file.unlink()


def kmeans_memory(a):
    """The whole command on a table, its peak memory measured from outside."""
    with tempfile.TemporaryDirectory() as folder:
        file, table = pathlib.Path(folder) / "rows", pathlib.Path(folder) / "rows.parquet"
        make_rows(file, "gaussian", a.rows, a.columns)
        subprocess.run([*ours_command(), "table", "--file", file, "--columns", str(a.columns), "--out", table], check=True)
        file.unlink()
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        seconds, _ = timed([a.duet, "cluster", table, "-k", a.k, "--iterations", a.iterations, "--out", pathlib.Path(folder) / "labels.parquet"])
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"| duet cluster, {a.rows} x {a.columns}, k = {a.k}, {a.iterations} iterations | {peak / 2 ** 20:.2f} GiB{'' if peak > before else ' at most'} | {seconds:.0f} s |")


def kmeans_scaling(a):
    """Processor time of an iteration, which other work on the machine disturbs least; the least of the rounds."""
    base = {"rows": 50000, "k": 128, "columns": 256}
    values = {"rows": [12500, 25000, 50000, 100000, 200000], "k": [32, 64, 128, 256, 512, 1024], "columns": [64, 128, 256, 512, 1024]}
    points = []
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "rows"
        make_rows(file, "gaussian", 200000, 256)
        for what, sizes in values.items():
            for size in sizes:
                s = {**base, what: size}
                runs = [ours("kmeans", "--file", file, "--rows", s["rows"], "--columns", s["columns"], "--k", s["k"], "--iterations", 6) for _ in range(a.rounds)]
                best = min(runs, key=lambda r: r["cpu_seconds_per_iteration"])
                points.append({"varied": what, **s, "cpu_seconds_per_iteration": best["cpu_seconds_per_iteration"], "configuration": best["configuration"]})
                print(json.dumps(points[-1]), flush=True)
    pathlib.Path(a.out).write_text(json.dumps(points, indent=1) + "\n")


def svm(a):
    """Both on the same rows, standardised by the same folds. Clips that the two name differently, and recordings (mean decision value of 10 clips)."""
    import numpy

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([*ours_command(), "svm-data", "--store", a.store, "--out", folder], check=True)
        for features in a.features:
            for loss in ("squared_hinge", "hinge"):
                for c in a.c:
                    shape = ["--file", folder / f"{features}.f32", "--rows", folder / "rows.txt", "--c", c, "--folds", a.folds, *(["--tight"] if a.tight else [])]
                    primal = ["--primal"] if loss == "squared_hinge" and a.tight else []
                    m = in_turn(
                        a.rounds,
                        duet=lambda: ours("svm", *shape, "--loss", "SquaredHinge" if loss == "squared_hinge" else "Hinge", "--decisions", folder / "ours.f64"),
                        sklearn=lambda: output(["/usr/bin/python3", PEERS / "sklearn_svm.py", *shape, *primal, "--loss", loss, "--decisions", folder / "theirs.f64"]),
                    )
                    first, theirs = m["duet"][0], m["sklearn"][0]
                    mine, peer = (numpy.fromfile(folder / f"{side}.f64").reshape(-1, first["classes"]) for side in ("ours", "theirs"))
                    clips = (mine.argmax(1) != peer.argmax(1)).mean()
                    recordings = (mine.reshape(-1, 10, first["classes"]).mean(1).argmax(1) != peer.reshape(-1, 10, first["classes"]).mean(1).argmax(1)).mean()
                    passes = " and ".join(f"{r['iterations']}{'' if r['converged'] else ', not converged'}" for r in (first, theirs))
                    cpu, wall = (ratio([r[key] for r in m["sklearn"]], [max(r[key], 0.01) for r in m["duet"]]) for key in ("cpu_seconds", "seconds"))
                    print(f"| {features}, {first['columns']} | {loss} | {c} | {statistics.median(r['cpu_seconds'] for r in m['duet']):.2f} s | {statistics.median(r['cpu_seconds'] for r in m['sklearn']):.2f} s | {cpu} | {wall}"
                          f" | {passes} | {100 * clips:.2f} %, {100 * recordings:.2f} % | {abs(mine - peer).max() / abs(peer).max():.1e} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["ingest", "loader", "step", "kmeans", "kmeans-memory", "kmeans-scaling", "svm"])
    parser.add_argument("--media", help="a folder of videos")
    parser.add_argument("--store", help="a store of labelled sound with folds, as 'duet ingest esc10' makes it")
    parser.add_argument("--features", nargs="+", default=["log_mel", "conv5"])
    parser.add_argument("--c", nargs="+", default=["0.001", "0.1", "10"])
    parser.add_argument("--folds", type=int, default=0, help="the folds that svm tests; 0 for all")
    parser.add_argument("--tight", action="store_true", help="svm: both to seven digits, for comparing decision values rather than time")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--peer-clips", default="30", help="clips that PyAV reads in each round")
    parser.add_argument("--model", default="mc3_18")
    parser.add_argument("--frames", default="8")
    parser.add_argument("--size", default="112")
    parser.add_argument("--batch", default="8")
    parser.add_argument("--steps", default="5")
    parser.add_argument("--rows", type=int, default=100000)
    parser.add_argument("--columns", type=int, default=512)
    parser.add_argument("--k", type=int, default=256)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--out", default="kmeans-scaling.json")
    parser.add_argument("--duet", default=str(ROOT / "duet"))
    a = parser.parse_args()
    if a.what in ("ingest", "loader") and not a.media:
        parser.error("--media FOLDER is needed")
    if a.what == "svm" and not a.store:
        parser.error("--store DIR is needed")
    {"ingest": ingest, "loader": loader, "step": step, "kmeans": kmeans, "kmeans-memory": kmeans_memory, "kmeans-scaling": kmeans_scaling, "svm": svm}[a.what](a)


if __name__ == "__main__":
    main()
