// SPDX-License-Identifier: MIT
// A table of text with aligned columns, for summary(), profile() and the like:
//   Table t({{"layer"}, {"parameters", Align::right}});  t.row({"Conv", "456"});  t.rule();  std::fputs(t.str()...)
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "number.hpp"
#include "text.hpp"

namespace ctnet::report {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Cells are made printable. Throws Error where their number is not that of the columns.
  Table& row(std::vector<std::string> cells) {
    if (cells.size() != columns_.size())
      fail("a table of ", columns_.size(), " columns got a row of ", cells.size(), " cells");
    for (std::string& cell : cells) cell = printable(cell);
    rows_.push_back(std::move(cells));
    return *this;
  }
  // A line across, between the rows before and after.
  Table& rule() {
    rows_.emplace_back();
    return *this;
  }

  // Lines end in '\n' and have no trailing blanks. Text is taken as UTF-8.
  std::string str() const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      widths.push_back(width_of(columns_[c].title));
      for (const auto& r : rows_)
        if (!r.empty()) widths[c] = std::max(widths[c], width_of(r[c]));
    }
    std::size_t total = widths.empty() ? 0 : 2 * (widths.size() - 1);
    for (const std::size_t w : widths) total += w;

    std::string out;
    std::vector<std::string> titles;
    for (const Column& c : columns_) titles.push_back(c.title);
    line(out, titles, widths);
    out += std::string(total, '-') + '\n';
    for (const auto& r : rows_) r.empty() ? void(out += std::string(total, '-') + '\n') : line(out, r, widths);
    return out;
  }

 private:
  void line(std::string& out, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) const {
    const std::size_t from = out.size();
    for (std::size_t c = 0; c < cells.size(); ++c) {
      const std::string gap(widths[c] - width_of(cells[c]), ' ');
      if (c > 0) out += "  ";
      out += columns_[c].align == Align::right ? gap + cells[c] : cells[c] + gap;
    }
    while (out.size() > from && out.back() == ' ') out.pop_back();
    out += '\n';
  }

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  // an empty one is a rule
};

}  // namespace ctnet::report
