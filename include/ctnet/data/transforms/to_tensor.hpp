// SPDX-License-Identifier: MIT
// ToTensor: bytes (H, W, C) of 0 .. 255 become floats (C, H, W) of 0 .. 1. Normalize: y(c) = (x(c) - mean(c)) / std(c).
#pragma once

#include <cstddef>

#include "../../core/error.hpp"
#include "workspace.hpp"

namespace ctnet::data {

struct ToTensor {
  void operator()(const Bitmap& image, Planes& out) const {
    out.resize(image.c, image.h, image.w);
    const std::ptrdiff_t pixels = static_cast<std::ptrdiff_t>(image.h) * image.w;
    if (image.c == 3) {
      planes<3>(image.data(), pixels, out.data());
    } else if (image.c == 1) {
      planes<1>(image.data(), pixels, out.data());
    } else {
      for (int c = 0; c < image.c; ++c)
        for (std::ptrdiff_t i = 0; i < pixels; ++i)
          out.data()[c * pixels + i] = static_cast<float>(image.data()[i * image.c + c]) / 255.0f;
    }
  }

 private:
  template <int C>
  static void planes(const unsigned char* in, std::ptrdiff_t pixels, float* out) {
    for (int c = 0; c < C; ++c)
      for (std::ptrdiff_t i = 0; i < pixels; ++i) out[c * pixels + i] = static_cast<float>(in[i * C + c]) / 255.0f;
  }
};

template <int C>
class Normalize {
 public:
  static constexpr int channels = C;
  // One mean and one standard deviation for each channel; throws where a deviation is not above 0.
  Normalize(const float (&mean)[C], const float (&std)[C]) {
    for (int c = 0; c < C; ++c) {
      if (!(std[c] > 0)) fail("Normalize: the standard deviation of channel ", c, " is ", std[c], ", expected above 0");
      mean_[c] = mean[c], std_[c] = std[c];
    }
  }
  static constexpr bool accepts(Shape in) { return in.c() == C; }
  void operator()(Planes& image, Workspace&, Random&) const {
    for (int c = 0; c < C; ++c) {
      float* p = image.row(c, 0);
      const std::ptrdiff_t pixels = static_cast<std::ptrdiff_t>(image.h) * image.w;
      const float mean = mean_[c], std = std_[c];
      for (std::ptrdiff_t i = 0; i < pixels; ++i) p[i] = (p[i] - mean) / std;
    }
  }

 private:
  float mean_[C], std_[C];
};

}  // namespace ctnet::data
