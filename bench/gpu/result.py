# SPDX-License-Identifier: MIT
"""What a run found: tables on the terminal (the short one last) and as result.txt, everything as result.json, drawn as
result.html."""
import html
import json
import os

from networks import cost, least_bytes
from support.contest import Figure, table_lines
from support.report import chart, time_text

PEAKS = {"fp32": "fp32 multiply-adds", "tf32": "tf32 product", "bf16": "bf16 product"}
STATES = ("passed", "FAILED", "skipped", "stopped", "not run")


class Found:
    def __init__(self, facts):
        self.facts, self.missing = facts, []
        self.programs, self.checks, self.contest = [], None, None
        self.ceilings, self.operations, self.profile = {}, {}, []
        self.rounds = self.took = 0

    # ---- tables: (title, head, rows)
    def goals(self):
        return self.contest.goals() if self.contest else []

    def goal_table(self):
        rows = []
        for g in self.goals():
            f, met = g["figure"], {True: "yes", False: "NO", None: "-"}[g["met"]]
            rows.append([g["work"], g["against"], f"{g['goal']:.1f}" if g["goal"] else "-",
                         f"{f.median:.2f}" if f else "missing", f.spread() if f else "-", met,
                         g["ours"].variant if g["ours"] else "-", g["theirs"].variant if g["theirs"] else "-"])
        head = ["work", "over", "goal", "measured", "spread", "met", "ctnet in", "the peer's way"]
        return "Goals: how many times as fast ctnet is", head, rows

    def time_table(self):
        rows = []
        for e in self.contest.entries if self.contest else []:
            if not e.seconds:
                continue
            f, w = Figure(e.seconds), e.work
            a_second = f"{w.images / f.median:,.0f}"
            spread = f"{time_text(min(f.values))} .. {time_text(max(f.values))}"
            rows.append([w.title, str(e), time_text(f.median), spread, str(len(f.values)), a_second,
                         f"{e.difference:.0e}" if e.difference is not None else "-"])
        return "Times of a step or a call", ["work", "contender", "time", "spread", "rounds", "images/s",
                                             "result off by"], rows

    def floor(self, e):
        """(share of the floor reached, what bounds it) of a contender's time."""
        w, peak, bytes_a_second = e.work, self.ceilings.get(PEAKS[e.precision]), self.ceilings.get("copy")
        if not (peak and bytes_a_second and e.seconds):
            return None
        use = "train" if w.trains else "deploy"
        operations = 2 * w.batch * cost(w.net)["train" if w.trains else "forward"] / peak
        moved = least_bytes(w.net, use, w.batch) / bytes_a_second
        least = max(operations, moved)
        return Figure(least / s for s in e.seconds), "operations" if operations > moved else "bytes", operations, moved

    def floor_table(self):
        rows = []
        for e in self.contest.entries if self.contest else []:
            found = e.work.kind in ("train", "deploy") and self.floor(e)
            if found and (e.owner == "ctnet" or e is self.contest.best(e.work, e.owner, e.precision + ":*")):
                share, bound, operations, moved = found
                rows.append([e.work.title, str(e), time_text(Figure(e.seconds).median), time_text(operations),
                             time_text(moved), f"{100 * share.median:.1f} % ({bound})"])
        return ("Floors: multiply-adds over the measured peak; images, parameters and optimizer once through memory",
                ["work", "contender", "time", "operations", "bytes", "of the larger"], rows)

    def operation_rows(self):
        """[{precision, name, seconds, share, ...}] the ten that take longest in each precision."""
        found = []
        for precision, operations in self.operations.items():
            peak, memory = self.ceilings.get(PEAKS[precision]), self.ceilings.get("copy")
            for o in sorted(operations, key=lambda o: -o["seconds"])[:10]:
                row = {"precision": precision, **o}
                if peak and memory:
                    by_flops, by_bytes = o["flops"] / peak, o["bytes"] / memory
                    row["bound"] = "FLOP" if by_flops > by_bytes else "bytes"
                    row["share"] = max(by_flops, by_bytes) / o["seconds"]
                found.append(row)
        return found

    def operation_table(self):
        rows = []
        for o in self.operation_rows():
            share = f"{100 * o['share']:.0f} % of {o['bound']}" if "share" in o else "-"
            rows.append([f"{o['precision']} {o['name']}", time_text(o["seconds"]),
                         f"{o['flops'] / o['seconds'] / 1e12:.1f}", f"{o['bytes'] / o['seconds'] / 1e12:.2f}", share])
        return ("VGG's heaviest operations, batch 512, against the ceiling that bounds them",
                ["operation", "time", "TFLOP/s", "TB/s", "reached"], rows)

    def ceiling_table(self):
        rows = []
        for name, v in self.ceilings.items():
            unit = "us" if name.endswith(", s") else "TB/s" if name.startswith("copy") else "TFLOP/s"
            rows.append([name.removesuffix(", s"), f"{v * 1e6:.2f}" if unit == "us" else f"{v / 1e12:.3g}", unit])
        return "Ceilings, measured in this run", ["what", "value", "unit"], rows

    def build_table(self):
        rows, growth, order = [], {}, [p for p in self.programs if p.timed]
        for p in order:
            c = p.cost
            rows.append([p.timed, f"{c['cpu']:.1f}", f"{c['wall']:.1f}", f"{c['mb']:.0f}", f"{c.get('kb', 0):,.0f}",
                         str(c["kernels"]), p.why[:80] or "ok"] if c else [p.timed, *"-----", p.why[:80]])
            number = p.name.removeprefix("training-")
            if number.isdigit() and c and not p.why:
                growth[int(number)] = c["cpu"]
        counts = sorted(growth)
        for a, b in zip(counts, counts[1:]):
            rows.append([f"  {a} to {b} convolutions, each", f"{(growth[b] - growth[a]) / (b - a):.2f}", *"-----"])
        return "Building by nvcc -O2 for one GPU", ["program", "CPU s", "wall s", "MB", "object kB", "kernels",
                                                    "state"], rows

    def profile_table(self):
        total = sum(k["us"] for k in self.profile) or 1
        rows = [[k["kernel"], str(k["count"]), f"{k['us']:.0f}", f"{100 * k['us'] / total:.1f} %",
                 *(f"{k[m]:.0f}" if m in k else "-" for m in ("memory %", "multiprocessors %", "tensor cores %"))]
                for k in self.profile[:25]]
        return ("ncu: kernels of two training steps of VGG, batch 512, tf32",
                ["kernel", "launches", "us", "share", "memory %", "multiprocessors %", "tensor cores %"], rows)

    def check_table(self):
        rows = []
        for c in self.checks.all if self.checks else []:
            rows.append([c.tool, c.program.name, c.state, f"{c.wall:.0f}", c.detail[:110]])
        return "Tests and sanitizers", ["tool", "program", "state", "s", ""], rows

    def short_checks(self):
        rows = []
        for tool, states in (self.checks.summary() if self.checks else {}).items():
            rows.append([tool, *(str(len(states.get(s, []))) for s in STATES),
                         "; ".join(f"{c.program.name}: {c.detail[:60]}" for c in states.get("FAILED", []))[:200]])
        return "Tests and sanitizers, programs", ["tool", *STATES, ""], rows

    def not_run(self):
        lines = [f"{p.name} is not built: {p.why}" for p in self.programs if p.why]
        reasons = {}
        for e in self.contest.entries if self.contest else []:
            if e.why and e.contender:  # else its program is not built
                reasons.setdefault(f"{e}: {e.why}", []).append(e.work.title)
        lines += [f"{reason} ({'; '.join(titles)})" for reason, titles in reasons.items()]
        spilled = sum(len(p.cost.get("with_stack", [])) for p in self.programs)
        if spilled:
            lines.append(f"{spilled} kernels keep a stack frame or spill (result.json names them)")
        warned = [p.name for p in self.programs if p.cost.get("warnings")]
        if warned:
            lines.append(f"nvcc warns in {len(warned)} programs: {', '.join(warned[:6])}")
        return lines + self.missing

    # ---- all of it
    def write(self, folder):
        """True where nothing that ran was wrong."""
        m, goals = self.facts["machine"], self.goals()
        measured = [g for g in goals if g["met"] is not None]
        head = [f"{self.facts['gpu'] or 'no GPU'}; {m['cpu']}, {m['cores']} cores; {m['date']}; {self.took:.0f} s in "
                "all" + (", dry: nothing ran on a GPU" if self.facts["dry"] else ""),
                f"{sum(bool(p.path) for p in self.programs)} of {len(self.programs)} programs built; {self.rounds} "
                f"rounds measured; {sum(g['met'] for g in measured)} of {len(measured)} goals met, "
                f"{sum(g['figure'] is None for g in goals)} could not be measured"]
        long = [self.check_table(), self.time_table(), self.floor_table(), self.profile_table(), self.build_table(),
                self.ceiling_table(), self.operation_table()]
        short = [self.short_checks(), self.goal_table()]
        texts = [["\n".join([f"\n## {title}", *table_lines(columns, rows)]) for title, columns, rows in all if rows]
                 for all in (long, short)]
        notes = ["\n## What did not run, and notes", *(f"- {line}" for line in self.not_run())]
        text = "\n".join([*head, *texts[0], *notes, *texts[1], "", *head]) + "\n"
        sections = [s for s in long + short if s[2]]
        print("\n" + text, flush=True)
        with open(os.path.join(folder, "result.txt"), "w") as f:
            f.write(text)
        with open(os.path.join(folder, "result.json"), "w") as f:
            json.dump(self.facts_of_all(goals), f, indent=1, default=str)
        with open(os.path.join(folder, "result.html"), "w") as f:
            f.write(self.page(head, sections, goals))
        failed = self.checks and any(c.state == "FAILED" for c in self.checks.all)
        return not failed and not any(p.why for p in self.programs)

    def facts_of_all(self, goals):
        plain = lambda g: {**g, "figure": g["figure"] and g["figure"].values, "ours": g["ours"] and str(g["ours"]),
                           "theirs": g["theirs"] and str(g["theirs"])}
        times = {}
        for e in self.contest.entries if self.contest else []:
            times.setdefault(e.work.title, {})[str(e)] = e.facts()
        return {**self.facts, "took": self.took, "rounds": self.rounds, "not run": self.not_run(),
                "goals": [plain(g) for g in goals], "times": times, "ceilings": self.ceilings,
                "operations": self.operations, "profile": self.profile,
                "checks": [c.facts() for c in self.checks.all] if self.checks else [],
                "programs": {p.name: {**p.cost, "why": p.why} for p in self.programs}}

    def page(self, head, sections, goals):
        tables = []
        for title, columns, rows in reversed(sections):
            cells = lambda row, tag: "".join(f"<{tag}>{html.escape(str(c))}</{tag}>" for c in row)
            tables.append(f"<h2>{html.escape(title)}</h2><table><tr>{cells(columns, 'th')}</tr>" +
                          "".join(f"<tr>{cells(r, 'td')}</tr>" for r in rows) + "</table>")
        notes = "".join(f"<li>{html.escape(n)}</li>" for n in self.not_run())
        style = ("body{font:14px sans-serif;margin:2em;color:#222}table{border-collapse:collapse}"
                 "td,th{padding:2px 10px;text-align:right;border-bottom:1px solid #ddd}"
                 "td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}")
        return (f"<!doctype html><meta charset=utf-8><title>ctnet on a GPU</title><style>{style}</style>"
                f"<h1>ctnet on a GPU</h1><p>{'<br>'.join(map(html.escape, head))}</p>{chart(goals)}{self.shares()}"
                f"{''.join(tables)}<h2>What did not run, and notes</h2><ul>{notes}</ul>\n")

    def shares(self):
        """Bars of what the heaviest operations reach of the ceiling that bounds them."""
        rows = [o for o in self.operation_rows() if "share" in o]
        if not rows:
            return ""
        left, width, step = 330, 560, 20
        out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 140}" height="{step * len(rows) + 45}" '
               'font-family="sans-serif" font-size="12"><text x="10" y="20" font-size="15">Share of the ceiling that '
               'single operations reach (blue: operations, green: bytes)</text>']
        for i, o in enumerate(rows):
            y, color = 32 + step * i, "#3b6fb5" if o["bound"] == "FLOP" else "#2a8c5a"
            label = html.escape(f"{o['precision']} {o['name']}, {time_text(o['seconds'])}")
            out.append(f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{label}</text>'
                       f'<rect x="{left}" y="{y}" width="{width * min(1.1, o["share"]):.1f}" height="{step - 5}" '
                       f'fill="{color}"/><text x="{left + width * min(1.1, o["share"]) + 6:.1f}" y="{y + 12}">'
                       f'{100 * o["share"]:.0f} %</text>')
        out.append(f'<line x1="{left + width}" x2="{left + width}" y1="28" y2="{32 + step * len(rows)}" '
                   'stroke="#000" stroke-dasharray="4"/>')
        return "\n".join(out) + "</svg>"
