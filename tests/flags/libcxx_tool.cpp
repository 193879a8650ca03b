// SPDX-License-Identifier: MIT
// Loader with workers, training, profile and deployment; returns 0 where all went well (libcxx.sh).
#include <ctnet/ctnet.hpp>
#include <ctnet/deploy.hpp>

#include <cstdio>
#include <vector>

int main() {
  using namespace ctnet;
  using Net = Sequential<Linear<4, 8>, ReLU, Linear<8, 2>>;
  std::vector<float> values(64);
  std::vector<int> labels(16);
  for (std::size_t i = 0; i < 16; ++i) {
    labels[i] = i % 2 == 0 ? 0 : 1;
    values[4 * i] = labels[i] == 0 ? -1.0f : 1.0f;
  }
  data::Loader loader{
      data::TensorDataset<Features<4>>(values, labels), data::Compose<>{}, {.batch_size = 8, .workers = 2}};
  Network<Net, Features<4>> net{Seed{1}};
  fit(net, loader, SGD{.learning_rate = 0.5f}, CrossEntropy{}, {.epochs = 20});
  const auto result = evaluate(net, loader);
  const auto times = profile(net, values);
  const auto deployed = deploy<1>(net);
  const float first = (*deployed)(std::vector<float>(values.begin(), values.begin() + 4))[0];
  std::printf("%lld images, accuracy %g, %g\n", static_cast<long long>(result.images), result.accuracy,
              static_cast<double>(first));
  return result.images == 16 && result.accuracy == 1 && times.layers.size() == 3 && first > 0 ? 0 : 1;
}
