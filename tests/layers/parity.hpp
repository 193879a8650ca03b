// SPDX-License-Identifier: MIT
// Every layer against PyTorch's recorded numbers (tests/fixtures/make_layers.py): forward, backward and running
// statistics, in double and in float, on every backend.
#pragma once

#include <set>

#include "../support/fixture.hpp"
#include "conformance.hpp"

namespace test {

inline const ctnet::io::Safetensors& layers_file() {
  static const auto f = ctnet::io::Safetensors::open(CTNET_FIXTURES_DIR "/layers.safetensors");
  return f;
}

// A record's shape is (N, C, H, W) or (N, F).
inline void check_shape(const Recorded& r, const Shape& s, const std::string& what) {
  ctnet::io::Dims dims{3};
  for (int i = 0; i < s.rank; ++i) dims.push_back(static_cast<std::size_t>(s.d[i]));
  CHECK_MESSAGE(r.shape == dims, what, ": PyTorch gives ", ctnet::io::words(r.shape), ", we give ",
                ctnet::io::words(dims));
}

// The cases are all that the file has of their kind: "conv/...".
template <class Op>
void matches_pytorch(const std::vector<Case<Op>>& cases) {
  std::set<std::string> compared;
  for (const Case<Op>& c : cases) {
    const Inputs in = inputs_of(c, 3);
    auto all = [&]<class B>(B*) {
      on_every_target<B>([&](const std::string& backend) {
        const double bound = layer_bound<typename B::scalar>;
        const Outputs got = run<B>(c, in);
        auto check = [&](const char* tensor, const Doubles& ours) {
          const std::string name = c.name + "." + tensor;
          compared.insert(name);
          check_close(ours, recorded(layers_file(), name), bound, name + ", " + backend);
        };
        check_shape(recorded(layers_file(), c.name + ".y"), c.out, c.name);
        check("y", got.y);
        check("grad_x", got.grad_x[0]);
        if (c.parameters > 0) check("grad_parameters", got.grad_parameters);
        if (c.statistics > 0) check("statistics", got.statistics);
        if (c.statistics > 0) check("y_predict", got.y_predict);
      });
    };
    all(static_cast<Reference<double>*>(nullptr));
    all(static_cast<Cpu<double>*>(nullptr));
    all(static_cast<Cpu<float>*>(nullptr));
  }
  const std::string kind = cases[0].name.substr(0, cases[0].name.find('/') + 1);
  for (const auto& t : layers_file().tensors())
    if (t.name.compare(0, kind.size(), kind) == 0)
      CHECK_MESSAGE(compared.count(t.name) == 1, t.name, " is compared with nothing");
}

}  // namespace test
