// SPDX-License-Identifier: MIT
// What an update rule is told: which stretch of the parameters it works on, with which rate and decay, at which step.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "../core/check.hpp"
#include "../core/state.hpp"

namespace ctnet {

// Parameters that are treated alike: one tensor, or neighbours where a step passes over them at once.
struct Segment {
  std::size_t offset = 0, size = 0;  // in elements of the parameter buffer
  bool decays = true;                // weight decay applies
  double rate_scale = 1;             // of the optimizer's learning rate
  bool frozen = false;               // neither updated nor counted in the gradient's norm
  i64 skipped = 0;                   // steps that passed while it was frozen
  int layer = -1;                    // whose it is, by index
  i64 rows = 0;                      // of a weight as a matrix, (dimension 0, the rest); 0: a vector

  bool alike(const Segment& o) const {
    return decays == o.decays && rate_scale == o.rate_scale && frozen == o.frozen && skipped == o.skipped &&
           rows == 0 && o.rows == 0;
  }
};

// One update of one segment. t counts its steps from 1.
struct SegmentStep {
  double learning_rate = 0;
  double weight_decay = 0;
  i64 t = 1;
  bool decays = true;  // weight decay applies
};

namespace detail {

// The parameters among `tensors`, one segment for each. They must cover `total` elements.
template <class Tensors>
std::vector<Segment> segments_of(const Tensors& tensors, bool decay_all, std::size_t total) {
  std::vector<Segment> segments;
  std::size_t covered = 0;
  for (const TensorPlace& t : tensors) {
    if (!t.spec.parameter()) continue;
    const Segment s{static_cast<std::size_t>(t.offset),
                    static_cast<std::size_t>(t.spec.size()),
                    decay_all || t.spec.decays,
                    1,
                    false,
                    0,
                    t.leaf,
                    t.spec.rank > 1 ? t.spec.dims[0] : 0};
    covered += s.size;
    segments.push_back(s);
  }
  if (covered != total) fail("Optimizer: the network's tensors have ", covered, " parameters, its buffer ", total);
  return segments;
}

// Appends a segment, to the last one where that ends where it begins and is treated alike.
inline void append_run(std::vector<Segment>& runs, const Segment& s) {
  if (!runs.empty() && runs.back().offset + runs.back().size == s.offset && runs.back().alike(s))
    runs.back().size += s.size;
  else
    runs.push_back(s);
}

// Optimizers that treat a weight as a matrix say so; the others see stretches of parameters, whatever their shape.
template <class Config>
inline constexpr bool takes_matrices = requires { Config::matrices; };

// All parameters, which the segments cover.
inline std::size_t parameters_in(std::span<const Segment> segments) {
  std::size_t n = 0;
  for (const Segment& s : segments) n += s.size;
  return n;
}

}  // namespace detail
}  // namespace ctnet
