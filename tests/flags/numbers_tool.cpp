// SPDX-License-Identifier: MIT
// Prints what networks compute on every CPU target, in hexadecimal; built with several sets of flags (CMakeLists.txt
// beside it), which must all print the same. NaN and infinities are among the numbers.
#include <ctnet/ctnet.hpp>
#include <ctnet/deploy.hpp>

#include <bit>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {
using namespace ctnet;
constexpr std::uint32_t nan_bits = 0x7FC00000u, infinity_bits = 0x7F800000u;

// FNV-1a of the bits, NaN as one number: a NaN's sign and payload are the compiler's affair.
template <class Values>
void print(const char* name, const Values& values) {
  std::uint64_t sum = 14695981039346656037u;
  int nans = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(values.data()[i]));
    if ((bits & 0x7FFFFFFFu) > infinity_bits) bits = nan_bits, ++nans;
    for (int b = 0; b < 4; ++b) sum = (sum ^ (bits >> 8 * b & 255u)) * 1099511628211u;
  }
  std::printf("%s %s %016llx, %d NaN\n", cpu::name(cpu::target()), name, static_cast<unsigned long long>(sum), nans);
}

std::vector<float> pixels(std::size_t n) {
  std::vector<float> v(n);
  std::uint32_t s = 1;
  for (float& x : v) x = static_cast<float>((s = s * 1664525u + 1013904223u) >> 8) / 16777216.0f - 0.5f;
  return v;
}

template <class Layer>
void activation(const char* name) {
  std::vector<float> in(403);
  for (std::size_t i = 0; i < 400; ++i) in[i] = 0.5f * static_cast<float>(static_cast<int>(i) - 200);
  in[400] = std::bit_cast<float>(nan_bits);
  in[401] = std::bit_cast<float>(infinity_bits);
  in[402] = std::bit_cast<float>(infinity_bits | 0x80000000u);
  Network<Sequential<Layer>, Features<403>> net;
  print(name, net.predict(in));
  Network<Sequential<Layer>, Features<403>, Reference<float>> reference;
  if (cpu::target() == cpu::Target::base) print((std::string{"reference "} + name).c_str(), reference.predict(in));
}

using Net = Sequential<Conv<3, 8, 3, Pad<1>>, BatchNorm<8>, ReLU, MaxPool<2>, Conv<8, 8, 3, Pad<1>>, SiLU,
                       MaxPool<3, Stride<1>>, Flatten, Linear<288, 10>>;

void numbers() {
  activation<Tanh>("Tanh");
  activation<Sigmoid>("Sigmoid");
  activation<SiLU>("SiLU");
  activation<GELU>("GELU");
  activation<LeakyReLU<>>("LeakyReLU");

  std::vector<float> images = pixels(8 * 768);
  const std::vector<int> labels{0, 1, 2, 3, 4, 5, 6, 7};
  Network<Net, Image<3, 16, 16>> net{Seed{1}};
  data::Loader loader{data::TensorDataset<Image<3, 16, 16>>(images, labels), data::Compose<>{}, {.batch_size = 4}};
  fit(net, loader, Adam{}, CrossEntropy{.label_smoothing = 0.1}, {.epochs = 3, .clip_grad_norm = 1});
  print("trained", net.state());
  images[5] = std::bit_cast<float>(nan_bits);
  images[777] = std::bit_cast<float>(infinity_bits);
  print("predicted", net.predict(images));
  const auto deployed = deploy<8>(net);
  print("deployed", (*deployed)(images, 8));
  net.parameters()[0] = std::bit_cast<float>(nan_bits);
  try {
    fit(net, loader, SGD{}, CrossEntropy{}, {.epochs = 1});
    std::puts("fit goes on with a NaN");
  } catch (const Error& error) {
    std::puts(error.what());
  }
}
}  // namespace

int main() {
  for (const auto target : {cpu::Target::base, cpu::Target::avx2, cpu::Target::avx512}) {
    cpu::limit_target(target);
    if (cpu::target() == target) numbers();
  }
}
