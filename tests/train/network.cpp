// SPDX-License-Identifier: MIT
// Network's own contract: batches of any size, what may follow what, gradients that add up, moving, threads,
// allocations.
#include <list>
#include <thread>

#include <Eigen/Core>
#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include <ctnet/ctnet.hpp>

#include "problems.hpp"
#include "support/compare.hpp"
#include "support/values.hpp"

using namespace ctnet;
using test::same_bits;

namespace {
using Net = Sequential<Conv<2, 3, 3, Pad<1>>, BatchNorm<3>, ReLU, MaxPool<2>, Dropout<25>, Flatten, Linear<12, 5>>;
using In = Image<2, 4, 4>;
using Double = Network<Net, In, Reference<double>>;

std::vector<double> images(std::size_t n, const char* name = "images") { return test::values(name, n * 32); }
std::vector<double> gradient(std::size_t n) { return test::values("gradient", n * 5); }

template <class N>
std::vector<double> copy(const View<const typename N::scalar>& v) {
  return {v.begin(), v.end()};
}
std::vector<double> predicted(Double& net, std::size_t n) { return copy<Double>(net.predict(images(n))); }
}  // namespace

static_assert(!std::is_copy_constructible_v<Double> && !std::is_copy_assignable_v<Double>);
static_assert(std::is_nothrow_move_constructible_v<Double> && std::is_nothrow_move_assignable_v<Double>);

TEST_CASE("a network gives an image the same prediction in a batch of any size, grown or shrunk") {
  Double net{Seed{3}};
  net.forward(images(6));  // moves the running statistics
  const auto all = predicted(net, 9);
  for (const std::size_t n : {1u, 4u, 9u, 2u, 16u, 3u, 1u}) {
    const auto some = net.predict(images(n));
    CHECK(some.shape(0) == n);
    CHECK(some.rank() == 2);
    CHECK(some.shape(1) == 5);
    test::check_same_bits(
        std::span(some).first(5 * std::min<std::size_t>(n, 9)),
        std::vector<double>(all.begin(), all.begin() + 5 * static_cast<long>(std::min<std::size_t>(n, 9))),
        "batch of " + std::to_string(n));
  }
  CHECK(net.predict(std::vector<double>{}).size() == 0);
  CHECK_SAYS(net.forward(std::vector<double>{}), "forward", "no images");
}

TEST_CASE("gradients do not depend on the batches that came before") {
  Double a{Seed{3}}, b{Seed{3}};
  for (const std::size_t n : {7u, 1u, 12u}) b.predict(images(n, "other"));
  a.engine().random_state(3, 0);
  for (const std::size_t n : {2u, 5u, 3u}) {
    a.forward(images(n));
    a.backward(gradient(n));
    b.predict(images(n + 9, "other"));
    b.forward(images(n));
    b.backward(gradient(n));
    CHECK(same_bits(a.gradients(), b.gradients()));
    a.zero_grad();
    b.zero_grad();
  }
  CHECK(same_bits(a.statistics(), b.statistics()));
}

TEST_CASE("forward is training mode, predict is not") {
  Double net{Seed{5}};
  const auto before = net.state();
  const auto first = predicted(net, 4), second = predicted(net, 4);
  CHECK(same_bits(first, second));
  CHECK(same_bits(net.state(), before));
  const auto trained = copy<Double>(net.forward(images(4))), again = copy<Double>(net.forward(images(4)));
  CHECK(test::difference(trained, again).relative > 1e-3);  // another dropout mask
  CHECK(!same_bits(net.state(), before));                   // running statistics
  Double same{Seed{5}}, other{Seed{6}};
  CHECK(same_bits(same.parameters(), net.parameters()));
  CHECK(!same_bits(same.parameters(), other.parameters()));
}

TEST_CASE("backward takes one forward before each call") {
  Double net{Seed{1}};
  CHECK_SAYS(net.backward(gradient(2)), "backward", "no forward");
  net.predict(images(2));
  CHECK_SAYS(net.backward(gradient(2)), "backward", "no forward");
  net.forward(images(2));
  net.backward(gradient(2));
  CHECK_SAYS(net.backward(gradient(2)), "backward", "no forward");
  net.forward(images(2));
  net.predict(images(2));
  CHECK_SAYS(net.backward(gradient(2)), "backward", "no forward");
}

TEST_CASE("tensors of the wrong size are refused, both sides named, and change nothing") {
  Double net{Seed{1}};
  const auto before = net.state();
  CHECK_SAYS(net.forward(std::vector<double>(33)), "forward", "33 elements", "2 x 4 x 4 = 32");
  CHECK_SAYS(net.predict(std::vector<double>(31)), "predict", "31 elements", "2 x 4 x 4 = 32");
  const std::vector<double> x = images(2);
  CHECK_SAYS(net.forward(View<const double>(x.data(), 2, Shape{4, 4, 2})), "2 x 4 x 4 x 2", "expected N x 2 x 4 x 4");
  CHECK_SAYS(net.forward(View<const double>(x.data(), 2, Shape{32})), "2 x 32", "expected N x 2 x 4 x 4");
  CHECK(same_bits(net.state(), before));
  net.forward(x);
  CHECK_SAYS(net.backward(gradient(3)), "3 images", "was of 2");
  CHECK_SAYS(net.backward(std::vector<double>(9)), "9 elements", "5");
  CHECK_SAYS(net.backward_to_input(gradient(1)), "1 images", "was of 2");
  net.backward(gradient(2));  // still possible
  CHECK_SAYS(net.load_state(std::vector<double>(7)), "load_state", "7 values", "expected");
}

TEST_CASE("gradients add up until zero_grad, read as zeros after it, and may be written") {
  Double net{Seed{1}};
  const auto x = images(3);
  const auto once = [&](std::uint64_t step) {
    net.engine().random_state(1, step);
    net.forward(x);
    net.backward(gradient(3));
  };
  once(7);
  const std::vector<double> g(net.gradients().begin(), net.gradients().end());
  once(7);
  std::vector<double> twice(g);
  for (double& v : twice) v += v;
  test::check_close(net.gradients(), twice, 1e-14, "two backwards");
  net.zero_grad();
  for (const double v : net.gradients()) CHECK(v == 0);
  once(7);
  test::check_same_bits(net.gradients(), g, "after reading zeros");
  net.zero_grad();
  once(7);
  CHECK(same_bits(net.gradients(), g));
  net.zero_grad();
  for (double& v : net.gradients()) v = 1;  // a penalty of the caller's own
  once(7);
  for (std::size_t i = 0; i < g.size(); ++i) CHECK(net.gradients()[i] == doctest::Approx(g[i] + 1));
}

TEST_CASE("state is parameters and statistics in the order of the layers") {
  Double net{Seed{1}};
  net.forward(images(5));
  const auto state = net.state();
  REQUIRE(state.size() == static_cast<std::size_t>(Double::Facts::state_size));
  // Conv weight and bias, BatchNorm's four, Linear's two
  const int sizes[] = {54, 3, 3, 3, 3, 3, 60, 5};
  const char* const roles[] = {"weight", "bias", "weight", "bias", "running_mean", "running_var", "weight", "bias"};
  REQUIRE(net.tensors().size() == 8);
  std::size_t at = 0;
  for (std::size_t t = 0; t < 8; ++t) {
    const TensorPlace& place = net.tensors()[t];
    CHECK(place.spec.size() == sizes[t]);
    CHECK(std::string(name(place.spec.role)) == roles[t]);
    CHECK(same_bits(std::span(state).subspan(at, net.values(place).size()), net.values(place)));
    at += net.values(place).size();
  }
  CHECK(at == state.size());
  Double other{Seed{2}};
  other.load_state(state);
  CHECK(same_bits(other.state(), state));
  CHECK(same_bits(predicted(other, 4), predicted(net, 4)));
}

TEST_CASE("a network may be moved; what it was moved from says so") {
  Double a{Seed{1}}, same{Seed{1}};
  a.forward(images(3));
  same.forward(images(3));
  Double b{std::move(a)};
  b.backward(gradient(3));  // between forward and backward, too
  same.backward(gradient(3));
  CHECK(same_bits(b.gradients(), same.gradients()));
  CHECK_SAYS(a.forward(images(1)), "moved from");
  CHECK_SAYS(a.predict(images(1)), "moved from");
  CHECK_SAYS(a.parameters(), "moved from");
  CHECK_SAYS(a.gradients(), "moved from");
  CHECK_SAYS(a.state(), "moved from");
  CHECK_SAYS(a.load_state(same.state()), "moved from");

  Double c{Seed{9}};
  c.forward(images(40));
  c = std::move(b);  // smaller memory than its own
  CHECK(same_bits(c.parameters(), same.parameters()));
  CHECK_SAYS(b.backward(gradient(40)), "backward");
  CHECK(same_bits(predicted(c, 50), predicted(same, 50)));
  a = std::move(c);  // what was moved from may be assigned to
  CHECK(same_bits(predicted(a, 2), predicted(same, 2)));
  Double& self = a;
  a = std::move(self);
  CHECK(same_bits(predicted(a, 2), predicted(same, 2)));

  Optimizer step{same, SGD{.learning_rate = 0.1f}};
  Double d{std::move(same)};
  CHECK_SAYS(step(), "moved from");
  same = std::move(d);
  same.forward(images(2));
  same.backward(gradient(2));
  step();
}

TEST_CASE("two networks of one type train in two threads, with the bits of one after the other") {
  using Float = Network<Net, In>;
  const auto train = [](std::uint64_t seed) {
    Float net{Seed{seed}};
    Optimizer step{net, Adam{}};
    const auto x = test::values<float>("images", 4 * 32);
    const std::vector<int> y{0, 1, 2, 3};
    for (int i = 0; i < 20; ++i) {
      const auto loss = CrossEntropy{}(net.forward(x), y);
      net.backward(loss.gradient);
      step();
    }
    net.predict(x);
    return net.state();
  };
  std::vector<float> a, b;
  {
    std::jthread one([&] { a = train(1); }), two([&] { b = train(2); });
  }
  CHECK(same_bits(a, train(1)));
  CHECK(same_bits(b, train(2)));
}

TEST_CASE("profile times every layer and leaves the network as it was") {
  Double net{Seed{1}};
  net.forward(images(3));
  const auto before = net.state();
  const auto step = net.engine().step();
  const Profile p = profile(net, images(4), 3);
  CHECK(same_bits(net.state(), before));
  CHECK(net.engine().step() == step);
  for (const double g : net.gradients()) CHECK(g == 0);
  REQUIRE(p.layers.size() == 7);
  CHECK(p.batch == 4);
  CHECK(test::has(p.layers[0].name.type, "Conv<2, 3, 3, Pad<1"));  // the compiler's spelling
  CHECK(p.layers[0].forward > 0);
  CHECK(p.layers[0].backward > 0);
  CHECK(p.layers[0].macs == 4 * 16 * 54);
  CHECK(p.layers[5].forward == 0);  // Flatten
  for (const char* part : {"batch of 4", "Conv<2, 3, 3, Pad<1", "BatchNorm<3>", "forward us", "share", "GMAC/s"})
    CHECK_MESSAGE(test::has(p.str(), part), p.str(), " lacks '", std::string(part), "'");
  CHECK_SAYS(profile(net, images(4), 0), "profile", "0 repeats");
  CHECK_SAYS(profile(net, std::vector<double>(5)), "5 elements");
  CHECK(same_bits(net.state(), before));
}

TEST_CASE("summary names every layer, its shapes and its costs") {
  struct Block : Residual<Sequential<Conv<2, 2, 3, Pad<1>>, ReLU>> {};
  const std::string s = summary_text<Sequential<Block, MaxPool<2>, Flatten, Linear<8, 10>>, In>();
  for (const char* part : {"Conv<2, 2, 3, Pad<1", "0.main.0", "0.add", "Linear<8, 10>", "2 x 4 x 4", "2 x 2 x 2",
                           "in place", "128", "parameters            128", "MACs per image        656"})
    CHECK_MESSAGE(test::has(s, part), s, " lacks '", std::string(part), "'");
  const std::string none = summary_text<Sequential<>, Features<3>>();
  CHECK(test::has(none, "parameters            0"));
}

TEST_CASE("images, gradients and states that are pieces of others, or lie in another order") {
  Double net{Seed{3}}, same{Seed{3}};
  const auto five = images(5);
  xt::xtensor<double, 4> x({5, 2, 4, 4});
  std::copy(five.begin(), five.end(), x.begin());
  const std::vector<double> middle(five.begin() + 32, five.begin() + 96);  // images 1 and 2
  const auto piece = xt::view(x, xt::range(1, 3));
  const xt::xtensor<double, 4, xt::layout_type::column_major> columns = piece;
  const auto want = copy<Double>(same.predict(middle));
  CHECK(same_bits(copy<Double>(net.predict(piece)), want));
  CHECK(same_bits(copy<Double>(net.predict(columns)), want));
  CHECK(same_bits(copy<Double>(net.predict(xt::view(x, 1))), std::span(want).first(5)));
  CHECK(same_bits(copy<Double>(net.forward(columns)), copy<Double>(same.forward(middle))));

  const auto g = gradient(4);
  xt::xtensor<double, 2> gradients({4, 5});
  std::copy(g.begin(), g.end(), gradients.begin());
  const auto to_input = copy<Double>(same.backward_to_input(std::vector<double>(g.begin() + 10, g.end())));
  CHECK(same_bits(copy<Double>(net.backward_to_input(xt::view(gradients, xt::range(2, 4)))), to_input));
  CHECK(same_bits(net.gradients(), same.gradients()));

  const auto state = same.state();
  xt::xtensor<double, 2> states({2, state.size()});
  std::copy(state.begin(), state.end(), states.begin() + static_cast<long>(state.size()));
  Double other{Seed{9}};
  other.load_state(xt::view(states, 1));
  CHECK(same_bits(other.state(), state));
  const Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(3, 32);  // N x F, column-major
  CHECK_SAYS(net.predict(rows), "column-major Eigen matrix of 3 x 32", "32 runs of 3", "expected runs of 2 x 4 x 4");
  CHECK(net.predict(Eigen::MatrixXd(rows.transpose())).shape(0) == 3);
}

namespace {
// What `use` gives for a tensor of the network's own, `own`, and for a copy of it.
template <class N, class Own, class Use>
void as_if_copied(const char* what, const Own& own, const Use& use) {
  using T = typename N::scalar;
  N a{Seed{1}}, b{Seed{1}};
  const auto mine = own(a);
  const std::vector<T> copied{mine.begin(), mine.end()}, want = use(a, copied), got = use(b, own(b));
  CHECK_MESSAGE(same_bits(got, want), std::string(what));
  CHECK_MESSAGE(same_bits(a.gradients(), b.gradients()), std::string(what));
}
template <class B>
void own_memory(std::size_t n) {
  using T = typename B::scalar;
  using Again = Sequential<Conv<2, 6, 3, Pad<1>>, BatchNorm<6>, GELU, Conv<6, 2, 3, Pad<1>>>;
  using N = Network<Again, Image<2, 8, 8>, B>;
  const auto x = test::values<T>("images", n * 128);
  const auto vector = [](const auto& v) { return std::vector<T>(v.begin(), v.end()); };
  const auto predict = [&](N& net) { return net.predict(x); };
  const auto forward = [&](N& net) { return net.forward(x); };
  const auto input_gradient = [&](N& net) { return net.backward_to_input(vector(net.forward(x))); };
  const auto predicted = [&](N& net, const auto& own) { return vector(net.predict(own)); };
  const auto trained = [&](N& net, const auto& own) { return vector(net.forward(own)); };
  as_if_copied<N>("predict(predict(x))", predict, predicted);
  as_if_copied<N>("forward(predict(x))", predict, trained);
  as_if_copied<N>("predict(forward(x))", forward, predicted);
  as_if_copied<N>("forward(forward(x))", forward, trained);
  as_if_copied<N>("predict(backward_to_input(y))", input_gradient, predicted);
  as_if_copied<N>("forward(backward_to_input(y))", input_gradient, trained);
  as_if_copied<N>("backward(forward(x))", forward, [&](N& net, const auto& own) {
    const auto dx = vector(net.backward_to_input(own));
    net.forward(x);
    return dx;
  });
  const auto gradients = [&](N& net) {  // of the parameters: some of them as d loss / d output
    net.forward(x);
    net.backward(x);
    net.forward(std::span(x).first(128));
    return std::span<const T>(net.gradients()).subspan(50, 128);
  };
  as_if_copied<N>("backward(gradients())", gradients,
                  [&](N& net, const auto& own) { return vector(net.backward_to_input(own)); });
  // Images of another size than the answers: more of them than there was room for.
  using Wide = Network<Sequential<Linear<3, 12>>, Features<3>, B>;
  const auto three = test::values<T>("images", n * 3);
  as_if_copied<Wide>(
      "a larger batch", [&](Wide& net) { return net.predict(three); },
      [&](Wide& net, const auto& own) { return vector(net.predict(std::span<const T>(own))); });
}
}  // namespace

TEST_CASE("a network's own memory as its next tensor: as if it had been copied first") {
  for (const std::size_t n : {1u, 3u, 64u}) {
    own_memory<Reference<double>>(n);
    own_memory<Cpu<float>>(n);
    own_memory<Cpu<float, OpenMP>>(n);
  }
}

TEST_CASE("a const network predicts, is read, saved and deployed") {
  Double net{Seed{4}};
  net.forward(images(3));
  const Double& read = net;
  CHECK(same_bits(copy<Double>(read.predict(images(2))), predicted(net, 2)));
  CHECK(read.parameters().data() == net.parameters().data());
  CHECK(same_bits(read.statistics(), net.statistics()));
  CHECK(same_bits(read.state(), net.state()));
  for (const TensorPlace& t : read.tensors()) CHECK(read.values(t).data() == net.values(t).data());
  static_assert(std::is_same_v<decltype(read.parameters()), std::span<const double>>);
  static_assert(std::is_same_v<decltype(read.statistics()), std::span<const double>>);
  static_assert(std::is_same_v<decltype(read.values(read.tensors()[0])), std::span<const double>>);
  static_assert(std::is_same_v<decltype(net.parameters()), std::span<double>>);
  const std::string path = "const_network.safetensors";
  save(read, path);
  Double other{Seed{5}};
  load(other, path);
  std::remove(path.c_str());
  CHECK(same_bits(other.state(), net.state()));
  struct Batch {
    std::vector<double> images;
    std::vector<int> labels;
  };
  const std::vector<Batch> batches{{images(2), {1, 2}}};
  CHECK(evaluate(read, batches).images == 2);
  Network<Net, In> small{Seed{1}};
  CHECK(deploy(std::as_const(small))->loaded());
}

TEST_CASE("a clone is another network that goes on as this one would") {
  Double net{Seed{4}};
  net.forward(images(3));
  net.backward(gradient(3));
  Double twin = std::as_const(net).clone();
  CHECK(same_bits(twin.state(), net.state()));
  CHECK(twin.engine().seed() == 4);
  CHECK(twin.engine().step() == net.engine().step());
  for (const double g : twin.gradients()) CHECK(g == 0);
  const auto next = copy<Double>(net.forward(images(3)));  // the same dropout
  CHECK(same_bits(copy<Double>(twin.forward(images(3))), next));
  CHECK(same_bits(twin.state(), net.state()));
  twin.parameters()[0] += 1;
  CHECK(twin.parameters()[0] != net.parameters()[0]);
  const Double moved{std::move(net)};
  CHECK_SAYS(net.clone(), "moved from");
}
