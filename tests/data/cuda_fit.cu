// SPDX-License-Identifier: MIT
// Training from a data set in the GPU's memory against training on the CPU with the same arguments.
#include <doctest/doctest.h>
#include <ctnet/ctnet.hpp>
#include <ctnet/cuda.hpp>
#include <ctnet/cuda_data.hpp>

#include <cmath>

namespace ct = ctnet;
using namespace ctnet::data;

TEST_CASE("fit with images made on the GPU follows fit on the CPU") {
  using Net = ct::Sequential<ct::Conv<3, 4, 3>, ct::ReLU, ct::MaxPool<2>, ct::Flatten, ct::Linear<196, 10>>;
  using Input = ct::Image<3, 16, 16>;
  const Shapes<16> set{Split::train, {.size = 90}};
  const Compose transforms{RandomCrop<16>{.padding = 2}, RandomHorizontalFlip{}, ToTensor{},
                           Normalize<3>{{0.5f, 0.4f, 0.6f}, {0.3f, 0.2f, 0.25f}}};
  const LoaderOptions options{.batch_size = 20, .shuffle = true, .seed = 4};
  const ct::AdamW config{.learning_rate = 0.005f};
  const ct::CrossEntropy loss{.label_smoothing = 0.05};
  const ct::FitOptions fit{.epochs = 3, .schedule = ct::CosineAnnealing{}, .clip_grad_norm = 1, .record_steps = true};

  ct::Network<Net, Input> host{ct::Seed{1}};
  ct::Network<Net, Input, ct::Cuda<>> gpu{ct::Seed{1}};
  const auto want = ct::fit(host, Loader{set, transforms, options}, config, loss, fit);
  const auto got = ct::fit(gpu, ct::cuda::ResidentLoader{set, transforms, options}, config, loss, fit);
  REQUIRE(got.steps.size() == want.steps.size());
  REQUIRE(want.steps.size() == 15);
  for (std::size_t i = 0; i < want.steps.size(); ++i)
    CHECK_MESSAGE(std::fabs(got.steps[i].loss - want.steps[i].loss) <= 1e-4 * want.steps[i].loss, "step ", i + 1, ": ",
                  got.steps[i].loss, ", on the CPU ", want.steps[i].loss);
  CHECK(got.steps.back().loss < got.steps.front().loss);
}
