// SPDX-License-Identifier: MIT
// Whole networks' gradients, of parameters and of the input, against central differences in double: the plan of the
// memory, values used more than once, what is done in place, ways to begin and to end.
#include <ctnet/ctnet.hpp>

#include "support/compare.hpp"
#include "support/values.hpp"

using namespace ctnet;

namespace {

// loss = sum of weight * output; its gradient in the direction of each parameter and input.
template <class Net, class In, class B = Reference<double>>
void check(const char* what, std::size_t n = 2) {
  Network<Net, In, B> net{Seed{11}};
  using Facts = typename decltype(net)::Facts;
  auto x = test::distinct_values(5, n * static_cast<std::size_t>(Facts::input.size()));
  const auto w = test::values("weight", n * static_cast<std::size_t>(Facts::output.size()));
  const auto statistics = std::vector<double>(net.statistics().begin(), net.statistics().end());
  const auto loss = [&] {
    net.engine().random_state(11, 4);
    const auto y = net.forward(x);
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += w[i] * y[i];
    return sum;
  };
  const auto slope = [&](double& at) {
    const double h = 1e-5, was = at;
    at = was + h;
    const double above = loss();
    at = was - h;
    const double below = loss();
    at = was;
    return (above - below) / (2 * h);
  };
  loss();
  net.backward(w);
  const std::vector<double> without(net.gradients().begin(), net.gradients().end());
  net.zero_grad();
  loss();
  const auto gx = net.backward_to_input(w);
  CHECK(gx.shape(0) == n);
  const std::vector<double> to_input(gx.begin(), gx.end()),
      to_parameters(net.gradients().begin(), net.gradients().end());
  test::check_same_bits(without, to_parameters, std::string(what) + " with and without the input's gradient");
  std::vector<double> want(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) want[i] = slope(x[i]);
  test::check_close(to_input, want, 1e-6, std::string(what) + ", input", 1);
  want.resize(to_parameters.size());
  for (std::size_t i = 0; i < want.size(); ++i) want[i] = slope(net.parameters()[i]);
  test::check_close(to_parameters, want, 1e-6, std::string(what) + ", parameters", 1);
}

using In = Image<2, 4, 3>;
using C = Conv<2, 2, 3, Pad<1>>;

}  // namespace

TEST_CASE("gradients of networks that begin and end in every way") {
  check<Sequential<>, In>("nothing");
  check<Sequential<Sequential<>, Tap<"x">>, In>("nothing nested");
  check<Sequential<Flatten>, In>("Flatten");
  check<Sequential<ReLU>, In>("ReLU");
  check<ReLU, In>("a bare layer");
  check<Linear<5, 3>, Features<5>>("a bare Linear", 3);
  check<Sequential<ReLU, Sigmoid, ReLU>, In>("only elementwise");
  check<Sequential<Flatten, Linear<24, 3>>, In>("begins with Flatten", 1);
  check<Sequential<ReLU, C, ReLU>, In>("begins and ends with ReLU", 3);
  check<Sequential<Flatten, ReLU, Linear<24, 3>, ReLU>, In>("Flatten, ReLU");
  check<Sequential<C, Flatten>, In>("ends in Flatten");
  check<Sequential<C, ReLU, Flatten>, In>("ends in ReLU, Flatten");
  check<Sequential<C, Sigmoid, ReLU, Tanh, MaxPool<2, Stride<1>>>, In>("in place, one after the other");
}
TEST_CASE("gradients where values are used more than once") {
  check<Residual<Sequential<>>, In>("x + x");
  check<Residual<ReLU>, In>("x + ReLU(x)");
  check<Sequential<Residual<C>, ReLU>, In>("begins with Residual");
  check<Sequential<Residual<Sequential<C, ReLU>, ReLU>>, In>("both branches in place");
  check<Sequential<C, Residual<ReLU, Sigmoid>, Flatten>, In>("Residual of a conv's output");
  check<Sequential<Residual<Residual<C, ReLU>>, C>, In>("Residual in Residual");
  check<Sequential<Concat<Sequential<>, ReLU, C>, ReLU>, In>("begins with Concat");
  check<Concat<Sequential<>, Sequential<>>, In>("x twice");
  check<Sequential<Concat<Flatten, Sequential<C, Flatten>>, Linear<48, 2>>, In>("Concat of Flattens");
  check<Sequential<C, Concat<ReLU, Sequential<>, Sequential<ReLU, C>>, Conv<6, 2, 1>>, In>("Concat in the middle");
  check<Sequential<Tap<"in">, C, ReLU, Tap<"a">, C, AddTap<"a">, ReLU, ConcatTap<"in">>, In>("taps");
  check<Sequential<Tap<"in">, C, ReLU, Tap<"a">, C, AddTap<"a">, ReLU, ConcatTap<"in">>, In, Cpu<double>>("taps, Cpu");
  check<Sequential<C, Tap<"a">, ReLU, AddTap<"a">, AddTap<"a">>, In>("a tap used twice, in place between");
}
TEST_CASE("gradients through statistics, masks and pools") {
  check<Sequential<BatchNorm<2>, ReLU>, In>("begins with BatchNorm", 3);
  check<Sequential<C, BatchNorm<2>, ReLU, Dropout<30>, AvgPool<2>, Flatten, Linear<4, 3>>, In>("the usual", 3);
  check<Sequential<C, BatchNorm<2>, ReLU, Dropout<30>, Flatten, Linear<24, 3>>, In, Cpu<double>>("the usual, Cpu", 3);
  check<Sequential<Dropout<30>, C, Dropout<30>>, In>("begins and ends with Dropout");
  check<Sequential<MaxPool<2>, Flatten, Softmax>, In>("begins with MaxPool, ends in Softmax");
}
