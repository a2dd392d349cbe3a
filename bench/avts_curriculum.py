#!/usr/bin/env python3
"""AVTS: the paper's curriculum and its single-stage mixes, at one budget, over several seeds.

  bench/avts_curriculum.py --store runs/demo/store --out runs/curriculum

Every run has the demonstration's recipe but for the mix of negatives: the same clips, steps and learning rate. It is judged
on the store's test part, at a threshold chosen on its validation part. Runs that exist are not done again. Prints one table.
"""
import argparse
import json

import study


def mixes(epochs):
    half = epochs // 2
    return {
        "single stage, easy": f"[{{epochs: {epochs}, easy: 1}}]",
        "single stage, 75 % easy and 25 % hard": f"[{{epochs: {epochs}, easy: 0.75, hard: 0.25}}]",
        "single stage, hard": f"[{{epochs: {epochs}, hard: 1}}]",
        "curriculum: easy, then 75 % easy and 25 % hard": f"[{{epochs: {half}, easy: 1}}, {{epochs: {epochs - half}, easy: 0.75, hard: 0.25}}]",
    }


def run(arguments, name, curriculum, seed):
    folder = study.folder_of(arguments, name, seed)
    result = folder / "eval-sync.json"
    if not result.exists():
        study.pretrain(arguments, folder, [f"avts.curriculum={curriculum}", f"seed={seed}"])
        study.duet(arguments, "eval", "sync", folder, "--store", arguments.store)
    kinds = json.loads(result.read_text())["kinds"]
    return name, {kind: 100 * kinds[kind]["accuracy"] for kind in ("easy", "hard")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    study.common_arguments(parser, "avts_demo")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    table = {name: [] for name in mixes(arguments.epochs)}
    for name, accuracy in study.side_by_side(
            arguments, [(run, arguments, name, mix, seed) for seed in range(arguments.seeds) for name, mix in mixes(arguments.epochs).items()]):
        table[name].append(accuracy)
    print("| negatives | easy, accuracy % | hard, accuracy % | runs |\n|---|---|---|---|")
    for name, runs in table.items():
        print(f"| {name} | {study.interval([r['easy'] for r in runs])} | {study.interval([r['hard'] for r in runs])} | {len(runs)} |")


if __name__ == "__main__":
    main()
