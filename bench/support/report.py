# SPDX-License-Identifier: MIT
"""run_all.py's results: goals, times, build times; on the terminal, as Markdown, JSON and a chart."""
import html
import json
import os

from .contest import Figure, table_lines
from .works import NATIVE_GOAL, TWO_THREADS_FROM, TWO_THREADS_GOAL

PEERS = ("oneDNN", "PyTorch", "ONNX Runtime", "dlib")


class Row:
    """A work with the figures of all who did it."""

    def __init__(self, work, macs, entries, active, peaks, differences):
        self.work, self.entries, self.differences = work, entries, differences
        self.title = f"{work.title}, {work.threads} thread{'s' * (work.threads > 1)}"
        self.operations = 2 * work.batch * macs[work.kind == "train"]
        self.peak = Figure(peaks) if peaks else None
        self.figures = {}  # {(name, variant): (Figure, measured in all rounds)}
        for e in entries:
            if e.alive and e.seconds:
                self.figures[e.name, e.variant] = Figure(e.seconds), e in active
        self.share = min((s for e in entries if e.alive for s in e.shares if e.name != "dlib"), default=1)

    def of(self, name, variant=None):
        """The figure of a contender's best way (or of that one), with the way's name and whether all rounds have it."""
        found = [(f.median, not whole, v, f, whole) for (n, v), (f, whole) in self.figures.items()
                 if n == name and variant in (None, v)]
        if not found:
            return None
        _, _, v, f, whole = min(found, key=lambda x: (x[1], x[0]))
        return f, v, whole

    def best_peer(self):
        found = [(self.of(p)[0].median, p) for p in PEERS if self.of(p)]
        return min(found)[1] if found else None

    def against(self, word):
        """A goal's opponent: (its name, its figure), or None where it is missing."""
        if word == "best":
            word = self.best_peer()
        name, _, variant = (word, "", None) if word in PEERS or not word else word.rpartition(" ")
        found = name and self.of(name, variant or None)
        return found and (f"{name} {found[1]}" if name in ("PyTorch", "oneDNN") else name, found[0])

    def of_floor(self, figure):
        return Figure(self.operations / p / s for p, s in zip(self.peak.values, figure.values)) if self.peak else None


def time_text(seconds):
    for unit, scale in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1 or unit == "us":
            return f"{seconds * scale:.3g} {unit}"


def ratio(mine, theirs):
    """How many times as fast mine is, round by round where both have all rounds."""
    return theirs.over(mine)


def goals(rows):
    """[{work, against, variant, goal, figure, floor}]; figure None where something is missing."""
    found = []
    for row in rows:
        for g in row.work.goals:
            mine, other = row.of("ctnet", g.variant), row.against(g.against)
            found.append({"work": row.title + (", split bf16" if g.variant != "strict" else ""),
                          "against": other[0] if other else g.against, "goal": g.factor,
                          "figure": ratio(mine[0], other[1]) if mine and other else None,
                          "floor": row.of_floor(mine[0]) if mine else None})
    by_title = {(r.work.title, r.work.threads): r for r in rows}
    for row in rows:
        one = by_title.get((row.work.title, 1))
        if row.work.threads == 2 and one:
            a, b = one.of("ctnet", "strict"), row.of("ctnet", "strict")
            long = bool(a) and a[0].median > TWO_THREADS_FROM
            found.append({"work": f"{row.work.title}, 2 threads over 1", "against": "ctnet, 1 thread",
                          "goal": TWO_THREADS_GOAL if long else None,
                          "figure": ratio(b[0], a[0]) if a and b else None, "floor": None,
                          "peak": row.peak and one.peak and row.peak.over(one.peak)})
    for row in rows:
        native = row.of("native")
        if native:
            mine = row.of("ctnet", "strict")
            found.append({"work": f"{row.title}, g++ -O2", "against": "-O3 -march=native", "goal": NATIVE_GOAL,
                          "figure": ratio(mine[0], native[0]) if mine else None, "floor": None})
    for g in found:
        g["met"] = None if g["figure"] is None or g["goal"] is None else g["figure"].median >= g["goal"]
    return found


def goal_table(found):
    head = ["ctnet's speed over", "the peer's", "goal", "measured", "spread", "met", "of the floor"]
    rows = []
    for g in found:
        f = g["figure"]
        met = {True: "yes", False: "NO", None: "-"}[g["met"]]
        rows.append([g["work"], g["against"], f"{g['goal']:.2f}" if g["goal"] else "-",
                     f"{f.median:.2f}" if f else "missing", f.spread() if f else "-", met,
                     f"{100 * g['floor'].median:.0f} %" if g["floor"] else
                     f"(peak: {g['peak'].median:.2f})" if g.get("peak") else "-"])
    return head, rows


def time_table(rows):
    head = ["time of one call", "ctnet", "spread", "split bf16", "-O3 native", *PEERS]
    lines = []
    for row in rows:
        def cell(name, variant=None, way=False):
            found = row.of(name, variant)
            if not found:
                return "-"
            figure, v, whole = found
            return time_text(figure.median) + (f" {v}" if way else "") + ("" if whole else " *")
        mine = row.of("ctnet", "strict")
        spread = f"{time_text(min(mine[0].values))} .. {time_text(max(mine[0].values))}" if mine else "-"
        lines.append([row.title, cell("ctnet", "strict"), spread, cell("ctnet", "split_bf16"), cell("native"),
                      *(cell(p, way=p in ("oneDNN", "PyTorch")) for p in PEERS)])
    return head, lines


def build_tables(compiled):
    """What compile/run.py suite left: [(title, head, rows)] and its goals."""
    tables, found = [], []
    cost = lambda c: [f"{Figure(c['cpu']).median:.1f}", f"{Figure(c['mb']).median:.0f}", f"{c['kb']:,.0f}"]
    programs = {**compiled.get("programs", {}), **compiled.get("deploy", {})}
    depth = compiled.get("depth distinct", {})
    rows = [[name, *cost(c)] for name, c in programs.items() if c]
    rows += [[f"{name.split()[0]}, {name.split()[1]} convolutions", *cost(c)] for name, c in depth.items()
             if isinstance(c, dict)]
    tables.append(("g++ -O3", ["program", "CPU s", "MB", "kB"], rows))
    pairs = [("a LeNet trainer", programs.get("ctnet trainer"), programs.get("dlib trainer")),
             ("inference only", programs.get("ctnet deploy"), programs.get("dlib deploy")),
             ("20 convolutions", depth.get("ctnet 20"), depth.get("dlib 20"))]
    for title, mine, other in pairs:
        for key, word in (("cpu", "CPU seconds"), ("mb", "memory"), ("kb", "size")):
            if not mine or not other:
                continue
            f = Figure([other[key] / mine[key]]) if key == "kb" else Figure(other[key]).over(Figure(mine[key]))
            found.append({"work": f"build, {title}: {word}", "against": "dlib", "goal": 1.0, "figure": f, "floor": None,
                          "met": f.median >= 1})
    per_layer = {}
    depths = sorted(int(n.split()[1]) for n in depth if n.startswith("ctnet") and n.count(" ") == 1)
    for a, b in zip(depths, depths[1:]):
        both = [Figure(depth[f"ctnet {n}"]["cpu"]) for n in (a, b)]
        per_layer[a, b] = (both[1].median - both[0].median) / (b - a)
    rows = [[f"{a} to {b} layers", f"{1000 * s:.0f}"] for (a, b), s in per_layer.items()]
    for n in depths:
        if f"ctnet {n} instantiations" in depth:
            classes, functions = depth[f"ctnet {n} instantiations"]
            rows.append([f"{n} layers, clang's instantiations", f"{classes:,} + {functions:,}"])
    tables.append(("growth", ["ctnet, convolutions of distinct widths", "ms a layer"], rows))
    return tables, found


def markdown(head, rows):
    line = lambda r: "| " + " | ".join(str(c) for c in r) + " |"
    return "\n".join([line(head), "|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|", *map(line, rows)])


def chart(found):
    """Bars of all goals that were measured, on a logarithmic scale; the goal is a line."""
    import math
    bars = [g for g in found if g["figure"]]
    if not bars:
        return ""
    low, high = 0.5, max(2, *(1.1 * max(g["figure"].values) for g in bars))
    left, width, step = 470, 560, 22
    x = lambda v: left + width * math.log(max(v, low) / low) / math.log(high / low)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" height="{step * len(bars) + 60}" '
           'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
           '<text x="10" y="20" font-size="15">How many times as fast ctnet is (thin line: spread, black: goal)'
           '</text>']
    bottom = step * len(bars) + 35
    for v in (0.5, 1, 2, 3, 5, 10, 20, 50):
        if low <= v <= high:
            out.append(f'<line x1="{x(v):.1f}" x2="{x(v):.1f}" y1="32" y2="{bottom}" stroke="#ddd"/>'
                       f'<text x="{x(v):.1f}" y="{bottom + 15}" text-anchor="middle" fill="#666">{v:g}</text>')
    for i, g in enumerate(bars):
        y, f = 36 + step * i, g["figure"]
        color = {True: "#2a8c5a", False: "#c2513c", None: "#8896a5"}[g["met"]]
        zero = x(1)
        a, b = sorted((zero, x(f.median)))
        name = html.escape(f"{g['work']} / {g['against']}")
        whisker = f'x1="{x(min(f.values)):.1f}" x2="{x(max(f.values)):.1f}" y1="{y + 7.5}" y2="{y + 7.5}"'
        out.append(f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{name}</text>'
                   f'<rect x="{a:.1f}" y="{y}" width="{max(1, b - a):.1f}" height="{step - 7}" fill="{color}"/>'
                   f'<line {whisker} stroke="#222"/>'
                   f'<text x="{max(x(max(f.values)), b) + 6:.1f}" y="{y + 12}">{f.median:.2f}</text>')
        if g["goal"]:
            out.append(f'<line x1="{x(g["goal"]):.1f}" x2="{x(g["goal"]):.1f}" y1="{y - 2}" y2="{y + step - 5}" '
                       'stroke="#000" stroke-width="2"/>')
    return "\n".join(out) + "\n</svg>\n"


def write(folder, facts, rows, compiled, alone):
    """Prints and writes all; False where ctnet's own results were wrong or missing."""
    found = goals(rows)
    tables, build_goals = build_tables(compiled) if compiled else ([], [])
    found += build_goals
    measured = [g for g in found if g["met"] is not None]
    missing = sum(g["figure"] is None for g in found)
    m = facts["machine"]
    names = "; ".join(dict.fromkeys(facts["contenders"].values()))
    least = min((r.share for r in rows), default=1)
    peak = next((r.peak for r in rows if r.peak and r.work.threads == 1), None)
    preface = [f"{m['cpu']}, {m['cores']} cores, {m['date']}; {names}.",
               f"{facts['rounds']} rounds of {facts['seconds_each']} s a measurement, medians, smallest .. largest; "
               f"{facts['took']} s in all." +
               (f" Peak of one core: {peak.median / 1e9:.0f} GFLOP/s." if peak else ""),
               f"{sum(g['met'] for g in measured)} of {len(measured)} goals are met" +
               (f", {missing} could not be measured." if missing else ".")]
    if rows and least < 0.95:
        preface.append(f"WARNING: a measurement got only {100 * least:.0f} % of its cores; run again when it is idle.")
    legend = ("A ratio is taken within a round: how many times as fast ctnet (g++ -O2, no -march) is as the peer. The "
              "floor is the multiply-adds over the peak measured in the same rounds; Winograd does fewer and may pass "
              "100 %. A star: measured in the first round only, being far behind.")
    closing = [f"NOTE: {n}" for n in facts["notes"]]

    sections = [("Goals", *goal_table(found))] + ([("Times", *time_table(rows))] if rows else [])
    sections += [(f"Build: {t}", h, r) for t, h, r in tables]
    print("\n" + "\n".join(preface))
    for title, head, lines in sections:
        print(f"\n## {title}\n" + "\n".join(table_lines(head, lines)))
    alone_title = "Convolutions alone, ctnet's kernels and oneDNN's each in its own layout"
    if alone:
        print(f"\n## {alone_title}\n{alone}")
    print("\n" + legend + "\n" + "\n".join(closing))

    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "results.md"), "w") as f:
        f.write("# ctnet beside its peers\n\n" + "\n\n".join(preface) + "\n\n" +
                "\n\n".join(f"## {t}\n\n{markdown(h, r)}" for t, h, r in sections) +
                (f"\n\n## {alone_title}\n\n```\n{alone}```" if alone else "") + "\n\n" + legend + "\n\n" +
                "\n".join("- " + n for n in closing) + "\n")
    with open(os.path.join(folder, "ratios.svg"), "w") as f:
        f.write(chart(found))
    values = lambda g: {**g, **{k: g[k] and g[k].values for k in ("figure", "floor", "peak") if k in g}}
    with open(os.path.join(folder, "results.json"), "w") as f:
        json.dump({**facts, "goals": [values(g) for g in found],
                   "seconds": {r.title: {f"{n} {v}": x.values for (n, v), (x, _) in r.figures.items()} for r in rows},
                   "operations": {r.title: r.operations for r in rows},
                   "peak": {r.title: r.peak.values for r in rows if r.peak},
                   "differences": {r.title: r.differences for r in rows},
                   "cpu_share": least, "build": compiled, "convolutions alone": alone}, f, indent=1)
    return all(r.of("ctnet", "strict") for r in rows)
