// SPDX-License-Identifier: MIT
// What can be wrong with a network, as plain data. program/message.hpp puts it into words.
#pragma once

#include "shape.hpp"

namespace ctnet {

enum class FaultKind : unsigned char {
  none,
  channels,         // layer expects want.c() channels, gets have
  features,         // layer expects want.d[0] features, gets have
  flatten_missing,  // layer expects want.d[0] features, gets an image; Flatten would help
  image_expected,   // layer expects an image, gets have
  window,           // window want.d[0] (x want.d[1]) does not fit into have
  groups,           // number[0] groups do not divide number[1] channels
  positive,         // an option or size is number[0], must be positive
  pool_pad,         // pad number[0] is more than half of window number[1]
  ratio,            // a probability number[0] / number[1] outside 0 .. 1
  option_unknown,   // option number[0] (its position) is of no use to this layer
  option_twice,     // option number[0] (its position) was given before
  tap_missing,      // reads a tap that no layer before it sets
  tap_twice,        // sets a tap that exists
  branch,           // branch number[0] gives have, the first gives want
  tap_shape,        // the tap gives have, expected is want
  open_input,       // the network's input leaves its height or width open
  empty,            // a container without branches
};

struct Fault {
  int leaf = -1;  // layer index; -1 while all is well
  FaultKind kind = FaultKind::none;
  Shape want{}, have{};
  int number[2] = {0, 0};

  constexpr bool operator==(const Fault&) const = default;
  constexpr explicit operator bool() const { return kind != FaultKind::none; }
};

// Keeps the first fault. A layer that blames goes on as if it had got what it expects, so that there is exactly one.
struct Diagnosis {
  int leaf = 0;  // the layer at work
  Fault first{};

  constexpr void blame(FaultKind kind, Shape want = {}, Shape have = {}, int a = 0, int b = 0) {
    if (!first) first = {leaf, kind, want, have, {a, b}};
  }
};

}  // namespace ctnet
