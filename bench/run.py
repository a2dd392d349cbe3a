#!/usr/bin/python3
"""Measures Duet beside its peers, A B A B on the same cores, and writes docs/benchmarks.md.

    bench/run.py all --media VIDEOS --esc10 ESC10        everything, about 40 minutes on two quiet cores
    bench/run.py all --media VIDEOS --esc10 ESC10 --resume   go on where a call ended
    bench/run.py step forward                            some benchmarks; the page keeps the others' last results
    bench/run.py all --media VIDEOS --quick              small sizes, a few minutes: does it all work? Writes to .build/bench/
    bench/run.py page                                    the page anew from the results

Results are kept in bench/results, one file per benchmark, written as it ends; text is in bench/benchmarks.template.md. bench/README.md says more.
"""
import argparse
import os
import subprocess
import sys
import time

from suite import clustering, media, network
from suite.page import Page
from suite.processes import ROOT, Context, Failed
from suite.results import EXPECTED, Results, machine

# name: what runs it, what it needs, minutes on two quiet cores
BENCHMARKS = {
    "limits": (network.limits, None, 0.2),
    "step": (network.step, None, 10),
    "convolutions": (network.convolutions, None, 5),
    "forward": (network.forward, None, 3),
    "pretrain": (media.pretrain, "media", 5),
    "logmel": (media.logmel, None, 1),
    "loader": (media.loader, "media", 1.5),
    "ingest": (media.ingest, "media", 1.5),
    "kmeans": (clustering.kmeans, None, 1.5),
    "kmeans-memory": (clustering.kmeans_memory, None, 1),
    "svm": (clustering.svm, "esc10", 2.5),
    "step-scaling": (network.step_scaling, None, 4.5),
    "ingest-scaling": (media.ingest_scaling, "media", 2),
    "kmeans-scaling": (clustering.kmeans_scaling, None, 2),
}
LIMITED = {"limits", "step", "convolutions", "forward", "pretrain", "step-scaling"}  # set beside the product's rate of the same call


def say(words):
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)


def run(c, names, results, resume):
    """Those that could not be run, each with why."""
    of, wrong = machine(c.threads), {}
    missing = [peer for peer in EXPECTED if peer not in of["versions"]]
    if missing:
        say(f"not installed, so benchmarks beside them will fail: {', '.join(missing)}; bench/README.md names the packages")
    for i, name in enumerate(names):
        benchmark, _, minutes = BENCHMARKS[name]
        if resume and results.is_done(name, of, c.quick):
            say(f"{name}: measured already at this commit on this machine")
            continue
        left = sum(BENCHMARKS[n][2] for n in names[i:])
        say(name if c.quick else f"{name}, about {minutes:g} min; in all about {left:.0f} min left")
        start = time.perf_counter()
        try:
            cases = benchmark(c)
        except (Failed, subprocess.CalledProcessError) as e:
            wrong[name] = str(e)
            say(f"{name} failed: {e}")
            continue
        results.save(name, cases, of, c.limits if name in LIMITED else None, time.perf_counter() - start, c.quick)
        say(f"{name}: done in {time.perf_counter() - start:.0f} s")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", choices=["all", "page", *BENCHMARKS], metavar="BENCHMARK", help=f"all, page, or some of {', '.join(BENCHMARKS)}")
    parser.add_argument("--media", help="a folder of videos; for pretrain, loader, ingest and ingest-scaling")
    parser.add_argument("--esc10", help="ESC-50's or ESC-10's folder; for svm")
    parser.add_argument("--rounds", type=int, default=5, help="rounds in turn; those that take long have fewer")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="threads of each side, and cores that it may use; all")
    parser.add_argument("--quick", action="store_true", help="small sizes, one round: to see that everything works")
    parser.add_argument("--resume", action="store_true", help="leave out what was measured already at this commit on this machine")
    a = parser.parse_args()
    folder = ROOT / ".build" / "bench" if a.quick else None
    results = Results(folder / "results" if a.quick else ROOT / "bench" / "results")
    page = Page(results, folder / "images" if a.quick else ROOT / "docs" / "images", "images")
    target = folder / "benchmarks.md" if a.quick else ROOT / "docs" / "benchmarks.md"

    names = [n for n in BENCHMARKS if n in a.what or "all" in a.what]
    lacking = {n: BENCHMARKS[n][1] for n in names if BENCHMARKS[n][1] and not getattr(a, BENCHMARKS[n][1])}
    if lacking and "all" not in a.what:
        parser.error("; ".join(f"{n} needs --{option} FOLDER" for n, option in lacking.items()))
    names = [n for n in names if n not in lacking]
    wrong = {}
    if names:
        c = Context(a)
        try:
            say("building")
            c.build()
            wrong = run(c, names, results, a.resume)
        finally:
            c.close()
    page.write(target)
    say(f"{target.relative_to(ROOT)} is written")
    for name, option in lacking.items():
        say(f"{name} was left out: it needs --{option} FOLDER")
    for name, why in wrong.items():
        say(f"{name} FAILED: {why}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
