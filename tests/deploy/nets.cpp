// SPDX-License-Identifier: MIT
#include "nets.hpp"

namespace {
using namespace test;

using LeNet = Sequential<Conv<3, 6, 5>, ReLU, MaxPool<2>, Conv<6, 16, 5>, ReLU, MaxPool<2>, Flatten, Linear<400, 120>,
                         ReLU, Linear<120, 84>, ReLU, Linear<84, 10>>;
template <int I, int O>
using Block = Sequential<Conv<I, O, 3, Pad<1>, NoBias>, BatchNorm<O>, ReLU>;
using Vgg = Sequential<Block<3, 32>, Block<32, 32>, MaxPool<2>, Block<32, 48>, MaxPool<2>, Flatten, Dropout<>,
                       Linear<48 * 25, 40>, BatchNorm<40>, ReLU, Linear<40, 7>>;
template <int I, int O, int S>
using Basic = Sequential<Residual<Sequential<Conv<I, O, 3, Stride<S>, Pad<1>, NoBias>, BatchNorm<O>, ReLU,
                                             Conv<O, O, 3, Pad<1>, NoBias>, BatchNorm<O>>,
                                  Sequential<Conv<I, O, 1, Stride<S>, NoBias>, BatchNorm<O>>>,
                         ReLU>;
template <int C>
using Same = Sequential<Residual<Sequential<Conv<C, C, 3, Pad<1>, NoBias>, BatchNorm<C>, ReLU,
                                            Conv<C, C, 3, Pad<1>, NoBias>, BatchNorm<C>>>,
                        ReLU>;
using ResNet = Sequential<Conv<3, 32, 7, Stride<2>, Pad<3>, NoBias>, BatchNorm<32>, ReLU, MaxPool<3, Stride<2>, Pad<1>>,
                          Same<32>, Basic<32, 64, 2>, Same<64>, GlobalAvgPool, Flatten, Linear<64, 10>>;
using Inception = Sequential<Conv<1, 20, 3>, ReLU,
                             Concat<Conv<20, 16, 1>, Sequential<Conv<20, 24, 1>, SiLU, Conv<24, 32, 3, Pad<1>>>,
                                    Sequential<MaxPool<3, Stride<1>, Pad<1>>, Conv<20, 17, 1>>>,
                             LeakyReLU<1, 10>, Concat<Conv<65, 7, 3>, Conv<65, 9, 3>>, Softmax,
                             AvgPool<2, CeilMode, Pad<1>, ExcludePad>>;
using Mobile = Sequential<Conv<3, 16, 3, Stride<2>, Pad<1>>, ReLU, Conv<16, 16, 3, Pad<1>, Groups<16>, NoBias>,
                          BatchNorm<16>, ReLU, Conv<16, 40, 1>, GELU, Conv<40, 40, 5, Stride<2>, Pad<2>, Groups<40>>,
                          Tanh, Conv<40, 64, 1>, Conv<64, 32, 3, Groups<2>>, Sigmoid, AdaptiveAvgPool<2>,
                          Conv<32, 24, 1, Groups<8>>, BatchNorm<24>, LeakyReLU<>, Conv<24, 5, 2>>;
using Preactivated = Sequential<BatchNorm<3>, Sigmoid, Conv<3, 33, 3, Pad<2>, Dilation<2>>,
                                Residual<Sequential<BatchNorm<33>, ReLU, Conv<33, 33, 3, Pad<1>>>>, BatchNorm<33>, GELU,
                                Residual<Sequential<>>, MaxPool<2>>;
using Tapped = Sequential<Tap<"in">, Conv<3, 16, 3, Pad<1>>, Tap<"a">, ReLU, Conv<16, 16, 3, Pad<1>>, AddTap<"a">, ReLU,
                          ConcatTap<"in">, Conv<19, 3, 1>, AddTap<"in">, Sigmoid, Conv<3, 4, 3, Pad<1>>>;
using Features3 = Sequential<BatchNorm<30>, Tanh, Linear<30, 33>, LeakyReLU<-1, 4>, Linear<33, 200, NoBias>, Softmax>;
using Rows = Sequential<Conv<1, 5, Size{3, 2}, Pad<1>, Dilation<2>>, LeakyReLU<-1, 2>, MaxPool<2>, Conv<5, 3, 2>,
                        MaxPool<2>, Conv<3, 4, 1>>;
using Planar =
    Sequential<Conv<3, 4, 3, Pad<1>>, Residual<Conv<4, 4, 3, Pad<1>>, Conv<4, 4, 1>>, ReLU, Residual<Sigmoid>,
               Concat<Conv<4, 5, 5, Pad<2>>, MaxPool<3, Stride<1>, Pad<1>>>, Sigmoid, Conv<9, 16, 3, Pad<1>>, Tap<"t">,
               Concat<Conv<16, 16, 3, Pad<1>>, ReLU, Conv<16, 3, 1>>, Residual<Softmax>, Conv<35, 16, 3, Pad<1>>,
               AddTap<"t">, GELU, AvgPool<2>, Flatten, BatchNorm<16 * 9 * 10>, LeakyReLU<>, Linear<16 * 9 * 10, 5>>;
}  // namespace

TEST_CASE("deploy: planar and blocked maps meet") { deploys<Planar, Image<3, 19, 21>>("planar"); }
TEST_CASE("deploy: LeNet") { deploys<LeNet, Image<3, 32, 32>, 9>("lenet"); }
TEST_CASE("deploy: VGG-like") { deploys<Vgg, Image<3, 21, 21>>("vgg"); }
TEST_CASE("deploy: ResNet-like") { deploys<ResNet, Image<3, 45, 51>, 2>("resnet"); }
TEST_CASE("deploy: Inception-like") { deploys<Inception, Image<1, 13, 11>>("inception"); }
TEST_CASE("deploy: depthwise, groups and activations") { deploys<Mobile, Image<3, 37, 33>>("mobile"); }
TEST_CASE("deploy: normalization without a convolution before it") { deploys<Preactivated, Image<3, 17, 20>>("pre"); }
TEST_CASE("deploy: taps") { deploys<Tapped, Image<3, 9, 14>>("tapped"); }
TEST_CASE("deploy: features") { deploys<Features3, Features<30>, 7>("features"); }
TEST_CASE("deploy: few channels, wide rows") { deploys<Rows, Image<1, 23, 47>>("rows"); }
TEST_CASE("deploy: nothing but views") {
  deploys<Sequential<>, Image<3, 4, 5>>("nothing");
  deploys<Sequential<Flatten, Dropout<>>, Image<3, 4, 5>>("views");
  deploys<Sequential<ReLU, Flatten>, Image<3, 4, 5>>("relu");
}
TEST_CASE("deploy: on backends without deployed kernels") {
  deployed_is_like_predict<ResNet, Image<3, 45, 51>, Cpu<double>, 2>("resnet", 1e-12);
  deployed_is_like_predict<Inception, Image<1, 13, 11>, Reference<double>, 2>("inception", 1e-13);
}
TEST_CASE("deploy: no Winograd F4 where exactness is asked for") {
  deployed_is_like_predict<ResNet, Image<3, 45, 51>, Cpu<float, Exact>, 2>("resnet", 2e-6);
}
TEST_CASE("deploy: bfloat16, and floats split into two of them") {
  for (const auto path : {cpu::Bf16Path::portable, cpu::Bf16Path::avx512_bf16, cpu::Bf16Path::amx}) {
    cpu::limit_bf16_path(path);
    deployed_is_like_predict<ResNet, Image<3, 45, 51>, Cpu<bfloat16>, 2>("resnet", 2e-2);
    deployed_is_like_predict<Mobile, Image<3, 37, 33>, Cpu<bfloat16>, 5>("mobile", 2e-2);
    deployed_is_like_predict<ResNet, Image<3, 45, 51>, Cpu<float, SplitBf16>, 2>("resnet", 1e-4);
  }
  cpu::limit_bf16_path(cpu::Bf16Path::amx);
  static_assert(Deployed<Sequential<Linear<512, 512>>, Features<512>, Cpu<bfloat16>>::weight_bytes <
                Deployed<Sequential<Linear<512, 512>>, Features<512>>::weight_bytes * 52 / 100);
}
TEST_CASE("deploy: a trained network") {
  Network<LeNet, Image<3, 32, 32>, Cpu<float>> network{Seed{4}};
  const std::vector<float> x = [] {
    const auto v = values("images", 3 * 3072, 1.0);
    return std::vector<float>(v.begin(), v.end());
  }();
  const auto deployed = deploy<3>(network);
  const auto y = network.predict(x);
  const std::vector<double> want(y.data(), y.data() + y.size());
  CHECK(distance((*deployed)(x, 3), want) < 1e-5);
}
