// SPDX-License-Identifier: MIT
// Whole networks against PyTorch's recorded numbers (tests/fixtures/make_layers.py): three forwards in training mode, a
// backward, evaluation mode; outputs, both gradients, and running statistics. Tensors are found by PyTorch's names.
#include <cmath>

#include <ctnet/program/describe.hpp>

#include "../support/compare.hpp"
#include "../support/fixture.hpp"
#include "../support/targets.hpp"
#include "../support/values.hpp"
#include "nets.hpp"

using namespace test;
using namespace ctnet;

static const io::Safetensors& file() {
  static const auto f = io::Safetensors::open(CTNET_FIXTURES_DIR "/nets.safetensors");
  return f;
}

// The script's sample(): every element, or every 61st with two sums.
static std::vector<double> sampled(const std::vector<double>& v) {
  if (v.size() <= 2048) return v;
  std::vector<double> s;
  double sum = 0, magnitudes = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (i % 61 == 0) s.push_back(v[i]);
    sum += v[i];
    magnitudes += std::fabs(v[i]);
  }
  s.push_back(sum), s.push_back(magnitudes);
  return s;
}
// The two sums are compared by themselves: they are larger than all else.
static void check_sampled(const std::vector<double>& all, const Recorded& want, double bound, const std::string& what) {
  std::vector<double> got = sampled(all), expected = want.values;
  REQUIRE(got.size() == expected.size());
  if (all.size() > 2048)
    for (int i = 0; i < 2; ++i) {
      CHECK_MESSAGE(std::fabs(got.back() - expected.back()) <= bound * std::fmax(1, std::fabs(expected.back())), what,
                    ": a sum is ", got.back(), ", expected ", expected.back());
      got.pop_back(), expected.pop_back();
    }
  check_close(got, expected, bound, what);
}

template <class Net, class Input, class B>
static void matches_pytorch(const std::string& name, const std::string& backend) {
  using T = typename B::scalar;
  const double bound = sizeof(T) == 8 ? 1e-10 : 1e-4;  // whole networks: DESIGN.md's bound holds per layer
  Network<Net, Input, B> net{Seed{1}};
  const auto names = layer_names<Net>();
  std::vector<T> state;
  for (const TensorPlace& t : net.tensors()) {
    const std::string key = name + "." + names[static_cast<std::size_t>(t.leaf)].path + "." + ctnet::name(t.spec.role);
    const auto n = static_cast<std::size_t>(t.spec.size());
    bool norm = false;
    for (const TensorPlace& u : net.tensors())
      norm = norm || (u.leaf == t.leaf && u.spec.role == TensorRole::running_var);
    std::vector<T> v;
    if (norm) {
      v = values<T>(key, n, 0.5, t.spec.role == TensorRole::weight || t.spec.role == TensorRole::running_var ? 1 : 0);
    } else {
      const double fan_in = t.spec.rank > 1 ? static_cast<double>(t.spec.size() / t.spec.dims[0]) : 4;
      v = values<T>(key, n, std::exp2(-std::floor(std::log2(std::sqrt(fan_in)))));
    }
    state.insert(state.end(), v.begin(), v.end());
  }
  net.load_state(state);
  CHECK(net.state() == state);

  const auto of = [&](const char* what) { return recorded(file(), name + "." + what); };
  const auto size = static_cast<std::size_t>(2 * Input::shape.size());
  for (const int i : {0, 1, 2}) {
    const std::string y = "y" + std::to_string(i);
    const auto x = values<T>(name + ".x" + std::to_string(i), size);
    check_close(net.forward(x), of(y.c_str()), bound, name + "." + y + ", " + backend);
  }
  const Recorded y = of("y2");
  net.zero_grad();
  const auto grad_x = net.backward_to_input(values<T>(name + ".grad", y.size()));
  check_close(grad_x, of("grad_x"), bound, name + ".grad_x, " + backend);
  const auto g = net.gradients();
  check_sampled({g.begin(), g.end()}, of("grad_parameters"), bound, name + ".grad_parameters, " + backend);
  const auto after = net.state();
  check_sampled({after.begin(), after.end()}, of("state"), bound, name + ".state, " + backend);
  check_close(net.predict(values<T>(name + ".x0", size)), of("y_eval"), bound, name + ".y_eval, " + backend);
}

template <class Net, class Input>
static void matches_pytorch(const std::string& name) {
  auto all = [&]<class B>(B*) {
    on_every_target<B>([&](const std::string& backend) { matches_pytorch<Net, Input, B>(name, backend); });
  };
  all(static_cast<Reference<double>*>(nullptr));
  all(static_cast<Cpu<double>*>(nullptr));
  all(static_cast<Cpu<float>*>(nullptr));
}

TEST_CASE("LeNet gives PyTorch's numbers") { matches_pytorch<nets::LeNet, Image<3, 32, 32>>("lenet"); }
TEST_CASE("a small ResNet gives PyTorch's numbers") { matches_pytorch<nets::ResNet, Image<3, 17, 15>>("resnet"); }
TEST_CASE("a small Inception gives PyTorch's numbers") {
  matches_pytorch<nets::Inception, Image<3, 9, 11>>("inception");
}
TEST_CASE("a small U-Net gives PyTorch's numbers") { matches_pytorch<nets::UNet, Image<2, 7, 9>>("unet"); }
