// SPDX-License-Identifier: MIT
// Needs no library beside the language's own.
#include <ctnet/infer.hpp>

#include <cstdio>

using Net = ctnet::Sequential<ctnet::Conv<1, 2, 3>, ctnet::ReLU, ctnet::Flatten, ctnet::Linear<8, 3>>;
static ctnet::Deployed<Net, ctnet::Image<1, 4, 4>, ctnet::Cpu<float>> net;

int main() {
  static float state[2 * 9 + 2 + 3 * 8 + 3], image[16];
  for (float& v : state) v = 1;
  for (float& v : image) v = 0.5f;
  if (!net.load(std::span<const float>(state))) return 2;
  const auto logits = net(std::span<const float, 16>(image));
  std::printf("%.1f\n", static_cast<double>(logits[2]));
  return logits[0] == 45 && logits[2] == 45 ? 0 : 1;  // 8 times 9 / 2 + 1, and the bias
}
