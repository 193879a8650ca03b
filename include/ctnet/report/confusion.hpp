// SPDX-License-Identifier: MIT
// Counts of (truth, predicted) pairs and what follows from them, by class: precision = TP / (TP + FP),
// recall = TP / (TP + FN), F1 = 2 TP / (2 TP + FP + FN). A quotient 0 / 0 is not_measured (NaN), shown as "-".
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "history.hpp"
#include "number.hpp"
#include "table.hpp"
#include "text.hpp"

namespace ctnet {

class ConfusionMatrix {
 public:
  ConfusionMatrix() = default;
  explicit ConfusionMatrix(int classes, std::vector<std::string> names = {})
      : classes_(classes), names_(std::move(names)) {
    if (classes < 0 || (!names_.empty() && names_.size() != static_cast<std::size_t>(classes)))
      fail("a confusion matrix of ", classes, " classes got ", names_.size(), " class names");
    counts_.resize(static_cast<std::size_t>(classes) * static_cast<std::size_t>(classes));
  }

  int classes() const { return classes_; }
  // The name of class `c`, or its number where no names were given.
  std::string name(int c) const { return names_.empty() ? std::to_string(c) : names_[static_cast<std::size_t>(c)]; }

  // Throws Error where a class is out of range.
  void add(int truth, int predicted, long long count = 1) { counts_[index(truth, predicted)] += count; }
  long long operator()(int truth, int predicted) const { return counts_[index(truth, predicted)]; }
  ConfusionMatrix& operator+=(const ConfusionMatrix& o) {
    if (o.classes_ != classes_) fail("a confusion matrix of ", classes_, " classes cannot take one of ", o.classes_);
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += o.counts_[i];
    return *this;
  }

  // Images whose truth is c, and images taken for c.
  long long of_truth(int c) const { return sum(c, 1, 0); }
  long long of_predicted(int c) const { return sum(c, 0, 1); }
  long long total() const {
    long long n = 0;
    for (const long long v : counts_) n += v;
    return n;
  }
  long long correct() const {
    long long n = 0;
    for (int c = 0; c < classes_; ++c) n += (*this)(c, c);
    return n;
  }
  double accuracy() const { return ratio(correct(), total()); }
  double precision(int c) const { return ratio((*this)(c, c), of_predicted(c)); }
  double recall(int c) const { return ratio((*this)(c, c), of_truth(c)); }
  double f1(int c) const { return ratio(2 * (*this)(c, c), of_truth(c) + of_predicted(c)); }

  // One row per class (truth), its counts and its three figures; beyond `widest` classes the counts are left out.
  std::string str(int widest = 20) const {
    std::vector<report::Column> columns{{"truth \\ predicted"}};
    const bool counts = classes_ <= widest;
    for (int p = 0; counts && p < classes_; ++p)
      columns.push_back({report::shortened(report::printable(name(p)), 8), report::Align::right});
    for (const char* title : {"images", "precision", "recall", "F1"}) columns.push_back({title, report::Align::right});
    report::Table table(std::move(columns));
    for (int t = 0; t < classes_; ++t) {
      std::vector<std::string> cells{report::shortened(report::printable(name(t)), 24)};
      for (int p = 0; counts && p < classes_; ++p) cells.push_back(std::to_string((*this)(t, p)));
      cells.push_back(std::to_string(of_truth(t)));
      for (const double v : {precision(t), recall(t), f1(t)}) cells.push_back(report::percent(v));
      table.row(std::move(cells));
    }
    return table.str() + "accuracy " + report::percent(accuracy(), 2) + ", " + report::grouped(correct()) + " of " +
           report::grouped(total()) + " images\n";
  }

 private:
  std::size_t index(int truth, int predicted) const {
    if (truth < 0 || truth >= classes_ || predicted < 0 || predicted >= classes_)
      fail("class pair (", truth, ", ", predicted, ") is outside a confusion matrix of ", classes_, " classes");
    return static_cast<std::size_t>(truth) * static_cast<std::size_t>(classes_) + static_cast<std::size_t>(predicted);
  }
  long long sum(int c, int by_truth, int by_predicted) const {
    long long n = 0;
    for (int k = 0; k < classes_; ++k)
      n += (*this)(by_truth * c + (1 - by_truth) * k, by_predicted * c + (1 - by_predicted) * k);
    return n;
  }
  static double ratio(long long part, long long whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : not_measured;
  }

  int classes_ = 0;
  std::vector<std::string> names_;
  std::vector<long long> counts_;  // [truth][predicted]
};

}  // namespace ctnet
