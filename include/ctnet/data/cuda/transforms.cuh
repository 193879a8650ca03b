// SPDX-License-Identifier: MIT
// The transforms of data/transforms/ as a GPU carries them out: asked for one number of the result, each says where in
// what came before that is found, so that a row of them reads one number of the image and makes no picture in between.
// They draw the same numbers in the same order as on the CPU, and compute with the same roundings: same bits.
//
//   Pipeline:  After<After<After<Pixels<3, 32, 32>, RandomCrop<32>>, RandomHorizontalFlip>, ToTensor> ...
#pragma once

#include "../../backends/cuda/device.cuh"
#include "../../core/random.hpp"
#include "../../core/shape.hpp"
#include "../transforms/compose.hpp"
#include "../transforms/crop.hpp"
#include "../transforms/flip.hpp"
#include "../transforms/to_tensor.hpp"

namespace ctnet::cuda {

// The device's form of a transform, made from it:
//   Drawn draw(h, w, random)                     what it draws for an image of h x w
//   float at<H, W>(drawn, before, c, y, x)       its result's number there; before(c, y, x): that of what it works on
template <class Transform>
struct DeviceTransform {
  static constexpr bool known = false;
};

struct NothingDrawn {};
struct PlaceDrawn {
  int top, left;
};
struct FlipDrawn {
  bool flipped;
};

template <int H, int W, class Before>
__device__ float inside(const Before& before, int c, int y, int x) {
  return y >= 0 && y < H && x >= 0 && x < W ? before(c, y, x) : 0.0f;
}

template <int CropH, int CropW>
struct DeviceTransform<data::RandomCrop<CropH, CropW>> {
  static constexpr bool known = true;
  using Drawn = PlaceDrawn;
  int padding;

  explicit DeviceTransform(const data::RandomCrop<CropH, CropW>& t) : padding(t.padding) {}
  __device__ Drawn draw(int h, int w, Random& random) const {
    const int top = static_cast<int>(random.below(static_cast<unsigned>(h + 2 * padding - CropH) + 1)) - padding;
    return {top, static_cast<int>(random.below(static_cast<unsigned>(w + 2 * padding - CropW) + 1)) - padding};
  }
  template <int H, int W, class Before>
  __device__ float at(const Drawn& d, const Before& before, int c, int y, int x) const {
    return inside<H, W>(before, c, d.top + y, d.left + x);
  }
};

template <int CropH, int CropW>
struct DeviceTransform<data::CenterCrop<CropH, CropW>> {
  static constexpr bool known = true;
  using Drawn = NothingDrawn;

  explicit DeviceTransform(const data::CenterCrop<CropH, CropW>&) {}
  __device__ Drawn draw(int, int, Random&) const { return {}; }
  template <int H, int W, class Before>
  __device__ float at(const Drawn&, const Before& before, int c, int y, int x) const {
    return inside<H, W>(before, c, place(H, CropH) + y, place(W, CropW) + x);
  }
  // As data::functional::center, half of what is cut off or, rounded to even, half of what is too much.
  CTNET_HD static constexpr int place(int size, int crop) {
    if (crop > size) return -((crop - size) / 2);
    const int half = (size - crop) / 2;
    return half + ((size - crop) % 2 != 0 && half % 2 != 0 ? 1 : 0);
  }
};

template <>
struct DeviceTransform<data::RandomHorizontalFlip> {
  static constexpr bool known = true;
  using Drawn = FlipDrawn;
  double p;

  explicit DeviceTransform(const data::RandomHorizontalFlip& t) : p(t.p) {}
  __device__ Drawn draw(int, int, Random& random) const { return {random.chance(p)}; }
  template <int H, int W, class Before>
  __device__ float at(const Drawn& d, const Before& before, int c, int y, int x) const {
    return before(c, y, d.flipped ? W - 1 - x : x);
  }
};
template <>
struct DeviceTransform<data::RandomVerticalFlip> {
  static constexpr bool known = true;
  using Drawn = FlipDrawn;
  double p;

  explicit DeviceTransform(const data::RandomVerticalFlip& t) : p(t.p) {}
  __device__ Drawn draw(int, int, Random& random) const { return {random.chance(p)}; }
  template <int H, int W, class Before>
  __device__ float at(const Drawn& d, const Before& before, int c, int y, int x) const {
    return before(c, d.flipped ? H - 1 - y : y, x);
  }
};

template <>
struct DeviceTransform<data::ToTensor> {
  static constexpr bool known = true;
  using Drawn = NothingDrawn;

  explicit DeviceTransform(const data::ToTensor&) {}
  __device__ Drawn draw(int, int, Random&) const { return {}; }
  template <int H, int W, class Before>
  __device__ float at(const Drawn&, const Before& before, int c, int y, int x) const {
    return before(c, y, x) / 255.0f;
  }
};
template <int C>
struct DeviceTransform<data::Normalize<C>> {
  static constexpr bool known = true;
  using Drawn = NothingDrawn;
  float mean[C], std[C];

  explicit DeviceTransform(const data::Normalize<C>& t) {
    for (int c = 0; c < C; ++c) mean[c] = t.mean(c), std[c] = t.std(c);
  }
  __device__ Drawn draw(int, int, Random&) const { return {}; }
  template <int H, int W, class Before>
  __device__ float at(const Drawn&, const Before& before, int c, int y, int x) const {
    return (before(c, y, x) - mean[c]) / std[c];
  }
};

// An image in memory, (C, H, W).
template <class V, int C, int H, int W>
struct Stored {
  static constexpr int c = C, h = H, w = W;
  using Value = V;
  using Drawn = NothingDrawn;

  __device__ Drawn draw(Random&) const { return {}; }
  __device__ float at(const Drawn&, const V* image, int c_, int y, int x) const {
    return static_cast<float>(image[(c_ * H + y) * W + x]);
  }
};
// A transform after all those before it; C, H, W: what comes out.
template <class Before, class Step, int C, int H, int W>
struct After {
  static constexpr int c = C, h = H, w = W;
  using Value = typename Before::Value;
  struct Drawn {
    typename Before::Drawn before;
    typename Step::Drawn now;
  };
  Before before;
  Step step;

  __device__ Drawn draw(Random& random) const {
    Drawn d;
    d.before = before.draw(random);
    d.now = step.draw(Before::h, Before::w, random);
    return d;
  }
  __device__ float at(const Drawn& d, const Value* image, int c_, int y, int x) const {
    return step.template at<Before::h, Before::w>(
        d.now, [&](int cc, int yy, int xx) { return before.at(d.before, image, cc, yy, xx); }, c_, y, x);
  }
};

namespace detail {
template <class Before>
Before pipeline_from(const Before& before) {
  return before;
}
template <class Before, class T, class... More>
auto pipeline_from(const Before& before, const T& transform, const More&... more) {
  using Step = DeviceTransform<T>;
  static_assert(Step::known,
                "this transform is not there on the GPU; there are RandomCrop, CenterCrop, RandomHorizontalFlip, "
                "RandomVerticalFlip, ToTensor and Normalize");
  if constexpr (Step::known) {
    constexpr Shape s = data::shape_after<T>(Shape{Before::c, Before::h, Before::w});
    return pipeline_from(After<Before, Step, s.c(), s.h(), s.w()>{before, Step{transform}}, more...);
  } else {  // goes on without it, so that the error above stays the only one
    return pipeline_from(before, more...);
  }
}
}  // namespace detail

// The transforms of a Compose, on images of V numbers, (C, H, W).
template <class V, int C, int H, int W, class... T>
auto pipeline(const data::Compose<T...>& compose) {
  return std::apply([](const T&... t) { return detail::pipeline_from(Stored<V, C, H, W>{}, t...); },
                    compose.transforms());
}

}  // namespace ctnet::cuda
