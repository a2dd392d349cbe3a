#!/usr/bin/env python3
"""How far bf16 moves a loss curve from fp32's, by kind of convolution: the same clips, first weights and steps for each.

  bench/loss_curves.py --model mc3_18 --learning-rate 3e-5

Every curve is 200 steps on 8 clips of 8x32x32, at full width unless --width says otherwise. Prints one table: per seed the largest distance from fp32's
loss at the same step and, in brackets, the root of the mean square over all steps, both as shares of fp32's first loss; and between which losses fp32 went. With --peer a last line says
the same of PyTorch's bf16 autocast beside PyTorch's fp32: the same clips and steps, first weights of its own. With --out curves are kept there, and those that exist are not computed again.
"""
import argparse
import json
import os
import pathlib
import statistics

from suite import processes
from suite.network import KINDS


PEER = "PyTorch"


def curve(arguments, program, kind, seed):
    kept = arguments.out and pathlib.Path(arguments.out) / f"{arguments.model}-{arguments.width:g}-{arguments.learning_rate:g}-{kind}-{seed}.json"
    if kept and kept.exists():
        return json.loads(kept.read_text())["losses"]
    options = ["--model", arguments.model, "--width", arguments.width, "--learning-rate", arguments.learning_rate, "--steps", arguments.steps, "--seed", seed, "--threads", arguments.threads, "--frames", 8, "--size", 32, "--batch", 8]
    precision = ["--precision", "fp32" if kind.endswith("fp32") else "bf16"]
    if kind.startswith(PEER):
        result = processes.output([processes.PYTHON, processes.PEERS / "torch_curve.py", *options, *precision])
    else:
        result = processes.output([program, "curve", *options, *precision], {"DUET_CONVOLUTIONS": "direct" if kind == "fp32" else kind})
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(result))
    return result["losses"]


def distances(losses, reference):
    apart = [abs(a - b) / reference[0] for a, b in zip(losses, reference, strict=True)]
    return f"{max(apart):.4f} ({statistics.fmean(d * d for d in apart) ** 0.5:.4f})"


def between(losses):
    return f"{losses[0]:.2f} to {losses[-1]:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="mc3_18")
    parser.add_argument("--learning-rate", type=float, required=True, help="one with which a seed learns in so many steps")
    parser.add_argument("--width", type=float, default=1)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS, metavar="KIND", help="of convolution: " + ", ".join(KINDS))
    parser.add_argument("--peer", action="store_true", help="PyTorch's bf16 beside its fp32 too")
    parser.add_argument("--out", help="a folder for the curves")
    arguments = parser.parse_args()
    program, seeds = processes.program(), range(1, arguments.seeds + 1)
    references = [curve(arguments, program, "fp32", seed) for seed in seeds]
    print(f"| `{arguments.model}`, width {arguments.width:g}, {arguments.learning_rate:g} | " + " | ".join(f"seed {seed}, {between(r)}" for seed, r in zip(seeds, references)) + " |")
    print("|---" * (arguments.seeds + 1) + "|")
    for kind in arguments.kinds:
        print(f"| `{kind}` | " + " | ".join(distances(curve(arguments, program, kind, seed), r) for seed, r in zip(seeds, references)) + " |", flush=True)
    if arguments.peer:
        references = [curve(arguments, program, f"{PEER} fp32", seed) for seed in seeds]
        print(f"| {PEER}, bf16 | " + " | ".join(f"{distances(curve(arguments, program, f'{PEER} bf16', seed), r)}, {between(r)}" for seed, r in zip(seeds, references)) + " |")


if __name__ == "__main__":
    main()
