// SPDX-License-Identifier: MIT
// What mixes the images of a batch: MixUp (Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018) and CutMix
// (Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers", 2019), as torchvision.transforms.v2 has
// them: each image is mixed with the one before it in its batch (the first with the last), all of a batch in one ratio.
// MixLoader (mix_loader.hpp) calls them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "../core/error.hpp"
#include "../core/finite.hpp"
#include "../core/random.hpp"
#include "../core/shape.hpp"
#include "distributions.hpp"

namespace ctnet::data {

namespace detail {

inline void check_alpha(const char* name, double alpha) {
  if (!(alpha > 0 && is_finite(alpha))) fail(name, ": alpha is ", alpha, ", expected above 0");
}
// Whom image i of n is mixed with.
constexpr std::size_t partner(std::size_t i, std::size_t n) { return i == 0 ? n - 1 : i - 1; }

}  // namespace detail

// image = lambda image + (1 - lambda) partner, lambda from Beta(alpha, alpha).
struct MixUp {
  double alpha = 1;

  void check() const { detail::check_alpha("MixUp", alpha); }
  // in: n images of that shape; out: other memory, for as many. Gives the share of the image itself.
  double operator()(const float* in, float* out, std::size_t n, Shape shape, Random& random) const {
    const double lambda = beta(alpha, alpha, random);
    const auto own = static_cast<float>(lambda), other = static_cast<float>(1 - lambda);
    const auto size = static_cast<std::size_t>(shape.size());
    for (std::size_t i = 0; i < n; ++i) {
      const float *a = in + i * size, *b = in + detail::partner(i, n) * size;
      float* to = out + i * size;
      for (std::size_t k = 0; k < size; ++k) to[k] = own * a[k] + other * b[k];
    }
    return lambda;
  }
};

// A box of the partner is put into the image: its area is 1 - lambda of it, lambda from Beta(alpha, alpha), its centre
// anywhere, and what stands out is cut off.
struct CutMix {
  double alpha = 1;

  void check() const { detail::check_alpha("CutMix", alpha); }
  double operator()(const float* in, float* out, std::size_t n, Shape shape, Random& random) const {
    const double lambda = beta(alpha, alpha, random), half = 0.5 * std::sqrt(1 - lambda);
    const int h = shape.h(), w = shape.w();
    const int x = static_cast<int>(random.below(static_cast<unsigned>(w)));
    const int y = static_cast<int>(random.below(static_cast<unsigned>(h)));
    const int half_w = static_cast<int>(half * w), half_h = static_cast<int>(half * h);
    const int left = std::max(x - half_w, 0), right = std::min(x + half_w, w);
    const int top = std::max(y - half_h, 0), bottom = std::min(y + half_h, h);
    const auto size = static_cast<std::size_t>(shape.size());
    std::copy(in, in + n * size, out);
    for (std::size_t i = 0; i < n; ++i)
      for (int c = 0; c < shape.c(); ++c)
        for (int row = top; row < bottom; ++row) {
          const std::ptrdiff_t at = (static_cast<std::ptrdiff_t>(c) * h + row) * w;
          const float* from = in + detail::partner(i, n) * size + at;
          std::copy(from + left, from + right, out + i * size + at + left);
        }
    return 1 - static_cast<double>(right - left) * (bottom - top) / (static_cast<double>(w) * h);
  }
};

}  // namespace ctnet::data
