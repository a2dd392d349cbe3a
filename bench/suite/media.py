"""Benchmarks from files to training steps: ingest, loader, log-mel, whole pretraining steps, and how an ingest's cost grows."""
import shutil
import subprocess

from .network import step_in_bf16, shape, words
from .processes import PEERS, ROOT, Failed, in_turn, timed, videos


def _sides(c, files):
    """duet ingest and plain ffmpeg on the same files, with as many processes."""
    names = c.folder / "list.txt"
    names.write_text("".join(f"{f.resolve()}\n" for f in files))

    def duet():
        shutil.rmtree(c.folder / "again", ignore_errors=True)
        return timed([c.duet, "ingest", names, "--store", c.folder / "again", "--jobs", c.threads])

    def ffmpeg():
        shutil.rmtree(c.folder / "plain", ignore_errors=True)
        return timed([PEERS / "ffmpeg_ingest.sh", names, c.folder / "plain", c.threads])

    return {"duet": duet, "ffmpeg": ffmpeg}


def ingest(c):
    _, files = c.store()
    return [{"files": len(files), "jobs": c.threads, "runs": in_turn(c.rounds(3), _sides(c, files))}]


def ingest_scaling(c):
    """Files of the media folder, more and more of them; and four files that get longer, each a file of the folder repeated without decoding it."""
    _, files = c.store()
    cases = []
    for share in (6, 3, 1.5, 1):
        some = files[: max(2, round(len(files) / share))]
        cases.append({"varied": "files", "files": len(some), "runs": in_turn(1, _sides(c, some))})
    source = _repeatable(c, files)
    for seconds in ((10, 20) if c.quick else (15, 30, 60, 120)):
        longer = [_repeat(source, c.folder / f"long-{seconds}-{i}.mp4", seconds + i) for i in range(4)]  # other lengths: the same bytes twice would be one video
        cases.append({"varied": "minutes", "files": 4, "minutes": round(sum(seconds + i for i in range(4)) / 60, 3), "runs": in_turn(1, _sides(c, longer))})
        for file in longer:
            file.unlink()
    return cases


def _repeatable(c, files):
    """A plain MP4 whose streams can be repeated by copying, and which is still whole to Duet's eyes then."""
    usual = sorted(f.stat().st_size for f in files)[len(files) // 2]
    for file in sorted(files, key=lambda f: abs(f.stat().st_size - usual)):
        if file.suffix == ".mp4":
            trial, store = _repeat(file, c.folder / "trial.mp4", 10), c.folder / "trial"
            ended = subprocess.run([c.duet, "ingest", trial, "--store", store, "--json"], capture_output=True, text=True)
            trial.unlink()
            shutil.rmtree(store, ignore_errors=True)
            if ended.returncode == 0:
                return file
    raise Failed("no MP4 file of the media folder can be repeated by copying its streams")


def _repeat(source, target, seconds):
    ended = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", "-stream_loop", "-1", "-i", f"file:{source}", "-t", str(seconds), "-map", "0:v:0", "-map", "0:a:0", "-c", "copy", f"file:{target}"],
        capture_output=True, text=True)
    if ended.returncode != 0:
        raise Failed(f"ffmpeg can't repeat {source}: {ended.stderr[-500:]}")
    return target


def loader(c):
    store, files = c.store()
    names = c.folder / "readable.txt"
    names.write_text("".join(f"{f.resolve()}\n" for f in files))
    cases = []
    for frames, clips in ((8, 300), (25, 150)):
        cases.append({"frames": frames, "runs": in_turn(c.rounds(3), {
            "duet": lambda: c.ours("loader", "--store", store, "--frames", frames, "--clips", 20 if c.quick else clips, threads=False),
            "pyav": lambda: c.peer("pyav_loader.py", names, "--frames", frames, "--clips", 5 if c.quick else 30, threads=False),
        })})
    return cases


def logmel(c):
    import numpy

    batch, samples, sound = 32, 32000, c.folder / "sound.f32"
    numpy.random.default_rng(0).normal(scale=0.1, size=(batch, samples)).astype(numpy.float32).tofile(sound)
    cases = []
    for hop in (10, 20):
        mine, theirs = c.folder / "mine.f32", c.folder / "theirs.f32"
        arguments = ["--file", sound, "--batch", batch, "--hop-ms", hop, "--repeats", 10 if c.quick else 100]
        runs = in_turn(c.rounds(), {
            "duet": lambda: c.ours("logmel", *arguments, "--out", mine),
            "torchaudio": lambda: c.peer("torchaudio_logmel.py", *arguments, "--out", theirs),
        })
        a, b = numpy.fromfile(mine, numpy.float32), numpy.fromfile(theirs, numpy.float32)
        if a.shape != b.shape or not numpy.allclose(a, b, rtol=1e-4, atol=1e-4):
            raise Failed(f"Duet's and torchaudio's spectrograms at a hop of {hop} ms are not the same: they are no peers")
        cases.append({"hop_ms": hop, "batch": batch, "seconds_of_sound": samples / 16000, "largest_difference": float(abs(a - b).max()), "runs": runs})
    return cases


RECIPES = {
    "avts": ("avts/avts_mc3_18_8x112.yaml", ["avts.curriculum=[{epochs: 1, easy: 1}]"], ["--fps", 25 / 3, "--audio-seconds", 0.96]),
    "xdc": (
        "xdc/xdc_r2plus1d_18_kinetics_8x224.yaml",
        ["clip.size=112", "clip.frame_rate=25", "clustering.k=8", "clustering.patience=0", "clustering.iterations=1", "clustering.epochs_per_iteration=1", "clustering.calibration_clips=16"],
        ["--fps", 25, "--audio-seconds", 2, "--hop-ms", 20, "--scales", 0.875],
    ),
}


def pretrain(c):
    """Both encoders, from files to the optimiser. The loaders of both sides work ahead."""
    store, files = c.store()
    names = c.folder / "readable.txt"
    names.write_text("".join(f"{f.resolve()}\n" for f in files))
    cases = []
    for method, (recipe, settings, peers) in RECIPES.items():
        settings = [*settings, *(["clustering.k=2"] if c.quick and method == "xdc" else [])]
        arguments = ["--batch", 2 if c.quick else 8, "--steps", 1 if c.quick else 4, "--warming", 1 if c.quick else 5]

        # One try of both memory formats, as for the step alone: the faster one is the peer's.
        model = {"avts": "mc3_18", "xdc": "r2plus1d_18"}[method]
        variant = step_in_bf16(c)(*words(shape(model, 8, 32 if c.quick else 112, 8)), "--steps", 1)["variant"]

        def duet():
            run = c.folder / "run"
            shutil.rmtree(run, ignore_errors=True)
            return c.ours("pretrain", "--recipe", ROOT / "recipes" / recipe, "--store", store, "--run", run, *arguments, *[w for s in settings for w in ("--set", s)])

        cases.append({"method": method, "runs": in_turn(c.rounds(3), {
            "duet": duet,
            "torch": lambda: c.peer("torch_pretrain.py", "--list", names, "--method", method, "--variant", variant, *arguments, *peers),
        })})
    return cases
