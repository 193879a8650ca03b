// SPDX-License-Identifier: MIT
// What rewriting has to know of a network's operations beside their roles: which have kernels on blocked maps.
#pragma once

#include "../layers/activation/op.hpp"
#include "../layers/join/op.hpp"
#include "../layers/norm/op.hpp"
#include "../layers/pool/op.hpp"
#include "../program/containers.hpp"
#include "stage.hpp"

namespace ctnet::deployment {

template <class Op>
inline constexpr Kind kind_of = Kind::plain;
template <>
inline constexpr Kind kind_of<ConvOp> = Kind::conv;
template <>
inline constexpr Kind kind_of<LinearOp> = Kind::linear;
template <>
inline constexpr Kind kind_of<BatchNormOp> = Kind::affine;
template <>
inline constexpr Kind kind_of<ActivationOp> = Kind::activation;
template <>
inline constexpr Kind kind_of<MaxPoolOp> = Kind::max_pool;
template <>
inline constexpr Kind kind_of<AvgPoolOp> = Kind::mean_pool;
template <>
inline constexpr Kind kind_of<AdaptiveAvgPoolOp> = Kind::adaptive_pool;
template <>
inline constexpr Kind kind_of<AddOp> = Kind::add;
template <>
inline constexpr Kind kind_of<ConcatOp> = Kind::concat;

template <class Net>
struct Kinds {
  Kind kind[ctnet::detail::leaves<Net> + 1]{};
  constexpr Kinds() {
    Collector v{kind};
    ctnet::detail::walk<Net>(v);
  }

 private:
  struct Collector {
    Kind* at;
    constexpr void enter(int) {}
    constexpr void enter(const char*) {}
    constexpr void leave() {}
    template <class L>
    constexpr void leaf() {
      *at++ = kind_of<typename L::Op>;
    }
  };
};

}  // namespace ctnet::deployment
