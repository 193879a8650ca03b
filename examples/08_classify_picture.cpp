// SPDX-License-Identifier: MIT
// What is in a picture, told by a network that 02_lenet_cifar10 has trained:   08_classify_picture MODEL PICTURE
// No trainer is built: the weights go from the file into a Deployed; names of classes and normalization are in the
// file.
#include <ctnet/data.hpp>
#include <ctnet/infer_file.hpp>

#include <cstdio>
#include <string>

using namespace ctnet;
using LeNet = Sequential<Conv<3, 6, 5>, ReLU, MaxPool<2>, Conv<6, 16, 5>, ReLU, MaxPool<2>, Flatten, Linear<400, 120>,
                         ReLU, Linear<120, 84>, ReLU, Linear<84, 10>>;

static Deployed<LeNet, Image<3, 32, 32>> net;

int main(int argc, char** argv) try {
  if (argc != 3) return std::fprintf(stderr, "%s MODEL PICTURE\n", argv[0]), 2;
  load(net, argv[1]);
  const ModelInfo info = model_info(argv[1]);
  if (info.classes.size() != 10) fail(argv[1], ": does not say what its 10 classes are");
  const data::Compose prepare{data::Resize<32, 32>{}, data::ToTensor{}, data::Normalize<3>{info.mean, info.std}};
  const data::Planes image = prepare(data::read_image(argv[2]));

  float probability[10];
  softmax(net(image), std::span{probability});
  ClassScore<float> best[3];
  const std::size_t n = top_k(std::span<const float>{probability}, std::span{best});
  for (std::size_t i = 0; i < n; ++i)
    std::printf("%5.1f %%  %s\n", 100 * static_cast<double>(best[i].score),
                info.classes[static_cast<std::size_t>(best[i].label)].c_str());
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
