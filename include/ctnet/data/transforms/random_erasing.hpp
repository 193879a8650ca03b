// SPDX-License-Identifier: MIT
// RandomErasing: with probability p a rectangle of the image is overwritten, its area drawn from scale (of the whole)
// and its ratio height : width log-uniformly from ratio; ten tries, then the image stays as it is. After ToTensor.
// Zhong et al., "Random Erasing Data Augmentation", 2017.
#pragma once

#include <cmath>
#include <cstddef>

#include "../../core/error.hpp"
#include "../../core/finite.hpp"
#include "../distributions.hpp"
#include "crop.hpp"
#include "options.hpp"
#include "workspace.hpp"

namespace ctnet::data {

struct RandomErasing {
  double p = 0.5;
  Range scale{0.02, 0.33};
  Range ratio{0.3, 3.3};
  Fill value{};               // one number, or one for each channel
  bool random_value = false;  // torchvision's value='random': each number of its own, normal(0, 1); `value` is not used

  void check() const {
    detail::check_probability("RandomErasing", p);
    detail::check_range("RandomErasing", "scale", scale, 0, 1);
    if (!(ratio.low > 0 && ratio.low <= ratio.high && ratio.high < 1e6))
      fail("RandomErasing: ratio is ", ratio.low, " to ", ratio.high, ", expected above 0 and the low one first");
    for (int k = 0; k < value.count; ++k)
      if (!is_finite(value.values[k])) fail("RandomErasing: value is ", value.values[k], ", expected a finite number");
  }
  // What is erased; without height where nothing is.
  Region draw(int h, int w, Random& random) const {
    check();
    if (!random.chance(p)) return {};
    const double area = static_cast<double>(h) * w, low = std::log(ratio.low), high = std::log(ratio.high);
    for (int tries = 0; tries < 10; ++tries) {
      const double target = area * random.uniform(scale.low, scale.high);
      const double r = std::exp(random.uniform(low, high));
      const double eh = std::nearbyint(std::sqrt(target * r)), ew = std::nearbyint(std::sqrt(target / r));
      if (!(eh < h && ew < w)) continue;
      const int rows = static_cast<int>(eh), columns = static_cast<int>(ew);
      const int top = static_cast<int>(random.below(static_cast<unsigned>(h - rows) + 1));
      return {top, static_cast<int>(random.below(static_cast<unsigned>(w - columns) + 1)), rows, columns};
    }
    return {};
  }
  void operator()(Planes& image, Workspace&, Random& random) const {
    if (!random_value) detail::check_channels("RandomErasing", "value", value, image.c);
    const Region at = draw(image.h, image.w, random);
    for (int c = 0; c < image.c; ++c)
      for (int y = 0; y < at.h; ++y) {
        float* row = image.row(c, at.top + y) + at.left;
        for (int x = 0; x < at.w; ++x) row[x] = static_cast<float>(random_value ? normal(random) : value.of(c));
      }
  }
};

}  // namespace ctnet::data
