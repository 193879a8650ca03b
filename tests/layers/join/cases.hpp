// SPDX-License-Identifier: MIT
// Joins to try: two to eight values, one element, odd sizes.
#pragma once

#include <ctnet/layers/join.hpp>

#include "../case.hpp"

namespace test::join {

inline Case<ctnet::AddOp> sum_of(int inputs, const Shape& s) {
  Case<ctnet::AddOp> c;
  c.name = "add/" + std::to_string(inputs) + " of " + std::to_string(s.size());
  c.op = {inputs, static_cast<int>(s.size())};
  c.in.assign(static_cast<std::size_t>(inputs), s);
  c.out = s;
  c.traits = ctnet::Add::traits;
  return c;
}
inline Case<ctnet::ConcatOp> channels_of(const std::vector<int>& channels, int h, int w) {
  Case<ctnet::ConcatOp> c;
  c.name = "concat/" + std::to_string(h) + " x " + std::to_string(w);
  c.op = {static_cast<int>(channels.size()), h * w, {}};
  int sum = 0;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    c.op.c[i] = channels[i];
    sum += channels[i];
    c.in.push_back({channels[i], h, w});
    c.name += " " + std::to_string(channels[i]);
  }
  c.out = {sum, h, w};
  c.traits = ctnet::ConcatChannels::traits;
  return c;
}
inline std::vector<Case<ctnet::AddOp>> sums() {
  return {sum_of(2, {3, 5, 7}), sum_of(2, {1}), sum_of(3, {2, 3, 3}), sum_of(8, {17}), sum_of(2, {16, 9, 11})};
}
inline std::vector<Case<ctnet::ConcatOp>> concats() {
  return {channels_of({2, 3}, 4, 5),
          channels_of({1}, 3, 3),
          channels_of({1, 1}, 1, 1),
          channels_of({3, 1, 4}, 1, 1),
          channels_of({1, 2, 3, 4, 5, 6, 7, 8}, 3, 1),
          channels_of({16, 33}, 7, 9)};
}

}  // namespace test::join
