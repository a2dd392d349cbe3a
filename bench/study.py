"""What the studies share: runs side by side, each on its own thread, and intervals over seeds."""
import concurrent.futures
import os
import pathlib
import statistics
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
T_95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131]  # Student's t for 2, 3, ... runs


def interval(values):
    """The mean, and the half width of its 95 % interval over seeds."""
    mean = statistics.mean(values)
    if len(values) < 2:
        return f"{mean:.1f}"
    return f"{mean:.1f} ± {T_95[min(len(values), len(T_95) + 1) - 2] * statistics.stdev(values) / len(values) ** 0.5:.1f}"


def folder_of(arguments, name, seed):
    return pathlib.Path(arguments.out) / f"{''.join(c if c.isalnum() else '_' for c in name)}-{seed}"


def duet(arguments, *command):
    environment = {**os.environ, "OMP_NUM_THREADS": str(arguments.threads)}
    subprocess.run([arguments.duet, *map(str, command)], check=True, stdout=subprocess.DEVNULL, env=environment)


def pretrain(arguments, folder, settings):
    """Trains, or goes on where an earlier call was stopped."""
    command = ["pretrain", arguments.recipe, "--store", arguments.store, "--run", folder]
    for setting in (*settings, f"training.threads={arguments.threads}", "training.workers=1", *arguments.set):
        command += ["--set", setting]
    duet(arguments, *command, *(["--resume"] if (folder / "recipe.yaml").exists() else []))


def side_by_side(arguments, calls):
    """Carries out calls, some at once; yields their results as they come."""
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for job in concurrent.futures.as_completed([pool.submit(*call) for call in calls]):
            yield job.result()


def common_arguments(parser, recipe):
    parser.add_argument("--store", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--recipe", default=recipe)
    parser.add_argument("--jobs", type=int, default=2, help="runs at once")
    parser.add_argument("--threads", type=int, default=1, help="threads of each run")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="another value of the recipe, for every run")
    parser.add_argument("--duet", default=str(ROOT / "duet"))
