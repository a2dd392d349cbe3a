#!/usr/bin/python3
"""Runs ours and the peer in turn, A B A B, and prints medians and ratios as Markdown.

    bench/run.py ingest --media FOLDER        duet ingest against plain ffmpeg with as many processes
    bench/run.py loader --media FOLDER        random windows from a store against PyAV on the original files
    bench/run.py step [--model mc3_18]        the training step against PyTorch and torchvision

The machine may be doing other work: trust the ratios, which are of neighbouring runs, more than the rates.
Peers, from Debian: ffmpeg, python3-av, python3-torch, python3-torchvision.
"""
import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = ROOT / "bench" / "peers"


def output(command):
    return json.loads(subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1])


def ours(*arguments):
    built = sorted((ROOT / "bench/Duet.Bench/bin/Release").glob("*/*/Duet.Bench"))
    if not built:
        raise SystemExit("build first: dotnet build bench/Duet.Bench -c Release")
    return output([built[-1], *arguments])


def wall(command, codes=(0,)):
    start = time.perf_counter()
    code = subprocess.run([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    if code not in codes:
        raise SystemExit(f"{command} ended with {code}")
    return time.perf_counter() - start


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
            return len(files) / wall([a.duet, "ingest", folder / "list.txt", "--store", folder / "store", "--jobs", a.jobs])

        def ffmpeg():
            shutil.rmtree(folder / "plain", ignore_errors=True)
            return len(files) / wall([PEERS / "ffmpeg_ingest.sh", folder / "list.txt", folder / "plain", a.jobs])

        m = in_turn(a.rounds, duet=duet, ffmpeg=ffmpeg)
    print(f"| {len(files)} files, {a.jobs} processes | {statistics.median(m['duet']):.2f} files/s | {statistics.median(m['ffmpeg']):.2f} files/s | {ratio(m['duet'], m['ffmpeg'])} |")


def loader(a):
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder) / "store"
        wall([a.duet, "ingest", a.media, "--store", store], codes=(0, 3))
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["ingest", "loader", "step"])
    parser.add_argument("--media", help="a folder of videos")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--peer-clips", default="30", help="clips that PyAV reads in each round")
    parser.add_argument("--model", default="mc3_18")
    parser.add_argument("--frames", default="8")
    parser.add_argument("--size", default="112")
    parser.add_argument("--batch", default="8")
    parser.add_argument("--steps", default="5")
    parser.add_argument("--duet", default=str(ROOT / "duet"))
    a = parser.parse_args()
    if a.what != "step" and not a.media:
        parser.error("--media FOLDER is needed")
    {"ingest": ingest, "loader": loader, "step": step}[a.what](a)


if __name__ == "__main__":
    main()
