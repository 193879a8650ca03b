// SPDX-License-Identifier: MIT
// What can be wrong with a network, as plain data. program/message.hpp puts it into words.
#pragma once

#include "shape.hpp"
#include "words.hpp"

namespace ctnet {

enum class FaultKind : unsigned char {
  none,
  channels,          // layer expects want.c() channels, gets have
  features,          // layer expects want.d[0] features, gets have
  flatten_missing,   // layer expects want.d[0] features, gets an image; Flatten would help
  image_expected,    // layer expects an image, gets have
  window,            // window want.d[0] (x want.d[1]) does not fit into have
  groups,            // number[0] groups do not divide number[1] channels
  positive,          // `what` is number[0], must be positive
  not_negative,      // `what` is number[0], must not be negative
  same_stride,       // Same, with a stride of number[0]
  same_window,       // Same, for a window that spans number[0] pixels, an even number
  pool_pad,          // pad number[0] is more than half of window number[1]
  probability,       // number[0] / number[1] outside 0 .. 1, or 1
  momentum,          // number[0] / number[1] outside 0 .. 1
  option_unknown,    // option `what` is of no use to this layer
  option_twice,      // option `what` was given before
  too_large,         // the layer's output has more values than an int counts
  weight_too_large,  // its weight has
  no_layer,          // a type that is neither layer nor container; `what` it lacks
  tap_missing,       // reads a tap that no layer before it sets
  tap_twice,         // sets a tap that exists, the number[0]th of the network
  branch,            // branch number[0] gives have, the first gives want
  branches,          // number[0] branches, at most max_inputs
  tap_shape,         // the tap gives have, expected is want
  open_input,        // the network's input leaves its height or width open
  input_size,        // the network's input has a size that is not positive
  input_too_large,   // or more values than an int counts
  empty,             // a container without branches
};

struct Fault {
  int leaf = -1;  // layer index; -1 while all is well
  FaultKind kind = FaultKind::none;
  Shape want{}, have{};
  int number[2] = {0, 0};
  words::Word what{};

  constexpr bool operator==(const Fault&) const = default;
  constexpr explicit operator bool() const { return kind != FaultKind::none; }
};

// Keeps the first fault. A layer that blames goes on as if it had got what it expects, so that there is exactly one.
struct Diagnosis {
  int leaf = 0;  // the layer at work
  Fault first{};

  constexpr void blame(FaultKind kind, Shape want = {}, Shape have = {}, int a = 0, int b = 0) {
    if (!first) first = {leaf, kind, want, have, {a, b}, {}};
  }
  constexpr void blame(FaultKind kind, words::Word what, int a = 0) {
    if (!first) first = {leaf, kind, {}, {}, {a, 0}, what};
  }
};

}  // namespace ctnet
