#!/usr/bin/env python3
"""How many labels pretraining saves: finetuning after pretraining against the same network from scratch, at several shares of the labels.

  bench/label_share.py --store runs/demo/store --run runs/avts-0 --run runs/avts-1 --run runs/avts-2 --modality video --out runs/label_share

Each --run is one seed of one pretraining: its encoder, and the same network with first weights drawn by that seed, are finetuned on the store's
training videos with 10, 50 and 100 % of their labels and tested on its test videos, which no run saw. Every cell has the same steps. For the first
seed the learning rate of a cell is chosen from --rate on a part of the cell's own training videos; the other seeds take that rate.
Finetunings that exist are not done again. Prints one table.
"""
import argparse
import concurrent.futures
import json
import pathlib

import study


def finetune(arguments, weights, share, seed, rates):
    folder = pathlib.Path(arguments.out) / f"{arguments.modality}-{weights}-{round(100 * share)}-{seed}"
    result = folder / "result.json"
    if not result.exists():
        command = ["eval", "finetune", arguments.run[seed], "--store", arguments.store, "--protocol", arguments.protocol, "--out", folder]
        settings = [f"finetune.modality={arguments.modality}", f"finetune.weights={weights}", f"finetune.label_share={share}", f"seed={seed}", f"training.threads={arguments.threads}"]
        settings += [f"training.learning_rate.base={rates[0]}", "finetune.learning_rates=[]"] if len(rates) == 1 else [f"finetune.learning_rates=[{', '.join(map(str, rates))}]"]
        for setting in (*settings, *arguments.set):
            command += ["--set", setting]
        study.duet(arguments, *command, *(["--resume"] if (folder / "recipe.yaml").exists() else []))
    found = json.loads(result.read_text())
    return 100 * found["results"][0]["accuracy"], found["splits"][0]["learning_rate"]


def cell(arguments, weights, share):
    first, rate = finetune(arguments, weights, share, 0, arguments.rate)
    return weights, share, [first, *(finetune(arguments, weights, share, seed, [rate])[0] for seed in range(1, len(arguments.run)))], rate


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", required=True)
    parser.add_argument("--run", action="append", required=True, help="a pretraining run; once for each seed")
    parser.add_argument("--out", required=True)
    parser.add_argument("--modality", choices=["video", "audio", "both"], default="video")
    parser.add_argument("--share", type=float, nargs="+", default=[0.1, 0.5, 1])
    parser.add_argument("--rate", type=float, nargs="+", default=[0.001, 0.003, 0.01], help="learning rates to choose from")
    parser.add_argument("--protocol", default="finetune_own_demo_cpu")
    parser.add_argument("--jobs", type=int, default=2, help="finetunings at once")
    parser.add_argument("--threads", type=int, default=1, help="threads of each")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="another value of the protocol, for every finetuning")
    parser.add_argument("--duet", default=str(study.ROOT / "duet"))
    arguments = parser.parse_args()
    table = {}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        calls = [pool.submit(cell, arguments, weights, share) for share in arguments.share for weights in ("pretrained", "scratch")]
        for call in concurrent.futures.as_completed(calls):
            weights, share, values, rate = call.result()
            table[weights, share] = values, rate
    print(f"| {arguments.modality}, share of the labels | from scratch, accuracy % | after pretraining, accuracy % | gain, points | learning rates |\n|---|---|---|---|---|")
    for share in arguments.share:
        (scratch, slow), (learned, fast) = table["scratch", share], table["pretrained", share]
        gain = study.interval([b - a for a, b in zip(scratch, learned)])
        print(f"| {100 * share:.0f} % | {study.interval(scratch)} | {study.interval(learned)} | {gain} | {slow:g}, {fast:g} |")


if __name__ == "__main__":
    main()
