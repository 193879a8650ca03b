// SPDX-License-Identifier: MIT
// What a layer is to the program: an empty struct that states its shape rule, tensors, work and traits, all constexpr.
#pragma once

#include <concepts>

#include "../backends/kernel.hpp"
#include "../core/fault.hpp"
#include "../core/state.hpp"

namespace ctnet {

// What rewriting needs to know of an operation; a small closed set, so that a new layer needs no new rule.
enum class Role : unsigned char { opaque, contraction, per_channel_affine, activation, join, max_pool };

// What planning needs to know.
struct Traits {
  Role role = Role::opaque;
  bool alias = false;          // the output is the input's memory under another shape; there is no kernel
  bool in_place = false;       // out may be in[0] (and grad_in[0] may be grad_out)
  bool training_only = false;  // predict passes the input through
  bool keeps_input = false;    // backward reads in[]
  bool keeps_output = false;   // backward reads out
  i64 saved = 0;               // elements of notes from forward to backward, whatever the batch
};

// A layer: L::Op, L::traits, L::infer(shape, diagnosis), L::tensors(), L::macs(in, out), L::op(in, out).
template <class L>
concept Layer = requires(Shape s, Diagnosis& d) {
  typename L::Op;
  L::traits.role;
  { L::infer(s, d) } -> std::same_as<Shape>;
  L::tensors();
  L::macs(s, s);
  L::op(s, s);
};

// Base of layers without parameters and without multiplications worth counting.
struct NoState {
  static constexpr TensorSpecs tensors() { return TensorSpecs{}; }
  static constexpr i64 macs(Shape, Shape) { return 0; }
};

}  // namespace ctnet
