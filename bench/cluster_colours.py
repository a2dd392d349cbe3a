#!/usr/bin/python3
"""How far the video clusters follow colour: the share of the variance of videos' mean colour that their clusters explain.

  bench/cluster_colours.py --runs runs/xdc_methods

Reads the runs that bench/xdc_methods.py made and the store that they learned from. A video's colour is the mean red, green and blue of three
of its frames, at a quarter, half and three quarters; only training clips count. Prints a row per method: the first iteration, the last
one, and the last one with its clusters dealt out at random, each the mean over seeds. Peers: python3-numpy, python3-pil.
"""
import argparse
import collections
import csv
import io
import json
import pathlib
import statistics
import subprocess
import tarfile
import tempfile

import numpy
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent


def mean_colours(store):
    """Video id -> mean RGB; the frames are JPEG files back to back, whose offsets the video's JSON has."""
    colours = {}
    for shard in sorted((pathlib.Path(store) / "shards").glob("*.tar")):
        with tarfile.open(shard) as tar:
            frames = {}
            for member in tar:
                name, _, kind = member.name.rpartition(".")
                if kind == "mjpg":
                    frames[name] = tar.extractfile(member).read()
                elif kind == "json":
                    description = json.loads(tar.extractfile(member).read())
                    offsets, data = [*description["frame_offsets"], len(frames[name])], frames.pop(name)
                    count = len(offsets) - 1
                    picked = [data[offsets[i]:offsets[i + 1]] for i in (count // 4, count // 2, 3 * count // 4)]
                    colours[name] = numpy.mean([numpy.asarray(Image.open(io.BytesIO(p)).convert("RGB"), dtype=float).mean((0, 1)) for p in picked], 0)
    return colours


def explained(colours, clusters):
    """Between-cluster over total variance, the three channels together."""
    total = ((colours - colours.mean(0)) ** 2).sum()
    within = sum(((colours[clusters == c] - colours[clusters == c].mean(0)) ** 2).sum() for c in numpy.unique(clusters))
    return 100 * (1 - within / total)


def clusters_of(duet, run, iteration, folder):
    """Rows of the training clips' video clusters: every encoder's own, one after the other."""
    table = folder / "clusters.csv"
    subprocess.run([duet, "clusters", run, "--iteration", str(iteration), "--export", table, "--out", folder / "page.html", "--top", "1", "--megabytes", "1"], check=True, stdout=subprocess.DEVNULL)
    by = collections.defaultdict(list)
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["part"] == "training" and row["features"].startswith("video"):
                by[row["features"]].append((row["video"], int(row["cluster"])))
    return by


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", required=True, type=pathlib.Path)
    parser.add_argument("--duet", default=str(ROOT / "duet"))
    arguments = parser.parse_args()
    colours, shares = {}, collections.defaultdict(lambda: collections.defaultdict(list))
    with tempfile.TemporaryDirectory() as folder:
        for run in sorted(p.parent for p in arguments.runs.glob("*/store.json")):
            store = json.loads((run / "store.json").read_text())["path"]
            if store not in colours:
                colours[store] = mean_colours(store)
            last = len(list((run / "pseudo-labels").glob("iteration-*.json")))
            method, _, seed = run.name.rpartition("-")
            for name, iteration in (("first", 1), ("last", last)):
                for rows in clusters_of(arguments.duet, run, iteration, pathlib.Path(folder)).values():
                    values, clusters = numpy.array([colours[store][v] for v, _ in rows]), numpy.array([c for _, c in rows])
                    shares[method][name].append(explained(values, clusters))
                    if name == "last":
                        shares[method]["shuffled"].append(explained(values, numpy.random.default_rng(int(seed)).permutation(clusters)))
    print("| method | first iteration | last iteration | shuffled |\n|---|---|---|---|")
    for method, by in sorted(shares.items()):
        print(f"| {method} | {' | '.join(f'{statistics.mean(by[n]):.0f} %' for n in ('first', 'last', 'shuffled'))} |")


if __name__ == "__main__":
    main()
