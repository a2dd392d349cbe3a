"""Charts as SVG text: curves on logarithmic axes, and bars. Nothing but the standard library."""
import math
from xml.sax.saxutils import escape

INK, SOFT, GRID, PAPER = "#333", "#777", "#e4e4e4", "#fff"
COLOURS = ["#1f6fb4", "#d9822b", "#999999"]


def number(value):
    """Whole numbers as they are, others with three digits."""
    return f"{value / 1000:g}k" if value >= 10000 else f"{value:g}" if value == int(value) else f"{float(f'{value:.3g}'):g}"


def text(x, y, words, anchor="start", **style):
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'


def line(x1, y1, x2, y2, colour, width=1, dash=None):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"{f" stroke-dasharray={chr(34)}{dash}{chr(34)}" if dash else ""}/>'


def document(width, height, title, parts):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" fill="{INK}" role="img">',
        f"<title>{escape(title)}</title>", f'<rect width="{width}" height="{height}" fill="{PAPER}"/>', *parts, "</svg>", ""])


def legend(x, y, names):
    parts = []
    for name, colour in zip(names, COLOURS):
        parts += [f'<circle cx="{x + 5:.1f}" cy="{y - 4:.1f}" r="4.5" fill="{colour}"/>', text(x + 15, y, name)]
        x += 34 + 6.6 * len(name)
    return parts


def steps(low, high):
    """Round values between two, for a logarithmic axis: 1, 3, 10 or, where that gives few, 1, 2, 5, 10."""
    for digits in ((1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8)):
        found = [d * 10**e for e in range(-6, 9) for d in digits if low <= d * 10**e <= high]
        if len(found) >= 3:
            return found
    return found


def curves(title, panels, names, unit, note):
    """Panels with one vertical axis, four of them in two rows. A panel: (title, remark, curves by name as lists of (x, y), slope of the dashed line or None)."""
    columns = 2 if len(panels) == 4 else len(panels)
    left, top, bottom, gap, row = 58, 34, 30, 14, 230
    width = (900 - (columns - 1) * gap) / columns
    total, rows = 900, -(-len(panels) // columns)
    height = rows * row + 40
    values = [y for _, _, series, _ in panels for points in series.values() for _, y in points]
    y0, y1 = math.log10(min(values)) - 0.12, math.log10(max(values)) + 0.12
    parts = []

    for i, (heading, remark, series, slope) in enumerate(panels):
        at, down = i % columns * (width + gap), i // columns * row
        floor = down + row - bottom
        xs = sorted({x for points in series.values() for x, _ in points})
        x0, x1 = math.log10(xs[0]) - 0.08, math.log10(xs[-1]) + 0.08

        def px(x):
            return at + left + (math.log10(x) - x0) / (x1 - x0) * (width - left - 10)

        def py(y):
            return floor - (math.log10(y) - y0) / (y1 - y0) * (row - bottom - top)

        parts += [text(at + left, down + 18, heading, font_weight="bold"), text(at + width - 10, down + 18, remark, "end", fill=SOFT, font_size=11)]
        for value in steps(10**y0, 10**y1):
            parts += [line(at + left, py(value), at + width - 10, py(value), GRID), text(at + left - 6, py(value) + 4, number(value), "end")]
        parts.append(line(at + left, floor, at + width - 10, floor, SOFT))
        parts += [text(px(x), floor + 18, number(x), "middle") for x in xs]
        if slope is not None:
            # Through the first name's last point, cut off at the panel's edges.
            lx, ly = series[names[0]][-1]
            start = max(xs[0], lx * 10 ** ((y0 - math.log10(ly)) / slope) if slope > 0 else xs[0])
            start = max(start, lx * 10 ** ((y1 - math.log10(ly)) / slope)) if slope < 0 else start
            parts.append(line(px(start), py(ly * (start / lx) ** slope), px(lx), py(ly), SOFT, dash="4 3"))
        for name, colour in zip(names, COLOURS):
            points = [(px(x), py(y)) for x, y in series.get(name, [])]
            parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
    parts += [*legend(left, height - 27, names), text(left, height - 8, f"{unit}; {note}", fill=SOFT)]
    return document(total, height, title, parts)


def groups(title, rows, names, unit, limit=None):
    """Horizontal bars in groups. A row: (label, values by name, limit or None), the limit drawn as a mark of its own across the first bar."""
    left, right, bar, top = 250, 110, 15, 30
    width, present = 860, [[n for n in names if n in values] for _, values, _ in rows]
    height = top + sum(bar * len(p) + 16 for p in present) + 12
    most = max([v for _, values, _ in rows for v in values.values()] + [l for _, _, l in rows if l])
    y, parts = top + 6, legend(left, 18, names)
    if limit:
        parts += [line(left + 5, height - 17, left + 5, height - 5, INK, 2), text(left + 15, height - 6, limit)]

    def px(v):
        return left + v / most * (width - left - right)

    for (label, values, mark), shown in zip(rows, present):
        parts.append(text(left - 10, y + bar * len(shown) / 2 + 4, label, "end"))
        begin = y
        for name in shown:
            parts += [f'<rect x="{left}" y="{y:.1f}" width="{px(values[name]) - left:.1f}" height="{bar - 2}" fill="{COLOURS[names.index(name)]}"/>',
                      text(px(values[name]) + 5, y + bar - 4, number(values[name]), font_size=11, stroke=PAPER, stroke_width=3, paint_order="stroke")]
            y += bar
        if mark:
            parts += [line(px(mark), begin - 4, px(mark), begin + bar + 1, INK, 2), text(width - 8, y - 4, f"| {number(mark)}", "end", font_size=11)]
        y += 16
    parts.append(text(width - 8, height - 6, unit, "end", fill=SOFT))
    return document(width, height, title, parts)


def factors(title, rows):
    """How many times faster, on a logarithmic axis: a bar to the median, a line over the spread. A row: (label, median, least, most)."""
    left, right, bar, top = 20 + 6.2 * max(len(r[0]) for r in rows), 60, 24, 14
    width, height = 900, top + bar * len(rows) + 42
    x0, x1 = math.log10(min(0.8, *(r[2] for r in rows))), math.log10(max(r[3] for r in rows)) + 0.04

    def px(v):
        return left + (math.log10(v) - x0) / (x1 - x0) * (width - left - right)

    bottom, parts = top + bar * len(rows), []
    for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100):
        if x0 <= math.log10(tick) <= x1:
            parts += [line(px(tick), top, px(tick), bottom, SOFT if tick == 1 else GRID, 1.5 if tick == 1 else 1), text(px(tick), bottom + 16, f"{tick:g}x", "middle")]
    for i, (label, median, least, most) in enumerate(rows):
        y = top + i * bar
        begin, end = sorted((px(1), px(median)))
        parts += [text(left - 12, y + 16, label, "end"), f'<rect x="{begin:.1f}" y="{y + 5}" width="{end - begin:.1f}" height="{bar - 10}" fill="{COLOURS[0] if median >= 1 else COLOURS[1]}"/>',
                  line(px(least), y + bar / 2, px(most), y + bar / 2, INK, 1.5), text(max(px(most), px(1)) + 6, y + 16, f"{median:.2f}", font_size=11)]
    parts.append(text(width - 8, height - 6, "times as fast as the peer: the median of the paired runs, and their spread", "end", fill=SOFT))
    return document(width, height, title, parts)
