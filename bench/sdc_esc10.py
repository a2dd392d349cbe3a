#!/usr/bin/env python3
"""SDC on the sound of ESC-10 (or ESC-50), folds respected: nothing of the fold that is tested is learned, with or without labels.

  duet ingest esc10 --store stores/esc10 --streams audio
  bench/sdc_esc10.py --store stores/esc10 --media esc10 --out runs/sdc_esc10

For each fold and seed an encoder learns from the other folds' sound alone; a linear SVM on its frozen features, C by cross-validation on those folds, names
the fold's recordings. Beside it the same network with random weights, and a linear SVM on statistics of log-mel bands. Runs that exist are not done again.
"""
import argparse
import json
import statistics
import subprocess

import study


def run(arguments, fold, seed):
    folder = study.folder_of(arguments, f"sdc_{fold}", seed)
    results = {}
    if not all((folder / f"probe-{pooling}.json").exists() for pooling in arguments.pooling):
        study.pretrain(arguments, folder, [f"data.test_split={fold}", f"seed={seed}"])
    for pooling in arguments.pooling:
        result = folder / f"probe-{pooling}.json"
        if not result.exists():
            # random weights do not depend on the run: three initialisations, read once for each fold
            study.duet(arguments, "eval", "probe", folder, "--store", arguments.store, "--clips", 10, "--c", "auto", "--pooling", pooling, "--random-seeds", 3 if seed == 0 else 0)
            (folder / "eval-probe.json").rename(result)
        results[pooling] = json.loads(result.read_text())["results"]
    return fold, seed, results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    study.common_arguments(parser, "sdc_audio_small_cpu")
    parser.add_argument("--media", required=True, help="the data set's folder, for the baseline on log-mel statistics")
    parser.add_argument("--folds", nargs="+", type=int, default=[1, 2, 3, 4], help="the folds that are tested, each by a run of its own")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pooling", nargs="+", default=["average"], choices=["average", "flatten"])
    arguments = parser.parse_args()
    folds = [f"fold{i}" for i in arguments.folds]
    learned, random = {}, {}
    for fold, seed, results in study.side_by_side(arguments, [(run, arguments, f, s) for s in range(arguments.seeds) for f in folds]):
        for pooling, rows in results.items():
            for row in rows:
                if row["weights"] == "random":
                    for i, accuracy in enumerate(row["per_seed"]):
                        random.setdefault(pooling, {}).setdefault(i, []).append(100 * accuracy)
                else:
                    learned.setdefault(pooling, {}).setdefault(seed, []).append(100 * row["accuracy"])
    print("| features | accuracy %, mean of the folds | seeds |\n|---|---|---|")
    for name, table in (("SDC", learned), ("random weights", random)):
        for pooling, by_seed in sorted(table.items()):
            print(f"| {name}, last map, {pooling} | {study.interval([statistics.mean(v) for v in by_seed.values()])} | {len(by_seed)} |")
    baseline = json.loads(subprocess.run([study.ROOT / "bench/peers/logmel_svm.py", arguments.media], check=True, capture_output=True, text=True).stdout)
    humble = statistics.mean(100 * baseline["folds"][str(f)] for f in arguments.folds)
    print(f"| mean, deviation, maximum and mean absolute difference of log-mel bands | {humble:.1f} | |")


if __name__ == "__main__":
    main()
