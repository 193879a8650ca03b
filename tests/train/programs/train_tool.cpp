// SPDX-License-Identifier: MIT
// A training run with everything random in it, for the test that kills it (killed.cpp).
//   train_tool CHECKPOINT   trains, or goes on from the checkpoint; exits with 0 once it is finished
#include <cstdio>

#include <ctnet/ctnet.hpp>

using namespace ctnet;

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: train_tool CHECKPOINT\n", stderr), 2;
  using Net =
      Sequential<Conv<3, 4, 3, Stride<2>>, BatchNorm<4>, ReLU, MaxPool<2>, Dropout<20>, Flatten, Linear<36, 10>>;
  try {
    const data::Compose augment{data::RandomHorizontalFlip{}, data::RandomRotation{.degrees = 10}, data::ToTensor{}};
    data::Loader train{data::Shapes<16>{data::Split::train, {.size = 96}},
                       augment,
                       {.batch_size = 8, .shuffle = true, .workers = 2, .seed = 5}};
    Network<Net, Image<3, 16, 16>> net{Seed{9}};
    FitOptions options{
        .epochs = 12, .clip_grad_norm = 1, .record_steps = true, .checkpoint = argv[1], .checkpoint_every = 3};
    options.schedule = LinearWarmup{.steps = 20, .then = CosineAnnealing{}};
    fit(net, train, Adam{.learning_rate = 0.01f}, CrossEntropy{}, options, train);
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "%s\n", e.what()), 1;
  }
  return 0;
}
