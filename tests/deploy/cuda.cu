// SPDX-License-Identifier: MIT
// Deployed networks on the GPU against predict, through the host and on the device, for every batch up to the capacity.
#include <vector>

#include <doctest/doctest.h>
#include <ctnet/ctnet.hpp>
#include <ctnet/cuda.hpp>

#include "program/nets.hpp"
#include "support/compare.hpp"
#include "support/error.hpp"
#include "support/values.hpp"

using namespace test;
using ctnet::Cuda;
using ctnet::Reference;
using ctnet::Seed;

namespace {

template <class Net, class Input>
void like_predict() {
  constexpr int capacity = 4;
  ctnet::Network<Net, Input, Cuda<>> net{Seed{2}};
  ctnet::Network<Net, Input, Reference<double>> want{Seed{2}};
  const std::size_t in = static_cast<std::size_t>(Input::shape.size());
  const auto x = values<float>("x", capacity * in);
  net.forward(x);  // so that running statistics are not what they were
  want.forward(std::vector<double>(x.begin(), x.end()));
  auto deployed = ctnet::deploy<capacity>(net);
  const std::size_t out = deployed->outputs;
  REQUIRE(deployed->loaded());
  for (int round = 0; round < 3; ++round)
    for (int batch = 1; batch <= capacity; ++batch) {
      const auto n = static_cast<std::size_t>(batch);
      const std::vector<double> some(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n * in));
      const auto y = (*deployed)(std::span<const float>(x.data(), n * in), batch);
      check_close(y, want.predict(some), 1e-4, "batch " + std::to_string(batch));
      CTNET_CUDA(cudaMemcpyAsync(deployed->device_input(), x.data(), n * in * sizeof(float), cudaMemcpyHostToDevice,
                                 deployed->stream()),
                 "the test");
      const float* at = deployed->launch(batch);
      std::vector<float> back(n * out);
      CTNET_CUDA(
          cudaMemcpyAsync(back.data(), at, back.size() * sizeof(float), cudaMemcpyDeviceToHost, deployed->stream()),
          "the test");
      CTNET_CUDA(cudaStreamSynchronize(deployed->stream()), "the test");
      check_close(back, want.predict(some), 1e-4, "on the device, batch " + std::to_string(batch));
    }
  const auto one = (*deployed)(std::span<const float, ctnet::Deployed<Net, Input, Cuda<>>::inputs>(x.data(), in));
  CHECK(one.size() == out);
  CHECK((*deployed)(std::span<const float>(x), capacity + 1).empty());
  CHECK((*deployed)(std::span<const float>(x.data(), in), 2).empty());
  CHECK(error_of([&] { deployed->launch(0); }) == "launch: a batch of 0, the capacity is 4");
  CHECK_FALSE(deployed->load(std::vector<float>(3)));
}

}  // namespace

TEST_CASE("cuda: deployed networks") {
  SUBCASE("LeNet") { like_predict<nets::LeNet, ctnet::Image<3, 32, 32>>(); }
  SUBCASE("ResNet") { like_predict<nets::ResNet, ctnet::Image<3, 17, 15>>(); }
  SUBCASE("Inception") { like_predict<nets::Inception, ctnet::Image<3, 9, 8>>(); }
  SUBCASE("UNet") { like_predict<nets::UNet, ctnet::Image<2, 6, 7>>(); }
}

TEST_CASE("cuda: a deployed network is evaluated as its network is") {
  using Net = ctnet::Sequential<ctnet::Flatten, ctnet::Linear<12, 5>, ctnet::ReLU, ctnet::Linear<5, 3>>;
  struct Batch {
    std::vector<float> images;
    std::vector<int> labels;
  };
  std::vector<Batch> batches;
  for (const std::size_t n : {7u, 3u})
    batches.push_back({values<float>("x" + std::to_string(n), n * 12), std::vector<int>(n, 1)});
  ctnet::Network<Net, ctnet::Image<3, 2, 2>, Cuda<>> net{Seed{2}};
  const auto deployed = ctnet::deploy<4>(net);
  const ctnet::Evaluation want = evaluate(net, batches), got = evaluate(*deployed, batches);
  CHECK(got.loss == doctest::Approx(want.loss).epsilon(1e-5));
  CHECK(got.accuracy == want.accuracy);
  CHECK(got.images == 10);
}

TEST_CASE("cuda: a deployed network's outputs may be its next images") {
  ctnet::Network<ctnet::Sequential<ctnet::Linear<3, 12>>, ctnet::Features<3>, Cuda<>> net{Seed{2}};
  const auto a = ctnet::deploy<8>(net), b = ctnet::deploy<8>(net);
  const auto outputs = (*a)(values<float>("x", 6), 2);
  const std::vector<float> copied(outputs.begin(), outputs.end());
  const auto want = (*b)(copied, 8), got = (*a)(outputs, 8);
  CHECK(std::vector<float>(got.begin(), got.end()) == std::vector<float>(want.begin(), want.end()));
}
