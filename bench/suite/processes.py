"""Running both sides: ours, the peers, and commands that are timed from outside."""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "bench" / "peers"
PYTHON = "/usr/bin/python3"  # the one that Debian's packages are installed for
VIDEO = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg"}


class Failed(Exception):
    """A side that did not end well, with the end of what it said."""


class Context:
    """What a benchmark needs to run: both sides with the same threads on the same cores, the sizes' scale, and folders."""

    def __init__(self, arguments):
        self.media, self.esc10 = arguments.media, arguments.esc10
        self.quick, self.threads, self.most = arguments.quick, arguments.threads, arguments.rounds
        self.duet = ROOT / "duet"
        cores = sorted(os.sched_getaffinity(0))
        if self.threads > len(cores):
            raise SystemExit(f"--threads {self.threads}: this process may use {len(cores)} cores")
        os.sched_setaffinity(0, cores[: self.threads])  # children inherit it, so nothing takes more than it is given
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = str(self.threads)
        if "avx512f" in pathlib.Path("/proc/cpuinfo").read_text():
            os.environ["ATEN_CPU_CAPABILITY"] = "avx512"  # Debian's PyTorch stays at AVX2 on some processors unless it is told
        self._folder = self._limits = None

    @property
    def limits(self):
        """What products and copies reach on these cores today: measured once per call."""
        if self._limits is None:
            self._limits = self.ours("limits", "--size", 1024 if self.quick else 4096)
        return self._limits

    @property
    def folder(self):
        """For files of this call; gone when it ends."""
        if self._folder is None:
            self._folder = pathlib.Path(tempfile.mkdtemp(prefix="duet-bench-"))
        return self._folder

    def close(self):
        if self._folder is not None:
            shutil.rmtree(self._folder)

    def rounds(self, most=5):
        """So many rounds, but for benchmarks whose rounds are long no more than most."""
        return 1 if self.quick else min(self.most, most)

    def build(self):
        """Before any clock runs."""
        self.program = program()
        subprocess.run([self.duet, "recipes", "list"], check=True, stdout=subprocess.DEVNULL)

    def ours(self, *arguments, threads=True, kind="auto"):
        return output([self.program, *arguments, *(["--threads", self.threads] if threads else [])], {"DUET_CONVOLUTIONS": kind})

    def peer(self, script, *arguments, threads=True):
        return output([PYTHON, PEERS / script, *arguments, *(["--threads", self.threads] if threads else [])])

    def store(self):
        """The media folder as a store, made once per call; and the files in it, which both sides can read."""
        store, summary = self.folder / "store", self.folder / "ingest.json"
        if not summary.exists():
            media = self.media
            if self.quick:
                media = self.folder / "some.txt"
                media.write_text("".join(f"{f.resolve()}\n" for f in videos(self.media)[::4]))
            ended = subprocess.run([self.duet, "ingest", media, "--store", store, "--json"], capture_output=True, text=True)
            if ended.returncode not in (0, 3):
                raise Failed(f"duet ingest: {ended.stderr[-1000:]}")
            summary.write_text(ended.stdout)
            self.asked = videos(self.media) if not self.quick else [pathlib.Path(line) for line in media.read_text().splitlines()]
        left_out = {pathlib.Path(q["path"]).name for q in json.loads(summary.read_text())["quarantined"]}
        return store, [f for f in self.asked if f.name not in left_out]


def program():
    """Duet's side, built: the program's path."""
    built = subprocess.run(["dotnet", "build", ROOT / "bench/Duet.Bench", "-c", "Release", "-v", "q", "-nologo"], capture_output=True, text=True)
    if built.returncode != 0:
        raise SystemExit("bench/Duet.Bench does not build:\n" + built.stdout[-2000:])
    return sorted((ROOT / "bench/Duet.Bench/bin/Release").glob("*/*/Duet.Bench"))[-1]


def videos(folder):
    return [f for f in sorted(pathlib.Path(folder).rglob("*")) if f.is_file() and f.suffix.lower() in VIDEO]


def output(command, environment=None):
    """The JSON object that a command prints last."""
    ended = subprocess.run([str(c) for c in command], capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if ended.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}\nended with {ended.returncode}: {ended.stderr[:1500]}")
    return json.loads(ended.stdout.strip().splitlines()[-1])


def timed(command, codes=(0,)):
    """Seconds by the clock and of processor time, that of the command's own children included, and its peak memory (that of any call before, if larger)."""
    def spent():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    start, before = time.perf_counter(), spent()
    ended = subprocess.run([str(c) for c in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seconds, cpu = time.perf_counter() - start, spent() - before
    if ended.returncode not in codes:
        raise Failed(f"{' '.join(map(str, command))}\nended with {ended.returncode}: {ended.stderr[:1500]}")
    return {"seconds": round(seconds, 3), "cpu_seconds": round(cpu, 3)}


def in_turn(rounds, sides, seldom=()):
    """name -> its runs, the sides alternating: A B A B. Those in seldom, which take long and are not what counts, run in the first and the last round only."""
    runs = {name: [] for name in sides}
    for i in range(rounds):
        for name, side in sides.items():
            if name not in seldom or i in (0, rounds - 1):
                runs[name].append({"round": i, **side()})
    return runs
