// SPDX-License-Identifier: MIT
// A history as a picture: the loss, and where it was measured the accuracy, over the epochs; training and validation in
// one panel each. Steps, where recorded, lie behind the loss as a faint line of at most 300 means.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "../core/finite.hpp"
#include "../io/file.hpp"
#include "history.hpp"
#include "plot.hpp"

namespace ctnet {

struct SvgOptions {
  std::string title{};  // above the panels, where not empty
  int width = 800, height = 450;
};

namespace detail {

// Series of one member over the epochs; empty where no epoch has a finite one.
inline report::Series epoch_series(const History& h, const char* name, const char* color, double EpochRecord::*member,
                                   double scale) {
  report::Series s{name, color, {}};
  bool any = false;
  for (const EpochRecord& e : h) {
    s.points.emplace_back(e.epoch, scale * (e.*member));
    any = any || is_finite(e.*member);
  }
  if (!any) s.points.clear();
  return s;
}

inline report::Series step_series(const History& h) {
  report::Series s{"steps", "#bcd3f5", {}, 1.2, false};
  const std::size_t n = h.steps.size(), bins = std::min<std::size_t>(n, 300);
  if (n == 0 || h.steps.back().step <= 0) return s;
  const double per_epoch = static_cast<double>(h.steps.back().step) / (h.empty() ? 1 : std::max(1, h.back().epoch));
  for (std::size_t b = 0; b < bins; ++b) {
    const std::size_t from = b * n / bins, to = (b + 1) * n / bins;
    double sum = 0;
    for (std::size_t i = from; i < to; ++i) sum += h.steps[i].loss;
    s.points.emplace_back(static_cast<double>(h.steps[to - 1].step) / per_epoch, sum / static_cast<double>(to - from));
  }
  return s;
}

}  // namespace detail

inline std::string to_svg(const History& history, const SvgOptions& options = {}) {
  constexpr const char *blue = "#2563eb", *orange = "#e8710a";
  report::Panel loss{"Loss", "epoch", {}, ""}, accuracy{"Accuracy", "epoch", {}, " %"};
  accuracy.y_low = 0, accuracy.y_high = 100;
  const auto put = [](report::Panel& p, report::Series s) {
    if (!s.points.empty()) p.series.push_back(std::move(s));
  };
  put(loss, detail::step_series(history));
  put(loss, detail::epoch_series(history, "training", blue, &EpochRecord::loss, 1));
  put(loss, detail::epoch_series(history, "validation", orange, &EpochRecord::validation_loss, 1));
  put(accuracy, detail::epoch_series(history, "training", blue, &EpochRecord::accuracy, 100));
  put(accuracy, detail::epoch_series(history, "validation", orange, &EpochRecord::validation_accuracy, 100));

  const double w = options.width, h = options.height, top = options.title.empty() ? 22 : 58;
  std::string s = report::svg_begin(options.width, options.height, options.title.empty() ? "Training" : options.title);
  if (!options.title.empty())
    s += report::detail::text(24, 36, "start", 18, report::detail::ink, options.title, " font-weight=\"600\"");
  if (accuracy.series.empty()) return s + report::draw(loss, 24, top, w - 48, h - top - 10) + "</svg>\n";
  s += report::draw(loss, 24, top, w / 2 - 40, h - top - 10);
  s += report::draw(accuracy, w / 2 + 16, top, w / 2 - 40, h - top - 10);
  return s + "</svg>\n";
}

// Replaces the file; see io::replace_file.
inline void write_svg(const History& history, const std::string& path, const SvgOptions& options = {}) {
  io::replace_file(path, to_svg(history, options));
}

}  // namespace ctnet
