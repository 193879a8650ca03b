// SPDX-License-Identifier: MIT
// One layer on one input, as data: what its kernels are called with. A case is made from a descriptor (on), or from
// bare operations where sizes are drawn at random.
#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctnet/layers/layer.hpp>

namespace test {

using ctnet::i64;
using ctnet::Shape;

template <class Op_>
struct Case {
  using Op = Op_;
  std::string name;
  Op op{};
  std::vector<Shape> in;
  Shape out{};
  i64 parameters = 0, statistics = 0;
  ctnet::Traits traits{};
  double scale = 1, offset = 0;  // of the input's values
  bool saturates = false;        // slopes may all be tiny: errors of gradients count against the gradient that comes in
};

struct Values {
  double scale = 1, offset = 0;
  bool saturates = false;
};

// Layer L on an input of shape `in`; its name names its numbers (support/values.hpp) and its record in
// layers.safetensors.
template <ctnet::Layer L>
Case<typename L::Op> on(const std::string& name, const Shape& in, const Values& x = {}) {
  ctnet::Diagnosis d;
  Case<typename L::Op> c;
  c.name = name;
  c.in = {in};
  c.out = L::infer(in, d);
  REQUIRE_MESSAGE(!d.first, name, " is no layer for its input");
  c.op = L::op(in, c.out);
  const ctnet::TensorSpecs tensors = L::tensors();
  for (int i = 0; i < tensors.count; ++i)
    (tensors.t[i].parameter() ? c.parameters : c.statistics) += tensors.t[i].size();
  c.traits = L::traits;
  c.scale = x.scale;
  c.offset = x.offset;
  c.saturates = x.saturates;
  return c;
}

}  // namespace test
