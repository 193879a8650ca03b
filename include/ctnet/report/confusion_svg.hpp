// SPDX-License-Identifier: MIT
// A confusion matrix as a heat map: rows are the truth, columns what was predicted, a cell's shade its part of its row.
// The diagonal is blue (right), the rest orange (wrong). Numbers stand in the cells while they fit.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "../io/file.hpp"
#include "confusion.hpp"
#include "plot.hpp"
#include "text.hpp"

namespace ctnet {

namespace detail {
// White at 0, the full color at 1, by the square root, so that rare mistakes show.
inline std::string shade(double part, bool right) {
  constexpr int full[2][3] = {{0xD9, 0x5F, 0x02}, {0x1D, 0x4E, 0xD8}};
  std::string s = "#";
  for (const int channel : full[right]) {
    const int v = 255 - static_cast<int>((255 - channel) * std::sqrt(std::clamp(part, 0.0, 1.0)));
    for (const int digit : {v / 16, v % 16}) s += "0123456789abcdef"[digit];
  }
  return s;
}
}  // namespace detail

inline std::string to_svg(const ConfusionMatrix& m, const std::string& title = "Confusion matrix") {
  using report::fixed, report::detail::text;
  const int n = std::max(m.classes(), 1);
  const double cell = std::clamp(640.0 / n, 6.0, n <= 5 ? 80.0 : 48.0), size = cell * n;
  const bool names = cell >= 11, numbers = cell >= 26;
  std::size_t widest = 1;
  for (int c = 0; names && c < m.classes(); ++c)
    widest = std::max(widest, report::width_of(report::shortened(report::printable(m.name(c)), 16)));
  const double font = std::min(12.0, cell - 1), label = names ? 10 + 0.6 * font * static_cast<double>(widest) : 6;
  const double left = 44 + label, top = 78 + label * 0.72 + 8;

  std::string s = report::svg_begin(static_cast<int>(std::max(420.0, left + size + label * 0.72 + 30)),
                                    static_cast<int>(top + size + 24), title);
  s += text(24, 34, "start", 18, report::detail::ink, title, " font-weight=\"600\"");
  s += text(24, 56, "start", 13, report::detail::faint_ink,
            "accuracy " + report::percent(m.accuracy(), 2) + ", " + report::grouped(m.correct()) + " of " +
                report::grouped(m.total()) + " images");
  s += text(left + size, top + size + 17, "end", 12, report::detail::faint_ink, "columns: predicted");
  s += text(26, top + size, "start", 12, report::detail::faint_ink, "rows: truth",
            " transform=\"rotate(-90 26 " + fixed(top + size, 1) + ")\"");

  for (int t = 0; t < m.classes(); ++t) {
    const double y = top + t * cell, x = left + t * cell, of_truth = static_cast<double>(std::max(m.of_truth(t), 1LL));
    if (names) {
      const std::string name = report::shortened(report::printable(m.name(t)), 16);
      const double bx = x + cell / 2 + 4, by = top - 7;
      s += text(left - 8, y + cell / 2 + font * 0.36, "end", font, report::detail::ink, name);
      s += text(bx, by, "start", font, report::detail::ink, name,
                " transform=\"rotate(-45 " + fixed(bx, 1) + " " + fixed(by, 1) + ")\"");
    }
    for (int p = 0; p < m.classes(); ++p) {
      const long long count = m(t, p);
      const double part = static_cast<double>(count) / of_truth, cx = left + p * cell;
      s += "<rect x=\"" + fixed(cx, 1) + "\" y=\"" + fixed(y, 1) + "\" width=\"" + fixed(cell - 1, 1) + "\" height=\"" +
           fixed(cell - 1, 1) + "\" fill=\"" + (count ? detail::shade(part, t == p) : "#f4f6f8") + "\"><title>" +
           report::escaped(report::printable(m.name(t) + " taken for " + m.name(p))) + ": " + std::to_string(count) +
           " (" + report::percent(part) + ")</title></rect>\n";
      const std::string digits = std::to_string(count);
      if (numbers && count)
        s += text(cx + cell / 2 - 0.5, y + cell / 2 + 4, "middle",
                  std::min(12.0, 1.5 * (cell - 4) / static_cast<double>(digits.size())),
                  part > 0.35 ? "#ffffff" : report::detail::ink, digits, " pointer-events=\"none\"");
    }
  }
  return s + "</svg>\n";
}

// Replaces the file; see io::replace_file.
inline void write_svg(const ConfusionMatrix& m, const std::string& path,
                      const std::string& title = "Confusion matrix") {
  io::replace_file(path, to_svg(m, title));
}

}  // namespace ctnet
