"""docs/benchmarks.md from bench/benchmarks.template.md and the results: a line {{name}} of the template becomes a table, a chart or a note."""
import re
import statistics

from . import charts
from .network import BEST, DEFAULT, KINDS
from .processes import ROOT

TEMPLATE = ROOT / "bench" / "benchmarks.template.md"


def median(runs, key):
    return statistics.median(r[key] for r in runs)


class Ratio:
    """How many times faster ours is: of the runs of one round, then the median over rounds."""

    def __init__(self, runs, ours, theirs, key, less_is_better=False):
        mine = {r["round"]: r[key] for r in runs[ours]}
        pairs = [(mine[r["round"]], r[key]) for r in runs[theirs] if r["round"] in mine]
        values = sorted((b / a if less_is_better else a / b) for a, b in pairs)
        self.median, self.least, self.most, self.count = statistics.median(values), values[0], values[-1], len(values)

    def __str__(self):
        return f"{self.median:.2f}" if self.count == 1 else f"{self.median:.2f} ({self.least:.2f} to {self.most:.2f})"


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)])


def shape(case):
    return f"`{case['model']}`, {case['frames']}x{case['size']}x{case['size']}, batch {case['batch']}"


class Page:
    def __init__(self, results, images, link):
        self.results, self.images, self.link = results, images, link

    def write(self, path):
        """Every placeholder of the template has a method here; one that has none is an error."""
        filled = re.sub(r"^\{\{(\w+)( \w[\w-]*)?\}\}$", lambda m: getattr(self, "put_" + m.group(1))(*(m.group(2) or "").split()), TEMPLATE.read_text(), flags=re.M)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(re.sub(r"\n{3,}", "\n\n", filled))

    def cases(self, name):
        """Every run knows the limits of its call."""
        result = self.results.load(name)
        for case in result["cases"] if result else []:
            for runs in case["runs"].values():
                for run in runs:
                    run["limits"] = result.get("limits")
        return result["cases"] if result else []

    def chart(self, name, about, svg):
        self.images.mkdir(parents=True, exist_ok=True)
        (self.images / f"{name}.svg").write_text(svg)
        return f"![{about}]({self.link}/{name}.svg)"

    def put_machine(self):
        found = [r for r in map(self.results.load, ("limits", "step", "kmeans")) if r]
        if not found:
            return ""
        m, limits = found[0]["machine"], self.limits()
        versions = ", ".join(f"{name} {version}" for name, version in m["versions"].items())
        lines = [
            f"- {m['cpu']}, {m['cores']} cores of which each side had {m['threads']}, {', '.join(m['features'])}; {m['memory_gib']} GiB; {m['system']}",
            f"- {versions}" + (f", {limits['configuration']}" if limits else ""),
        ]
        if limits:
            lines.append(f"- products of {limits['size']} x {limits['size']} matrices: {limits['bf16_gigaflops']:.0f} GFLOP/s in bf16, {limits['fp32_gigaflops']:.0f} in fp32; "
                         f"a copy of 256 MiB: {limits['copy_gigabytes_per_second']:.1f} GB/s read and as much written")
        return "\n".join(lines)

    def put_measured(self, name):
        result = self.results.load(name)
        if not result:
            return f"*Not measured yet: `bench/run.py {name}` does.*"
        m = result["machine"]
        counts = sorted({len(next(iter(case["runs"].values()))) for case in result["cases"]})
        rounds = "1 round" if counts == [1] else f"{' or '.join(map(str, counts))} rounds"
        return (f"*{result['date']}, commit {result['commit']}, {m['cpu']}, {m['threads']} threads on each side, {rounds} in turn"
                f"{', sizes of --quick, which say nothing about speed' if result['quick'] else ''}.*")

    def limits(self):
        cases = self.cases("limits")
        return cases[0]["runs"]["duet"][0] if cases else None

    def share(self, runs):
        """Of what a plain product of large matrices reaches in the same precision."""
        limits = runs[0]["limits"]
        if not limits:
            return None
        most = limits["bf16_gigaflops" if "bf16" in runs[0]["configuration"] else "fp32_gigaflops"]
        return median(runs, "clips_per_second") * runs[0]["gigaflops_per_clip"] / most

    def percent(self, runs):
        share = self.share(runs)
        return "" if share is None else f"{100 * share:.0f} %"

    # Tables

    def rates(self, cases, label, sides, memory):
        rows = []
        for case in cases:
            runs = case["runs"]
            mine = runs["duet"]
            rows.append([label(case), "**" + mine[0]["configuration"] + "**", f"{median(mine, 'clips_per_second'):.2f}", self.percent(mine), f"{median(mine, 'peak_megabytes'):.0f} MB", "", ""])
            for side in sides:
                rows.append(["", runs[side][0]["configuration"], f"{median(runs[side], 'clips_per_second'):.2f}", "", f"{median(runs[side], 'peak_megabytes'):.0f} MB",
                             Ratio(runs, "duet", side, "clips_per_second"), Ratio(runs, "duet", side, "peak_megabytes")])
        drop = [] if memory else [4, 6]
        head = ["", "", "clips/s", "of the product's rate", "peak memory", "Duet is faster by", "Duet's memory / its"]
        return table([h for i, h in enumerate(head) if i not in drop], [[c for i, c in enumerate(row) if i not in drop] for row in rows])

    def put_step(self):
        cases = self.cases("step")
        return self.rates(cases, shape, [BEST, DEFAULT], True) if cases else ""

    def put_convolutions(self):
        rows = [[shape(case), *(f"{median(case['runs'][kind], 'clips_per_second'):.2f}" for kind in KINDS), *(Ratio(case["runs"], kind, "direct", "clips_per_second") for kind in KINDS[1:])]
                for case in self.cases("convolutions")]
        return table(["clips/s", *(f"`{kind}`" for kind in KINDS), *(f"`{kind}` / `direct`" for kind in KINDS[1:])], rows) if rows else ""

    def put_forward(self):
        cases = self.cases("forward")
        if not cases:
            return ""
        tried = next((r["tried_clips_per_second"] for r in cases[0]["runs"][BEST] if len(r["tried_clips_per_second"]) > 1), {})
        return self.rates(cases, shape, [BEST, DEFAULT], True) + "\n\nPyTorch's variants, tried on two batches each, clips/s: " + "; ".join(
            f"{name} {value if isinstance(value, float) else f'(not possible: {value})'}" for name, value in tried.items()) + "."

    def put_pretrain(self):
        cases = self.cases("pretrain")
        if not cases:
            return ""
        rows = []
        for case in cases:
            mine, theirs = case["runs"]["duet"], case["runs"]["torch"]
            label = f"{case['method'].upper()}: `{mine[0]['video']}` and `{mine[0]['audio']}`, {mine[0]['frames']}x{mine[0]['size']}x{mine[0]['size']}, batch {mine[0]['batch']}"
            for name, runs, first in ((label, mine, True), ("", theirs, False)):
                rows.append([name, ("**" if first else "") + runs[0]["configuration"] + ("**" if first else ""), f"{median(runs, 'clips_per_second'):.2f}", self.percent(runs) if first else "",
                             f"{100 * median(runs, 'data_wait_share'):.1f} %", f"{median(runs, 'peak_megabytes'):.0f} MB", "" if first else Ratio(case["runs"], "duet", "torch", "clips_per_second")])
        return table(["", "", "clips/s", "of the product's rate", "waiting for data", "peak memory", "Duet is faster by"], rows)

    def put_ingest(self):
        cases = self.cases("ingest")
        rows = []
        for case in cases:
            for what, key in (("second", "seconds"), ("processor second, children included", "cpu_seconds")):
                mine, theirs = (case["files"] / median(case["runs"][side], key) for side in ("duet", "ffmpeg"))
                rows.append([f"{case['files']} files, {case['jobs']} processes: files per {what}", f"{mine:.2f}", f"{theirs:.2f}", Ratio(case["runs"], "duet", "ffmpeg", key, True)])
        return table(["", "Duet", "plain ffmpeg", "Duet is faster by"], rows) if rows else ""

    def put_loader(self):
        rows = [[f"{case['frames']} frames with sound", f"{median(case['runs']['duet'], 'clips_per_cpu_second'):.0f}", f"{median(case['runs']['pyav'], 'clips_per_cpu_second'):.1f}",
                 Ratio(case["runs"], "duet", "pyav", "clips_per_cpu_second")] for case in self.cases("loader")]
        return table(["clip", "Duet, clips per processor second", "PyAV", "Duet is faster by"], rows) if rows else ""

    def put_logmel(self):
        rows = [[f"{case['batch']} clips of {case['seconds_of_sound']:g} s, hop {case['hop_ms']} ms", f"{median(case['runs']['duet'], 'milliseconds'):.2f} ms", f"{median(case['runs']['torchaudio'], 'milliseconds'):.2f} ms",
                 Ratio(case["runs"], "duet", "torchaudio", "milliseconds", True), f"{case['largest_difference']:.0e}"] for case in self.cases("logmel")]
        return table(["", "Duet", "torchaudio", "Duet is faster by", "largest difference"], rows) if rows else ""

    def put_kmeans(self):
        rows = []
        for case in self.cases("kmeans"):
            for side in ("duet", "duet_fp32"):
                mine, theirs = case["runs"][side], case["runs"]["faiss"]
                rows.append([f"{case['data']}, {case['rows']} x {case['columns']}, k = {case['k']}", f"{mine[0]['configuration']}: {median(mine, 'seconds'):.2f} s, {mine[0]['iterations']} iterations",
                             f"{median(theirs, 'seconds'):.2f} s, {theirs[0]['iterations']} iterations", Ratio(case["runs"], side, "faiss", "seconds", True), Ratio(case["runs"], side, "faiss", "cpu_seconds", True),
                             f"{median(mine, 'objective') / median(theirs, 'objective'):.4f}"])
        return table(["data", "Duet", "faiss", "Duet is faster by, clock", "by processor time", "objective, Duet / faiss"], rows) if rows else ""

    def put_kmeans_memory(self):
        rows = [[f"{case['rows']} x {case['columns']}, k = {case['k']}, {case['iterations']} iterations", f"{case['rows'] * case['columns'] * 4 / 2**30:.2f} GiB",
                 f"{case['runs']['duet'][0]['peak_megabytes'] / 1024:.2f} GiB", f"{case['runs']['duet'][0]['seconds']:.0f} s"] for case in self.cases("kmeans-memory")]
        return table(["`duet cluster` on a table", "its features", "peak memory", "time, reading and writing included"], rows) if rows else ""

    def put_svm(self):
        rows = []
        for case in self.cases("svm"):
            runs = case["runs"]
            passes = " and ".join(f"{runs[side][0]['iterations']}{'' if runs[side][0]['converged'] else ', not converged'}" for side in ("duet", "sklearn"))
            rows.append([f"{case['features']}, {case['columns']}{', to seven digits' if case['tight'] else ''}", case["c"], *(f"{median(runs[side], 'cpu_seconds'):.2f} s" for side in ("duet", "sklearn")),
                         Ratio(runs, "duet", "sklearn", "cpu_seconds", True), Ratio(runs, "duet", "sklearn", "seconds", True), passes,
                         f"{100 * case['clips_that_differ']:.2f} %, {100 * case['recordings_that_differ']:.2f} %", f"{case['largest_difference']:.0e}"])
        return table(["features", "C", "Duet, processor", "LinearSVC, processor", "Duet is faster by", "by the clock", "passes", "answers that differ", "largest difference of decision values"], rows) if rows else ""

    # Charts

    def factors(self):
        """(work, peer, ratio, whether it is of the overview)"""
        for case in self.cases("step"):
            yield f"training step, {shape(case)}", "PyTorch, bf16", Ratio(case["runs"], "duet", BEST, "clips_per_second"), case["runs"]["duet"]
            yield f"training step, {shape(case)}", "PyTorch, fp32", Ratio(case["runs"], "duet", DEFAULT, "clips_per_second"), case["runs"]["duet"]
        for case in self.cases("pretrain"):
            yield f"{case['method'].upper()} step from files, both encoders", "PyTorch, bf16, PyAV", Ratio(case["runs"], "duet", "torch", "clips_per_second"), case["runs"]["duet"]
        for case in self.cases("forward"):
            yield f"evaluation, {shape(case)}", "PyTorch, its fastest", Ratio(case["runs"], "duet", BEST, "clips_per_second"), case["runs"]["duet"]
        for case in self.cases("logmel"):
            yield f"log-mel, hop {case['hop_ms']} ms", "torchaudio", Ratio(case["runs"], "duet", "torchaudio", "milliseconds", True), None
        for case in self.cases("kmeans"):
            yield f"k-means, {case['data']}", "faiss", Ratio(case["runs"], "duet", "faiss", "seconds", True), None
        for case in self.cases("svm"):
            if not case["tight"]:
                yield f"linear SVM, {case['features']}, C = {case['c']}, processor time", "LinearSVC", Ratio(case["runs"], "duet", "sklearn", "cpu_seconds", True), None
        for case in self.cases("loader"):
            yield f"loader, {case['frames']} frames with sound", "PyAV", Ratio(case["runs"], "duet", "pyav", "clips_per_cpu_second"), None
        for case in self.cases("ingest"):
            yield "ingest", "plain ffmpeg", Ratio(case["runs"], "duet", "ffmpeg", "seconds", True), None

    def put_overview(self):
        rows = list(self.factors())
        if not rows:
            return ""
        memory = [(case, Ratio(case["runs"], "duet", BEST, "peak_megabytes")) for case in self.cases("step")]
        told = table(["work", "against", "Duet is faster by", "of the product's rate"], [[work, peer, ratio, self.percent(runs) if runs else ""] for work, peer, ratio, runs in rows])
        if memory:
            told += "\n\n" + table(["peak memory of a training step", "Duet's / PyTorch's in bf16"], [[shape(case), ratio] for case, ratio in memory])
        drawn = charts.factors("How many times faster Duet is than its peers", [(f"{work.replace('`', '')} · {peer}", r.median, r.least, r.most) for work, peer, r, _ in rows])
        return told + "\n\n" + self.chart("bench-overview", "How many times faster Duet is than each peer, medians and spread", drawn)

    def put_rates_chart(self):
        names, rows = ["Duet", "PyTorch, its best", "PyTorch, fp32"], []
        for name, about in (("step", "step"), ("pretrain", "step from files"), ("forward", "evaluation")):
            for case in self.cases(name):
                runs = case["runs"]
                values = {label: median(runs[side], "clips_per_second") for label, side in zip(names, ("duet", "torch" if name == "pretrain" else BEST, DEFAULT)) if side in runs}
                label = f"{case['method'].upper()} {about}" if name == "pretrain" else f"{about}, {shape(case).replace('`', '').split(', batch')[0]}"
                limits = runs["duet"][0]["limits"]
                rows.append((label, values, limits["bf16_gigaflops"] / runs["duet"][0]["gigaflops_per_clip"] if limits else None))
        if not rows:
            return ""
        return self.chart("bench-rates", "Clips per second of Duet and PyTorch, and what the product's rate would allow",
                          charts.groups("Clips per second", rows, names, "clips/s", "what the rate of large bf16 products would allow without short ones" if all(most for _, _, most in rows) else None))

    def growth(self, cases, variables, sides, names, value):
        panels = []
        for varied, (heading, remark, slope) in variables.items():
            mine = [case for case in cases if case["varied"] == varied]
            series = {name: [(case[varied], value(case, side)) for case in mine] for name, side in zip(names, sides)}
            panels.append((heading, remark(mine[0]), series, slope))
        return panels

    def put_step_scaling(self):
        cases = self.cases("step-scaling")
        if not cases:
            return ""
        fixed = lambda *keys: lambda case: ", ".join(f"{k} {case[k]}" for k in keys)
        variables = {
            "frames": ("frames", fixed("size", "batch"), -1), "size": ("crop, pixels", fixed("frames", "batch"), -2),
            "batch": ("batch", fixed("frames", "size"), None), "width": ("width", fixed("frames", "size", "batch"), None),
        }
        names = ["Duet", "PyTorch, its best"]
        panels = self.growth(cases, variables, ["duet", BEST], names, lambda case, side: median(case["runs"][side], "clips_per_second"))
        rows = [[case["varied"], case[case["varied"]], *(f"{median(case['runs'][side], 'clips_per_second'):.2f}" for side in ("duet", BEST)), Ratio(case["runs"], "duet", BEST, "clips_per_second"),
                 self.percent(case["runs"]["duet"])] for case in cases]
        return (self.chart("bench-step-scaling", "Clips per second of the training step over frames, crop, batch and width",
                           charts.curves("Training step: clips per second", panels, names, f"clips/s, training step of {cases[0]['model']}", "dashed: as many pixels per second as Duet at its last point"))
                + "\n\n" + table(["varied", "", "Duet, clips/s", "PyTorch's best", "Duet is faster by", "of the product's rate"], rows))

    def put_ingest_scaling(self):
        cases = self.cases("ingest-scaling")
        if not cases:
            return ""
        names = ["Duet", "plain ffmpeg"]
        variables = {"files": ("files", lambda case: "", 1), "minutes": ("minutes of video", lambda case: f"{case['files']} files", 1)}
        panels = self.growth(cases, variables, ["duet", "ffmpeg"], names, lambda case, side: median(case["runs"][side], "seconds"))
        rows = [[f"{case['files']} files" + (f", {case['minutes']:.1f} minutes together" if "minutes" in case else ""), *(f"{median(case['runs'][side], 'seconds'):.1f} s" for side in ("duet", "ffmpeg")),
                 Ratio(case["runs"], "duet", "ffmpeg", "seconds", True)] for case in cases]
        return (self.chart("bench-ingest-scaling", "Seconds of an ingest over files and minutes", charts.curves("Ingest: seconds", panels, names, "seconds", "dashed: proportional to Duet's last point"))
                + "\n\n" + table(["", "Duet", "plain ffmpeg", "Duet is faster by"], rows))

    def put_kmeans_scaling(self):
        cases = self.cases("kmeans-scaling")
        if not cases:
            return ""
        names = ["Duet", "faiss"]
        fixed = lambda *keys: lambda case: ", ".join(f"{'N' if k == 'rows' else 'd' if k == 'columns' else k} = {case[k]}" for k in keys)
        variables = {"rows": ("rows N", fixed("k", "columns"), 1), "k": ("clusters k", fixed("rows", "columns"), 1), "columns": ("dimensions d", fixed("rows", "k"), 1)}
        cost = {"duet": lambda r: r["cpu_seconds_per_iteration"], "faiss": lambda r: r["cpu_seconds"] / r["iterations"]}
        panels = self.growth(cases, variables, ["duet", "faiss"], names, lambda case, side: max(1e-4, min(cost[side](r) for r in case["runs"][side])))
        return self.chart("kmeans-scaling", "Processor time of one iteration over rows, clusters and dimensions, beside lines of proportional cost",
                          charts.curves("k-means: processor seconds of an iteration", panels, names, "processor seconds of one iteration, the least of the rounds", "dashed: proportional to Duet's last point"))
