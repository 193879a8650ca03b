// SPDX-License-Identifier: MIT
// A history as comma-separated values: one line per epoch under a line of names. What was not measured is an empty
// cell.
#pragma once

#include <cmath>
#include <string>

#include "../core/finite.hpp"
#include "../io/file.hpp"
#include "history.hpp"
#include "number.hpp"

namespace ctnet {

inline std::string to_csv(const History& history) {
  std::string s =
      "epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,seconds,images_per_second,images\n";
  for (const EpochRecord& e : history) {
    s += std::to_string(e.epoch);
    for (const double v : {e.loss, e.accuracy, e.validation_loss, e.validation_accuracy, e.learning_rate, e.seconds,
                           e.images_per_second})
      s.append(",").append(is_finite(v) ? report::general(v, 9) : std::string{});
    s.append(",").append(std::to_string(e.images)).append("\n");
  }
  return s;
}

// Replaces the file; see io::replace_file.
inline void write_csv(const History& history, const std::string& path) { io::replace_file(path, to_csv(history)); }

}  // namespace ctnet
