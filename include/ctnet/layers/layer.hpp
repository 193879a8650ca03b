// SPDX-License-Identifier: MIT
// What a layer is to the program: an empty struct that states its shape rule, tensors, work and traits, all constexpr.
#pragma once

#include <concepts>
#include <type_traits>

#include "../backends/kernel.hpp"
#include "../core/fault.hpp"
#include "../core/state.hpp"

namespace ctnet {

// What rewriting needs to know of an operation; a small closed set, so that a new layer needs no new rule. Rewriting
// reads the numbers of activations, normalizations and max pools, whose Op is therefore the library's; a layer with an
// Op of its own is opaque, a contraction or a join.
enum class Role : unsigned char { opaque, contraction, per_channel_affine, activation, join, max_pool };

// What a join computes of its inputs. Only a sum may become part of the kernel that makes one of them.
enum class Join : unsigned char { other, sum };

// What planning needs to know.
struct Traits {
  Role role = Role::opaque;
  Join join = Join::other;
  bool alias = false;          // the output is the input's memory under another shape; there is no kernel
  bool in_place = false;       // out may be in[0] (and grad_in[0] may be grad_out)
  bool training_only = false;  // predict passes the input through
  bool keeps_input = false;    // backward reads in[]
  bool keeps_output = false;   // backward reads out
  i64 saved = 0;               // elements of notes from forward to backward, whatever the batch
};

struct ActivationOp;
struct BatchNormOp;
struct MaxPoolOp;
namespace detail {
template <class L>
constexpr bool op_fits_role() {
  if (L::traits.role == Role::activation) return std::is_same_v<typename L::Op, ActivationOp>;
  if (L::traits.role == Role::per_channel_affine) return std::is_same_v<typename L::Op, BatchNormOp>;
  return L::traits.role != Role::max_pool || std::is_same_v<typename L::Op, MaxPoolOp>;
}
}  // namespace detail

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
