// SPDX-License-Identifier: MIT
// A network's state (parameters and running statistics, layer by layer) into the packed weights of its stages.
#pragma once

#include <type_traits>

#include "../layers/norm/deploy.hpp"
#include "plan.hpp"

namespace ctnet::deployment {

// Where the tensors of a network's layers lie in its state.
struct Source {
  const OpNode* op;
  const TensorPlace* tensor;
  const i64* offset;
  int tensors;

  // The offset of a layer's first tensor with this role, or -1.
  i64 find(int leaf, TensorRole role) const {
    for (int t = 0; t < tensors; ++t)
      if (tensor[t].leaf == leaf && tensor[t].spec.role == role) return offset[t];
    return -1;
  }
};

namespace detail {

inline void pack_stage(const Source& from, const Stage& s, const Map* map, Precision precision, const float* state,
                       float* to) {
  const i64 weight = from.find(s.leaf, TensorRole::weight), bias = from.find(s.leaf, TensorRole::bias);
  const cpu::Layout& out = map[s.out].layout;
  float* shift = to;  // of each output, behind the packed weights
  i64 shifts = 0;
  cpu::RowsPlan rows;
  cpu::LinearPlan linear;
  i64 weights = 0;
  if (s.kind == Kind::conv) {
    shift += conv_weights(s.conv, s.bf16);
  } else if (s.kind == Kind::rows) {
    rows = rows_plan(s, map);
    shift += ctnet::detail::padded(cpu::packed_size(rows));
  } else if (s.kind == Kind::linear) {
    linear = linear_plan(s, map);
    shift += linear_weights(s, map, precision);
  } else {
    weights = unpack_op<ConvOp>(s.op).weights();
    shift += weights;
  }
  shifts = s.weight_count - (shift - to);
  const int outputs = s.kind == Kind::linear ? linear.op.out : out.c;
  for (i64 k = 0; k < shifts; ++k) shift[k] = 0;
  for (int k = 0; bias >= 0 && k < outputs; ++k) shift[k] = state[bias + k];

  // The normalization behind it:  (w x + b) scale + (shift of the norm).
  float* scale = nullptr;
  if (s.norm >= 0) {
    const auto norm = unpack_op<BatchNormOp>(from.op[s.norm].op);
    const float* n = state + from.find(s.norm, TensorRole::weight);
    scale = shift + shifts;  // room behind the stage, overwritten by the next
    for (int k = 0; k < norm.c; ++k) {
      const cpu::Affine a = cpu::affine_of(norm, n, k);
      shift[k] = static_cast<float>(static_cast<double>(shift[k]) * a.scale + a.shift);
      scale[k] = static_cast<float>(a.scale);
    }
  }
  if (s.kind == Kind::conv && uses_bf16(s.conv, s.bf16))
    cpu::pack_bf16(s.bf16, state + weight, scale, to);
  else if (s.kind == Kind::linear && linear_uses_bf16(precision))
    cpu::pack_linear_bf16(linear_bf16_plan(s, map, precision), state + weight, scale, to);
  else if (s.kind == Kind::conv)
    cpu::pack_conv(s.conv, state + weight, scale, to);
  else if (s.kind == Kind::rows)
    cpu::pack_rows(rows, state + weight, scale, to);
  else if (s.kind == Kind::linear)
    cpu::pack_linear(linear, state + weight, scale, to);
  else
    for (i64 i = 0; i < weights; ++i) to[i] = state[weight + i] * (scale ? scale[i / (weights / out.c)] : 1.0f);
}

}  // namespace detail

// Stages are packed one after the other; a folded normalization uses the room behind its stage meanwhile.
template <class T>
void pack_state(const Source& from, const Stage* stage, int stages, const Map* map,
                [[maybe_unused]] Precision precision, const T* state, T* packed) noexcept {
  for (int i = 0; i < stages; ++i) {
    const Stage& s = stage[i];
    if (s.leaf < 0) continue;
    T* to = packed + s.weights;
    if constexpr (std::is_same_v<T, float>) {
      if (s.kind == Kind::affine) {
        const auto norm = unpack_op<BatchNormOp>(s.op);
        const float* n = state + from.find(s.leaf, TensorRole::weight);
        for (i64 k = 0; k < s.weight_count; ++k) to[k] = 0;
        for (int k = 0; k < norm.c; ++k) {
          const cpu::Affine a = cpu::affine_of(norm, n, k);
          to[k] = static_cast<float>(a.scale);
          to[s.weight_count / 2 + k] = static_cast<float>(a.shift);
        }
        continue;
      }
      if (s.norm >= 0 || s.kind != Kind::plain) {
        if (from.find(s.leaf, TensorRole::weight) >= 0) detail::pack_stage(from, s, map, precision, state, to);
        continue;
      }
    }
    // Parameters, then statistics; a layer's tensors lie one after the other in the state.
    for (int t = 0; t < from.tensors; ++t)
      if (from.tensor[t].leaf == s.leaf)
        for (i64 k = 0; k < from.tensor[t].spec.size(); ++k) *to++ = state[from.offset[t] + k];
  }
}

}  // namespace ctnet::deployment
