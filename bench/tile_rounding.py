#!/usr/bin/env python3
"""What larger Winograd tiles would cost in bf16: how far a 3x3 convolution of random bf16 numbers is from the exact one, by tile and by the points that it is made of.

  /usr/bin/python3 bench/tile_rounding.py

Needs NumPy alone. "single": every place of a transformed tile or filter is rounded for itself. "carried": places are rounded one after the other, and each makes up for what those before it lost as far as an
output's expected error allows (Models/Winograd/CarriedRounding.cs does that for tiles of 2x2, where it also keeps what rounding leaves of the sum). Outputs are rounded too. A plain convolution: "plain".
"""
import itertools

import numpy as np

TILES, INPUTS, OUTPUTS, TAPS = 300, 64, 48, 3


def rounded(x):
    """To bf16, ties to even."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)


def matrices(points, outputs):
    """At, G and Bt of Cook and Toom for some points and infinity: Bt is what makes them a convolution."""
    places = outputs + TAPS - 1
    a, g = np.zeros((places, outputs)), np.zeros((places, TAPS))
    for i, point in enumerate(points):
        a[i], g[i] = [point**k for k in range(outputs)], [point**k for k in range(TAPS)]
    a[-1, -1] = g[-1, -1] = 1
    pairs = list(itertools.product(range(outputs), range(TAPS)))
    left = np.array([a[:, y] * g[:, k] for y, k in pairs])
    right = np.array([[float(j == y + k) for j in range(places)] for y, k in pairs])
    b = np.linalg.lstsq(left, right, rcond=None)[0]
    assert np.allclose(left @ b, right, atol=1e-8)
    return a.T, g, b


def seen(a, factor):
    """The quadratic form that errors of places are seen by in the outputs, over independent numbers on the other side."""
    m = np.concatenate([row[:, None] * factor for row in a], 1)
    return m @ m.T


def eliminated(form, order):
    """By how much each place, in that order, makes up for those before it, and what of its own error is left."""
    form = form[np.ix_(order, order)]
    makes_up, left = np.eye(len(order)), np.zeros(len(order))
    for k in range(len(order) - 1, -1, -1):
        left[k], makes_up[k, :k] = form[k, k], form[k, :k] / form[k, k]
        form = form[:k, :k] - np.outer(form[:k, k], form[k, :k]) / form[k, k]
    return makes_up, left


def carried(values, form):
    order = min(itertools.permutations(range(len(form))), key=lambda o: eliminated(form, o)[1].max())
    makes_up, _ = eliminated(form, order)
    result, errors = np.empty_like(values), np.zeros_like(values)
    for (r, i), (c, j) in itertools.product(enumerate(order), enumerate(order)):
        carry = sum(makes_up[r, k] * makes_up[c, m] * errors[..., order[k], order[m]] for k in range(r + 1) for m in range(c + 1) if (k, m) != (r, c))
        result[..., i, j] = rounded(values[..., i, j] - carry)
        errors[..., i, j] = result[..., i, j] - values[..., i, j]
    return result


def main():
    print("| points | tile | multiplications per output | plain | single | carried |\n|---|---|---|---|---|---|")
    for points, outputs in [((0, 1, -1), 2), ((0, 1, -1, 0.5), 3), ((0, 1, -1, 2), 3), ((0, 1, -1, 0.5, -2), 4), ((0, 1, -1, 2, -2), 4)]:
        a, g, b = matrices(points, outputs)
        side, random = outputs + TAPS - 1, np.random.default_rng(0)
        tiles = rounded(random.standard_normal((TILES, INPUTS, side, side)))
        filters = random.standard_normal((OUTPUTS, INPUTS, TAPS, TAPS))
        inputs = np.einsum("ai,tcij,bj->tcab", b, tiles, b, optimize=True)
        weights = np.einsum("ai,ocij,bj->ocab", g, filters, g, optimize=True)

        def convolved(w, x):
            return np.einsum("yi,toij,xj->toyx", a, np.einsum("ocij,tcij->toij", w, x, optimize=True), a, optimize=True)

        windows = np.lib.stride_tricks.sliding_window_view(tiles, (TAPS, TAPS), (2, 3))
        plain = np.einsum("tcyxij,ocij->toyx", windows, rounded(filters), optimize=True)
        exact = convolved(weights, inputs)
        results = plain, convolved(rounded(weights), rounded(inputs)), convolved(carried(weights, seen(a, b)), carried(inputs, seen(a, g)))
        errors = [np.linalg.norm(rounded(r) - exact) / np.linalg.norm(exact) for r in results]
        print(f"| {', '.join(f'{p:g}' for p in points)} | {outputs}x{outputs} | {side**2 / outputs**2:.2f} | " + " | ".join(f"{e:.4f}" for e in errors) + " |", flush=True)


if __name__ == "__main__":
    main()
