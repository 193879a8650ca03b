// SPDX-License-Identifier: MIT
// Layers' names: the type as the user wrote it, and PyTorch's dotted path. Taps are not counted.
#include <ctnet/program/describe.hpp>

#include <doctest/doctest.h>

#include "big_nets.hpp"

using namespace test::nets;

template <class Net>
static std::string paths() {
  std::string s;
  for (const LayerName& n : layer_names<Net>()) s += n.path + " " + n.type + "\n";
  return s;
}

TEST_CASE("names of nested networks") {
  CHECK(paths<Sequential<Conv<3, 6, 5>, ReLU, MaxPool<2>>>() == "0 Conv<3, 6, 5>\n1 ReLU\n2 MaxPool<2>\n");
  CHECK(paths<Sequential<ReLU, Sequential<Flatten, Linear<4, 2>>, Softmax>>() ==
        "0 ReLU\n1.0 Flatten\n1.1 Linear<4, 2>\n2 Softmax\n");
  CHECK(paths<Sequential<Residual<Sequential<ReLU, Tanh>, Conv<2, 2, 1>>, GELU>>() ==
        "0.main.0 ReLU\n0.main.1 Tanh\n0.shortcut Conv<2, 2, 1>\n0.add Add\n1 GELU\n");
  CHECK(paths<Sequential<Residual<ReLU>>>() == "0.main ReLU\n0.add Add\n");
  CHECK(paths<Sequential<Concat<ReLU, Sequential<>, Sequential<SiLU, Tanh>>>>() ==
        "0.0 ReLU\n0.2.0 SiLU\n0.2.1 Tanh\n0.concat ConcatChannels\n");
  CHECK(paths<Sequential<Tap<"a">, ReLU, Tap<"b">, Sigmoid>>() == "0 ReLU\n1 Sigmoid\n");
  CHECK(paths<Sequential<>>() == "");
  CHECK(paths<ReLU>() == " ReLU\n");
}

TEST_CASE("names of ResNet-50 are as many as its layers, each once") {
  const auto names = layer_names<ResNet50>();
  CHECK(names.size() == static_cast<std::size_t>(ctnet::detail::leaves<ResNet50>));
  CHECK(names[0].path == "0");
  CHECK(names[4].path == "4.0.0.main.0");
  CHECK(names.back().path == "10");
  CHECK(names.back().type == "Linear<2048, 1000>");
  for (std::size_t i = 0; i < names.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) CHECK(names[i].path != names[j].path);
}
