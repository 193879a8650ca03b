// SPDX-License-Identifier: MIT
// Grayscale<1 or 3>: one grey channel, or three equal ones. RandomGrayscale: three equal ones with probability p.
// Bytes by ITU-R 601 in PIL's fixed point, floats as 0.2989 R + 0.587 G + 0.114 B, as torchvision has either.
#pragma once

#include <cstddef>
#include <utility>

#include "color_jitter.hpp"
#include "options.hpp"
#include "workspace.hpp"

namespace ctnet::data {

namespace functional {

// Of 3 channels or 1; the image gets `channels`.
template <class T>
void to_grey(Pixels<T>& image, int channels, Workspace& workspace) {
  if (image.c == 1 && channels == 1) return;
  if (image.c != 1 && image.c != 3) fail("Grayscale of an image of ", image.c, " channels, expected 1 or 3");
  Pixels<T>& out = workspace.spare<T>();
  out.resize(channels, image.h, image.w);
  const std::size_t pixels = image.size() / static_cast<std::size_t>(image.c);
  const T* in = image.data();
  T* to = out.data();
  for (std::size_t i = 0; i < pixels; ++i)
    if constexpr (Pixels<T>::interleaved) {
      const T value = image.c == 3 ? static_cast<T>(grey(in + 3 * i)) : in[i];
      for (int k = 0; k < channels; ++k) *to++ = value;
    } else {
      const T value = image.c == 3 ? 0.2989f * in[i] + 0.587f * in[i + pixels] + 0.114f * in[i + 2 * pixels] : in[i];
      for (int k = 0; k < channels; ++k) to[i + static_cast<std::size_t>(k) * pixels] = value;
    }
  std::swap(image, out);
}

}  // namespace functional

template <int Channels = 1>
struct Grayscale {
  static_assert(Channels == 1 || Channels == 3, "Grayscale gives 1 channel or 3");
  static constexpr Shape shape(Shape in) { return {Channels, in.h(), in.w()}; }
  static constexpr bool accepts(Shape in) { return in.c() == 3 || in.c() == 1; }
  template <class T>
  void operator()(Pixels<T>& image, Workspace& workspace, Random&) const {
    functional::to_grey(image, Channels, workspace);
  }
};

struct RandomGrayscale {
  double p = 0.1;

  static constexpr bool accepts(Shape in) { return in.c() == 3 || in.c() == 1; }
  void check() const { detail::check_probability("RandomGrayscale", p); }
  template <class T>
  void operator()(Pixels<T>& image, Workspace& workspace, Random& random) const {
    check();
    if (random.chance(p)) functional::to_grey(image, image.c, workspace);
  }
};

}  // namespace ctnet::data
