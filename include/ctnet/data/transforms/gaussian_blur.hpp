// SPDX-License-Identifier: MIT
// GaussianBlur: each pixel becomes the mean of those around it, weighted by a Gaussian whose deviation (in pixels) is
// drawn from sigma; the border is reflected without being repeated. As torchvision's; bytes are rounded.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/options.hpp"
#include "options.hpp"
#include "workspace.hpp"

namespace ctnet::data {

namespace functional {

namespace detail {

inline void gaussian(int size, double sigma, std::vector<float>& weights) {
  weights.resize(static_cast<std::size_t>(size));
  const int middle = size / 2;
  float sum = 0;
  for (int j = 0; j < size; ++j) {
    const float at = static_cast<float>(j - middle) / static_cast<float>(sigma);
    sum += weights[static_cast<std::size_t>(j)] = std::exp(-0.5f * at * at);
  }
  for (float& w : weights) w /= sum;
}
// In blocks of a constant size, which compilers make vectors of at -O2 too.
inline void add_scaled(float* __restrict to, const float* __restrict from, float by, std::size_t n) {
  constexpr std::size_t block = 16;
  std::size_t i = 0;
  for (; i + block <= n; i += block)
    for (std::size_t k = 0; k < block; ++k) to[i + k] += by * from[i + k];
  for (; i < n; ++i) to[i] += by * from[i];
}
constexpr int reflected(int i, int n) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; }

}  // namespace detail

// kernel: odd, and half of it below the image's height and width.
template <class T>
void gaussian_blur(Pixels<T>& image, Size kernel, double sigma, Workspace& workspace) {
  const int h = image.h, w = image.w, half_h = kernel.h / 2, half_w = kernel.w / 2, step = image.step();
  if (half_h >= h || half_w >= w)
    fail("GaussianBlur: kernel_size ", kernel.h, " x ", kernel.w, " needs an image of ", half_h + 1, " x ", half_w + 1,
         " or more, gets ", h, " x ", w);
  const std::size_t width = static_cast<std::size_t>(w) * static_cast<std::size_t>(step);
  std::vector<float>&weights = workspace.weights, &line = workspace.line;
  Planes& across = workspace.floats;
  across.c = image.c, across.h = h, across.w = w;
  across.values.assign(image.size(), 0.0f);
  detail::gaussian(kernel.w, sigma, weights);
  for (int row = 0; row < image.planes() * h; ++row) {
    const T* in = image.data() + static_cast<std::size_t>(row) * width;
    float* out = across.data() + static_cast<std::size_t>(row) * width;
    line.resize(width + static_cast<std::size_t>(2 * half_w * step));
    for (int x = -half_w; x < w + half_w; ++x)
      for (int k = 0; k < step; ++k)
        line[static_cast<std::size_t>((x + half_w) * step + k)] =
            static_cast<float>(in[detail::reflected(x, w) * step + k]);
    for (int j = 0; j < kernel.w; ++j) {
      detail::add_scaled(out, line.data() + j * step, weights[static_cast<std::size_t>(j)], width);
    }
  }
  detail::gaussian(kernel.h, sigma, weights);
  line.resize(width);
  for (int plane = 0; plane < image.planes(); ++plane)
    for (int y = 0; y < h; ++y) {
      std::fill(line.begin(), line.end(), 0.0f);
      for (int j = 0; j < kernel.h; ++j) {
        const int from = plane * h + detail::reflected(y + j - half_h, h);
        detail::add_scaled(line.data(), across.data() + static_cast<std::size_t>(from) * width,
                           weights[static_cast<std::size_t>(j)], width);
      }
      T* to = image.row(plane, y);
      for (std::size_t i = 0; i < width; ++i)
        if constexpr (std::is_same_v<T, unsigned char>)
          to[i] = static_cast<T>(std::min(line[i] + 0.5f, 255.0f));
        else
          to[i] = line[i];
    }
}

}  // namespace functional

struct GaussianBlur {
  Size kernel_size = 0;  // must be given: odd numbers, height and width or one for both
  Range sigma{0.1, 2.0};

  void check() const {
    if (kernel_size.h < 1 || kernel_size.w < 1 || kernel_size.h % 2 == 0 || kernel_size.w % 2 == 0)
      fail("GaussianBlur: kernel_size is ", kernel_size.h, " x ", kernel_size.w, ", expected odd numbers above 0");
    if (!(sigma.low > 0 && sigma.low <= sigma.high && sigma.high < 1e6))
      fail("GaussianBlur: sigma is ", sigma.low, " to ", sigma.high, ", expected above 0 and the low one first");
  }
  template <class T>
  void operator()(Pixels<T>& image, Workspace& workspace, Random& random) const {
    check();
    functional::gaussian_blur(image, kernel_size, random.uniform(sigma.low, sigma.high), workspace);
  }
};

}  // namespace ctnet::data
