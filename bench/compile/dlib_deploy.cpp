// SPDX-License-Identifier: MIT
// The program of ctnet_deploy.cpp with dlib; its affine layer is a folded BatchNorm.
#include <dlib/dnn.h>

#include <array>
#include <cstdio>

using Image = std::array<dlib::matrix<float>, 3>;
using Net = dlib::loss_multiclass_log<
    dlib::fc<10, dlib::max_pool<2, 2, 2, 2, dlib::relu<dlib::affine<dlib::con<16, 3, 3, 1, 1, dlib::input<Image>>>>>>>;

int main() {
  Net net;
  Image image;
  for (auto& plane : image) {
    plane.set_size(32, 32);
    for (long i = 0; i < plane.size(); ++i) plane(i) = static_cast<float>(i % 255) / 255;
  }
  net(image);  // makes the parameters
  dlib::visit_layer_parameters(net, [](size_t, dlib::tensor& t) {
    for (size_t i = 0; i < t.size(); ++i) t.host()[i] = 0.001f + 0.01f * static_cast<float>(i % 17);
  });
  unsigned long sum = 0;
  for (int i = 0; i < 1000; ++i) {
    image[0](0) = static_cast<float>(i) / 1000;
    sum += net(image);
  }
  std::printf("%lu\n", sum);
}
