// SPDX-License-Identifier: MIT
// Shapes<Side>: a data set that needs no file. Each picture is (3, Side, Side) and shows one of ten shapes, turned,
// stretched and coloured at random, before clutter and behind a bar, in noise; its class, box and mask are exact.
// Picture i of a split is a pure function of (seed, split, i). A LeNet reaches about 70 % after 40,000 images, never
// 100.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../core/error.hpp"
#include "sample.hpp"
#include "shapes_draw.hpp"

namespace ctnet::data {

struct ShapesOptions {
  std::size_t size = 0;    // pictures; 0: 20,000 to train, 4,000 to test
  std::uint64_t seed = 0;  // another seed is another set
  double noise = 1;        // 0: none
};

template <int Side = 32>
class Shapes : public Get<Shapes<Side>> {
  static_assert(Side >= 16 && Side <= 4096, "Shapes are drawn with a side of 16 to 4096");

 public:
  static constexpr Shape shape{3, Side, Side};

  // The two splits have no picture in common.
  explicit Shapes(Split split = Split::train, ShapesOptions options = {}) : split_(split), options_(options) {
    if (!(options.noise >= 0 && options.noise <= 10)) fail("Shapes: noise is ", options.noise, ", expected 0 to 10");
    if (options.size == 0) options_.size = split == Split::train ? 20'000 : 4'000;
  }
  std::size_t size() const { return options_.size; }
  int label(std::size_t i) const {
    Random random = stream(i);
    return draw_label(random);
  }
  // Also fills sample.boxes with one box, around what is seen of the shape, and sample.mask with 1 where it is seen.
  void read(std::size_t i, Sample& sample) const {
    Random random = stream(i);
    sample.label = draw_label(random);
    detail::ShapePainter(sample, Side, random, static_cast<float>(options_.noise));
  }
  static std::span<const char* const> classes() { return detail::shape_names; }

 private:
  Random stream(std::size_t i) const {
    return Random{Seed{options_.seed}, 0x736861706573ull + (split_ == Split::train ? 0 : 1), i};
  }
  static int draw_label(Random& random) { return static_cast<int>(random.below(detail::shape_classes)); }

  Split split_;
  ShapesOptions options_;
};

}  // namespace ctnet::data
