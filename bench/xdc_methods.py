#!/usr/bin/env python3
"""XDC, its controls, and random weights: linear probes of both encoders at one budget, over several seeds.

  bench/xdc_methods.py --store runs/demo/store --out runs/xdc_methods

Every run has the demonstration's recipe but for the source of the labels: the same clips, steps, learning rate and k. The probe is taught
by a few labelled videos of each class and judged on videos that no run saw. Runs that exist are not done again. Prints two tables:
accuracies, and the pseudo-labels' mutual information with the true classes after each iteration.
"""
import argparse
import json
import statistics

import study

METHODS = ["sdc", "mdc", "cdc", "xdc", "xdc_same_modality"]


def run(arguments, method, seed):
    folder = study.folder_of(arguments, method, seed)
    result = folder / "eval-probe.json"
    if not result.exists():
        study.pretrain(arguments, folder, [f"method={method}", f"name={method}_study", f"seed={seed}"])
        # random weights are the same whatever the run: five initialisations, read once
        random = arguments.seeds if (method, seed) == ("xdc", 0) else 0
        study.duet(arguments, "eval", "probe", folder, "--store", arguments.store, "--videos-per-class", arguments.videos_per_class, "--clips", 5, "--random-seeds", random)
    iterations = [json.loads(f.read_text()) for f in sorted((folder / "pseudo-labels").glob("iteration-*.json"))]
    return method, json.loads(result.read_text()), [{c["features"]: c for c in i["clusterings"]} for i in iterations]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    study.common_arguments(parser, "xdc_demo")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--videos-per-class", type=int, default=10, help="labelled videos of each class that teach the probe")
    arguments = parser.parse_args()
    accuracy = {name: {"audio": [], "video": []} for name in ["random weights", *METHODS]}
    nmi = {name: {} for name in METHODS}
    for method, probe, iterations in study.side_by_side(arguments, [(run, arguments, m, s) for s in range(arguments.seeds) for m in METHODS]):
        for row in probe["results"]:
            if row["weights"] == "random":
                accuracy["random weights"][row["modality"]] = [100 * a for a in row["per_seed"]]
            else:
                accuracy[method][row["modality"]].append(100 * row["accuracy"])
        for i, clusterings in enumerate(iterations):
            for features, clustering in clusterings.items():
                nmi[method].setdefault(features, {}).setdefault(i, []).append(clustering["nmi_labels"])
    print("| method | audio, accuracy % | video, accuracy % | runs |\n|---|---|---|---|")
    for name, sides in accuracy.items():
        print(f"| {name} | {study.interval(sides['audio'])} | {study.interval(sides['video'])} | {len(sides['audio'])} |")
    count = max(len(by) for features in nmi.values() for by in features.values())
    print(f"\n| method | features | {' | '.join(f'iteration {i + 1}' for i in range(count))} |\n|{'---|' * (count + 2)}")
    for method, features in nmi.items():
        for name, by in sorted(features.items()):
            print(f"| {method} | {name} | {' | '.join(f'{statistics.mean(v):.3f}' for _, v in sorted(by.items()))} |")


if __name__ == "__main__":
    main()
