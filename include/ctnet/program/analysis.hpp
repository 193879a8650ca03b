// SPDX-License-Identifier: MIT
// What the compiler knows about a network on an input, as constants to assert on.
#pragma once

#include "message.hpp"
#include "plan.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // the bounds of arrays are ints

namespace ctnet {

struct LayerFacts {
  Shape in{}, out{};
  i64 parameters = 0;
  i64 macs = 0;   // multiply-accumulates of one image
  i64 bytes = 0;  // of its output, one image, fp32; 0 where it lies in its input's memory
};

// Counts are of one image in fp32. A wrong network is one error that names the layer.
template <class Net, class Input>
class Analysis {
  enum : unsigned { checked = Checked<Net, Input>::size };
  static constexpr int n = detail::leaves<Net>;
  static constexpr const Graph<n>& g() { return graph<Net, Input>; }
  static constexpr i64 element = 4;

  struct Layers {
    LayerFacts layer[n > 0 ? n : 1];
    constexpr const LayerFacts& operator[](int i) const { return layer[i]; }
    constexpr int size() const { return n; }
    constexpr const LayerFacts* begin() const { return layer; }
    constexpr const LayerFacts* end() const { return layer + n; }
  };
  static constexpr Layers facts() {
    Layers f{};
    int root[n + 1]{};
    detail::find_roots(g(), false, root);
    for (int i = 0; i < n; ++i) {
      const OpNode& o = g().op[i];
      const Shape out = g().value[o.out].shape;
      f.layer[i] = {g().value[o.in[0]].shape, out, o.parameter_count, o.macs,
                    root[o.out] == o.out ? element * out.size() : 0};
    }
    return f;
  }

 public:
  static constexpr Shape input = Input::shape;
  static constexpr Shape output = g().value[g().output].shape;
  static constexpr i64 parameters = g().parameters;
  static constexpr i64 state_size = g().parameters + g().statistics;  // with BatchNorm's running statistics
  static constexpr i64 macs = g().macs;
  static constexpr i64 inference_bytes =
      element * plan_inference(g()).size;  // activations, the input counted, by liveness
  // Activations and their gradients. Beyond some 500 layers clang wants -fconstexpr-steps for it; summary() does not.
  static constexpr i64 training_bytes = element * plan_training(g()).size;
  static constexpr Layers layers = facts();
};

}  // namespace ctnet

#pragma GCC diagnostic pop
