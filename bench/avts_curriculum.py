#!/usr/bin/env python3
"""AVTS: the paper's curriculum and its single-stage mixes, at one budget, over several seeds.

  bench/avts_curriculum.py --store runs/demo/store --out runs/curriculum

Every run has the demonstration's recipe but for the mix of negatives: the same clips, steps and learning rate. It is judged
on the store's test part, at a threshold chosen on its validation part. Runs that exist are not done again. Prints one table.
"""
import argparse
import concurrent.futures
import json
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365}  # Student's t by number of runs


def mixes(epochs):
    half = epochs // 2
    return {
        "single stage, easy": f"[{{epochs: {epochs}, easy: 1}}]",
        "single stage, 75 % easy and 25 % hard": f"[{{epochs: {epochs}, easy: 0.75, hard: 0.25}}]",
        "single stage, hard": f"[{{epochs: {epochs}, hard: 1}}]",
        "curriculum: easy, then 75 % easy and 25 % hard": f"[{{epochs: {half}, easy: 1}}, {{epochs: {epochs - half}, easy: 0.75, hard: 0.25}}]",
    }


def run(arguments, name, curriculum, seed):
    folder = pathlib.Path(arguments.out) / f"{''.join(c if c.isalnum() else '_' for c in name)}-{seed}"
    result = folder / "eval-sync.json"
    if not result.exists():
        command = [arguments.duet, "pretrain", arguments.recipe, "--store", arguments.store, "--run", str(folder)]
        for setting in (f"avts.curriculum={curriculum}", f"seed={seed}", f"training.threads={arguments.threads}", "training.workers=1", *arguments.set):
            command += ["--set", setting]
        if (folder / "recipe.yaml").exists():
            command.append("--resume")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([arguments.duet, "eval", "sync", str(folder), "--store", arguments.store], check=True, stdout=subprocess.DEVNULL)
    kinds = json.loads(result.read_text())["kinds"]
    return name, {kind: 100 * kinds[kind]["accuracy"] for kind in ("easy", "hard")}


def interval(values):
    mean = statistics.mean(values)
    if len(values) < 2:
        return f"{mean:.1f}"
    return f"{mean:.1f} ± {T_95.get(len(values), 1.96) * statistics.stdev(values) / len(values) ** 0.5:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--recipe", default="avts_demo")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2, help="runs at once")
    parser.add_argument("--threads", type=int, default=1, help="threads of each run")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="another value of the recipe, for every run")
    parser.add_argument("--duet", default=str(ROOT / "duet"))
    arguments = parser.parse_args()
    table = {name: [] for name in mixes(arguments.epochs)}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        jobs = [pool.submit(run, arguments, name, mix, seed) for seed in range(arguments.seeds) for name, mix in mixes(arguments.epochs).items()]
        for job in concurrent.futures.as_completed(jobs):
            name, accuracy = job.result()
            table[name].append(accuracy)
    print("| negatives | easy, accuracy % | hard, accuracy % | runs |\n|---|---|---|---|")
    for name, runs in table.items():
        print(f"| {name} | {interval([r['easy'] for r in runs])} | {interval([r['hard'] for r in runs])} | {len(runs)} |")


if __name__ == "__main__":
    main()
