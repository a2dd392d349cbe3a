"""Results as files, one per benchmark, with the date, the commit and the machine that they are of."""
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess

from .processes import PYTHON, ROOT

FEATURES = ["avx2", "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16"]
EXPECTED = ["PyTorch", "torchvision", "torchaudio", "PyAV", "faiss", "scikit-learn", "OpenBLAS", "ffmpeg"]
PEERS = """
import json, sys
versions = {}
for module, name in (("torch", "PyTorch"), ("torchvision", "torchvision"), ("torchaudio", "torchaudio"), ("av", "PyAV"), ("faiss", "faiss"), ("sklearn", "scikit-learn"), ("numpy", "NumPy")):
    try:
        versions[name] = __import__(module).__version__
    except ImportError:
        versions[name] = None
print(json.dumps(versions))
"""


def said(*command):
    if shutil.which(command[0]) is None:
        return ""
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def commit():
    """The commit, and whether anything but results and pages differs from it."""
    changed = said("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no", "--", "src", "bench/Duet.Bench", "bench/peers")
    return said("git", "-C", str(ROOT), "rev-parse", "--short=10", "HEAD") + (" and changes" if changed else "")


def machine(threads):
    """What this machine is, and the versions of everything that is compared."""
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", cpu, re.M)
    generation = [re.search(rf"^{key}\s*:\s*(\d+)$", cpu, re.M) for key in ("cpu family", "model")]  # virtual machines leave out the name's end
    flags = re.search(r"^flags\s*:\s*(.*)$", cpu, re.M)
    memory = re.search(r"^MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text(), re.M)
    system = re.search(r'^PRETTY_NAME="?([^"\n]*)', pathlib.Path("/etc/os-release").read_text(), re.M)
    release = ".".join(platform.release().split(".")[:2])
    ffmpeg = said("ffmpeg", "-version").split(" ")
    versions = {
        ".NET SDK": said("dotnet", "--version"),
        **json.loads(said(PYTHON, "-c", PEERS) or "{}"),
        "OpenBLAS": said("dpkg-query", "-W", "-f", "${Version}", "libopenblas0-pthread"),
        "ffmpeg": ffmpeg[2] if len(ffmpeg) > 2 else "",
    }
    return {
        "cpu": (model.group(1) if model else platform.processor()) + (f" (family {generation[0].group(1)}, model {generation[1].group(1)})" if all(generation) else ""),
        "cores": os.cpu_count(),
        "threads": threads,
        "features": [f for f in FEATURES if flags and f in flags.group(1).split()],
        "memory_gib": round(int(memory.group(1)) / 2**20),
        "system": f"{system.group(1) if system else platform.system()}, Linux {release}",
        "versions": {name: version for name, version in versions.items() if version},
    }


class Results:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def path(self, name):
        return self.folder / f"{name}.json"

    def load(self, name):
        """A benchmark's last result, or None."""
        return json.loads(self.path(name).read_text()) if self.path(name).exists() else None

    def save(self, name, cases, of, limits, seconds, quick):
        """Whole or not at all: a call that is killed leaves the last result."""
        self.folder.mkdir(parents=True, exist_ok=True)
        result = {
            "benchmark": name, "date": datetime.date.today().isoformat(), "commit": commit(), "quick": quick, "seconds": round(seconds), "machine": of, "limits": limits, "cases": cases,
        }
        fresh = self.path(name).with_suffix(".tmp")
        fresh.write_text(json.dumps(result, indent=1) + "\n")
        fresh.replace(self.path(name))

    def is_done(self, name, of, quick):
        """Whether this commit was already measured on this machine."""
        last = self.load(name)
        return last is not None and (last["commit"], last["machine"], last["quick"]) == (commit(), of, quick)
