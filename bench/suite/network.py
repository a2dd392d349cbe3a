"""Benchmarks of the networks in memory: limits, training step, evaluation forward, and how the step's cost grows."""
from .processes import in_turn

BEST, DEFAULT = "torch_best", "torch_default"
KINDS = ("direct", "mixed", "winograd")


def remembering(run):
    """A peer that tries its variants in its first call and takes the fastest one untried in the others."""
    fastest = []

    def best(*arguments):
        result = run(*arguments, *(["--variant", fastest[0]] if fastest else []))
        fastest.append(result["variant"])
        return result

    return best


def step_in_bf16(c):
    return remembering(lambda *arguments: c.peer("torch_step.py", *arguments, "--configuration", "best"))


def limits(c):
    return [{"runs": {"duet": [c.limits]}}]


def shape(model, frames, size, batch, width=1):
    return {"model": model, "frames": frames, "size": size, "batch": batch, "width": width}


def words(values):
    return [word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", value)]


def step(c):
    # rounds and measured steps: a step of the second takes three times as long
    plan = [(shape("r2plus1d_18", 8, 112, 8), 5, 3), (shape("mc3_18", 25, 112, 8), 3, 2)]
    if c.quick:
        plan = [(shape("r2plus1d_18", 4, 56, 2), 1, 1), (shape("mc3_18", 5, 56, 2), 1, 1)]
    cases = []
    for s, most, steps in plan:
        arguments = [*words(s), "--steps", steps]
        best = step_in_bf16(c)
        cases.append({**s, "runs": in_turn(c.rounds(most), {
            "duet": lambda: c.ours("step", *arguments),
            BEST: lambda: best(*arguments),
            DEFAULT: lambda: c.peer("torch_step.py", *words(s), "--steps", max(1, steps - 1), "--configuration", "default"),
        }, seldom=[DEFAULT])})
    return cases


def convolutions(c):
    """Duet beside itself: every kind of bf16 convolution that it has for CPUs."""
    plan = [(shape("r2plus1d_18", 4, 56, 2), 1), (shape("mc3_18", 5, 56, 2), 1)] if c.quick else [(shape("r2plus1d_18", 8, 112, 8), 3), (shape("mc3_18", 25, 112, 8), 2)]
    return [{**s, "runs": in_turn(c.rounds(3), {kind: lambda kind=kind: c.ours("step", *words(s), "--steps", steps, kind=kind) for kind in KINDS})} for s, steps in plan]


def forward(c):
    s = shape("r2plus1d_18", 4, 56, 2) if c.quick else shape("r2plus1d_18", 8, 112, 8)
    arguments = [*words(s), "--steps", 5]
    best = remembering(lambda *more: c.peer("torch_forward.py", *arguments, "--configuration", "best", *more))
    return [{**s, "runs": in_turn(c.rounds(), {
        "duet": lambda: c.ours("forward", *arguments),
        BEST: best,
        DEFAULT: lambda: c.peer("torch_forward.py", *arguments, "--configuration", "default"),
    }, seldom=[DEFAULT])}]


def step_scaling(c):
    """One round: what is looked at is the shape of the curves. PyTorch takes one memory format for all of them."""
    base = shape("mc3_18", 4, 32, 2, 0.25) if c.quick else shape("mc3_18", 8, 112, 4)
    values = {"frames": [4, 8, 16, 25], "size": [64, 112, 160, 224], "batch": [1, 2, 4, 8], "width": [0.25, 0.5, 1, 2]}
    if c.quick:
        values = {"frames": [4, 8], "size": [32, 64], "batch": [1, 2], "width": [0.25, 0.5]}
    best = step_in_bf16(c)
    best(*words(base), "--steps", 1)
    measured, cases = {}, []
    for varied, sizes in values.items():
        for size in sizes:
            s = {**base, varied: size}
            key = tuple(s.values())
            if key not in measured:
                arguments = [*words(s), "--steps", 3]
                measured[key] = in_turn(1, {
                    "duet": lambda: c.ours("step", *arguments),
                    BEST: lambda: best(*arguments),
                })
            cases.append({"varied": varied, **s, "runs": measured[key]})
    return cases
