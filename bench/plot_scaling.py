#!/usr/bin/python3
"""Draws what 'bench/run.py kmeans-scaling' measured: bench/plot_scaling.py kmeans-scaling.json docs/images/kmeans-scaling.svg

Three panels with logarithmic axes: processor time of an iteration over rows, clusters and dimensions, beside the line of proportional cost through the largest.
"""
import json
import math
import sys

points = json.load(open(sys.argv[1]))
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP = 300, 250, 62, 34, 52, 18
titles = {"rows": "rows N", "k": "clusters k", "columns": "dimensions d"}
low = min(p["cpu_seconds_per_iteration"] for p in points)
high = max(p["cpu_seconds_per_iteration"] for p in points)
y0, y1 = math.log10(low) - 0.25, math.log10(high) + 0.15
total = 3 * WIDTH + 2 * GAP
out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total} {HEIGHT}" font-family="sans-serif" font-size="12" fill="#333">',
       f'<rect width="{total}" height="{HEIGHT}" fill="#fff"/>']
for panel, (name, title) in enumerate(titles.items()):
    mine = [p for p in points if p["varied"] == name]
    fixed = {k: v for k, v in mine[0].items() if k in titles and k != name}
    xs = [math.log10(p[name]) for p in mine]
    x0, x1 = min(xs) - 0.08, max(xs) + 0.08
    at = panel * (WIDTH + GAP)

    def px(x):
        return at + LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - 8)

    def py(y):
        return HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - BOTTOM - TOP)

    out.append(f'<text x="{at + LEFT}" y="18" font-weight="bold">{title}</text>')
    out.append(f'<text x="{at + WIDTH - 8}" y="18" text-anchor="end" fill="#777">{", ".join(f"{titles[k].split()[-1]} = {v}" for k, v in fixed.items())}</text>')
    for value in (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10):
        if y0 <= math.log10(value) <= y1:
            y = py(math.log10(value))
            out.append(f'<line x1="{at + LEFT}" x2="{at + WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/><text x="{at + LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g} s</text>')
    slope = py(math.log10(mine[-1]["cpu_seconds_per_iteration"]) - (xs[-1] - xs[0]))
    out.append(f'<line x1="{px(xs[0]):.1f}" y1="{slope:.1f}" x2="{px(xs[-1]):.1f}" y2="{py(math.log10(mine[-1]["cpu_seconds_per_iteration"])):.1f}" stroke="#999" stroke-dasharray="4 3"/>')
    line = [(px(x), py(math.log10(p["cpu_seconds_per_iteration"]))) for x, p in zip(xs, mine)]
    out.append(f'<polyline fill="none" stroke="#1f6fb4" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in line)}"/>')
    for (x, y), p in zip(line, mine):
        out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="#1f6fb4"/><text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{p[name] if p[name] < 10000 else f"{p[name] / 1000:g}k"}</text>')
    out.append(f'<line x1="{at + LEFT}" x2="{at + WIDTH - 8}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}" stroke="#777"/>')
out.append(f'<text x="{LEFT}" y="{HEIGHT - 10}" fill="#777">processor time of one iteration ({points[0]["configuration"].split(", ")[-1]}); dashed: proportional to the largest</text></svg>')
open(sys.argv[2], "w").write("\n".join(out) + "\n")
