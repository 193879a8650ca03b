// SPDX-License-Identifier: MIT
// Resize<S>: the short side becomes S, the long one keeps the ratio. Resize<S, 0, Most>: but no longer than Most
// (torchvision's max_size). Resize<H, W>: both. Bilinear with antialias: each output pixel is the mean of the source
// under a triangle of half-width max(1, in / out), first across, then down, in PIL's arithmetic (weights of 22 bits, a
// byte between the two passes), so that torchvision's pixels come out.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "../../core/error.hpp"
#include "affine.hpp"
#include "options.hpp"
#include "workspace.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // the bounds of arrays are ints

namespace ctnet::data {

namespace functional {

inline constexpr int resample_bits = 22;

inline void make_table(int in, int out, ResampleTable& t) {
  if (t.in == in && t.out == out) return;
  const double scale = static_cast<double>(in) / out, support = std::max(scale, 1.0);
  t.in = in, t.out = out;
  t.taps = static_cast<int>(std::ceil(support)) * 2 + 1;
  t.first.resize(static_cast<std::size_t>(out));
  t.count.resize(static_cast<std::size_t>(out));
  t.weights.assign(static_cast<std::size_t>(out) * static_cast<std::size_t>(t.taps), 0);
  std::vector<double> weight(static_cast<std::size_t>(t.taps));
  for (int k = 0; k < out; ++k) {
    const double centre = (k + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int count = std::min(in, static_cast<int>(centre + support + 0.5)) - first;
    double sum = 0;
    for (int j = 0; j < count; ++j) {
      const double at = std::abs((first + j - centre + 0.5) / support);
      sum += weight[static_cast<std::size_t>(j)] = at < 1.0 ? 1.0 - at : 0.0;
    }
    int* w = t.weights.data() + static_cast<std::ptrdiff_t>(k) * t.taps;
    for (int j = 0; j < count; ++j)
      w[j] = static_cast<int>(0.5 + weight[static_cast<std::size_t>(j)] / sum * (1 << resample_bits));
    t.first[static_cast<std::size_t>(k)] = first;
    t.count[static_cast<std::size_t>(k)] = count;
  }
}

inline unsigned char to_byte(int sum) { return static_cast<unsigned char>(std::clamp(sum >> resample_bits, 0, 255)); }

// out(h, k) = sum over j of  image(h, first(k) + j) * weight(k, j)
template <int C>
void resample_across(const Bitmap& image, const ResampleTable& t, Bitmap& out) {
  out.resize(C, image.h, t.out);
  for (int y = 0; y < image.h; ++y) {
    const unsigned char* in = image.row(0, y);
    unsigned char* to = out.row(0, y);
    for (int k = 0; k < t.out; ++k, to += C) {
      const int* w = t.weights.data() + static_cast<std::ptrdiff_t>(k) * t.taps;
      const unsigned char* from = in + t.first[static_cast<std::size_t>(k)] * C;
      int sum[C];
      for (int c = 0; c < C; ++c) sum[c] = 1 << (resample_bits - 1);
      for (int j = 0; j < t.count[static_cast<std::size_t>(k)]; ++j, from += C)
        for (int c = 0; c < C; ++c) sum[c] += from[c] * w[j];
      for (int c = 0; c < C; ++c) to[c] = to_byte(sum[c]);
    }
  }
}

// out(k, x) = sum over j of  image(first(k) + j, x) * weight(k, j), a strip of the row at a time
inline void resample_down(const Bitmap& image, const ResampleTable& t, Bitmap& out) {
  constexpr int strip = 64;
  out.resize(image.c, t.out, image.w);
  const int width = image.w * image.c;
  for (int k = 0; k < t.out; ++k) {
    const int* w = t.weights.data() + static_cast<std::ptrdiff_t>(k) * t.taps;
    const int first = t.first[static_cast<std::size_t>(k)], count = t.count[static_cast<std::size_t>(k)];
    unsigned char* to = out.row(0, k);
    for (int x = 0; x < width; x += strip) {
      const int n = std::min(strip, width - x);
      int sum[strip];
      std::fill(sum, sum + n, 1 << (resample_bits - 1));
      for (int j = 0; j < count; ++j) {
        const unsigned char* from = image.row(0, first + j) + x;
        for (int i = 0; i < n; ++i) sum[i] += from[i] * w[j];
      }
      for (int i = 0; i < n; ++i) to[x + i] = to_byte(sum[i]);
    }
  }
}

// Between the two nearest pixels of each direction, whatever the scale; as torchvision resizes tensors of bytes.
inline void resize_between(const Bitmap& image, int h, int w, Bitmap& out) {
  struct Place {
    int first, second;
    float part;
  };
  const auto place = [](int k, int in, int to) {
    const float scale = static_cast<float>(in) / static_cast<float>(to);
    const float at = std::max(scale * (static_cast<float>(k) + 0.5f) - 0.5f, 0.0f);
    const int first = std::min(static_cast<int>(at), in - 1);
    return Place{first, std::min(first + 1, in - 1), std::min(at - static_cast<float>(first), 1.0f)};
  };
  out.resize(image.c, h, w);
  for (int y = 0; y < h; ++y) {
    const Place py = place(y, image.h, h);
    const unsigned char *upper = image.row(0, py.first), *lower = image.row(0, py.second);
    unsigned char* to = out.row(0, y);
    for (int x = 0; x < w; ++x) {
      const Place px = place(x, image.w, w);
      for (int c = 0; c < image.c; ++c) {
        const auto across = [&](const unsigned char* row) {
          return (1 - px.part) * static_cast<float>(row[px.first * image.c + c]) +
                 px.part * static_cast<float>(row[px.second * image.c + c]);
        };
        *to++ = static_cast<unsigned char>(std::nearbyint((1 - py.part) * across(upper) + py.part * across(lower)));
      }
    }
  }
}

// The image becomes (h, w). Images of 1 to 4 channels where it is bilinear with antialias.
inline void resize(Bitmap& image, int h, int w, Workspace& workspace,
                   Interpolation interpolation = Interpolation::bilinear, bool antialias = true) {
  if (h < 1 || w < 1 || image.h < 1 || image.w < 1)
    fail("Resize of an image of ", image.h, " x ", image.w, " to ", h, " x ", w);
  if (h == image.h && w == image.w) return;
  if (interpolation == Interpolation::nearest || !antialias) {
    const AffineMap map{static_cast<double>(image.w) / w, 0, 0, 0, static_cast<double>(image.h) / h, 0};
    if (interpolation == Interpolation::nearest)
      warp(image, map, h, w, interpolation, {}, workspace.more_bytes);
    else
      resize_between(image, h, w, workspace.more_bytes);
    std::swap(image, workspace.more_bytes);
    return;
  }
  Bitmap& out = workspace.more_bytes;
  if (w != image.w) {
    make_table(image.w, w, workspace.across);
    switch (image.c) {
      case 1:
        resample_across<1>(image, workspace.across, out);
        break;
      case 2:
        resample_across<2>(image, workspace.across, out);
        break;
      case 3:
        resample_across<3>(image, workspace.across, out);
        break;
      case 4:
        resample_across<4>(image, workspace.across, out);
        break;
      default:
        fail("Resize of an image of ", image.c, " channels, expected 1 to 4");
    }
    std::swap(image, out);
  }
  if (h != image.h) {
    make_table(image.h, h, workspace.down);
    resample_down(image, workspace.down, out);
    std::swap(image, out);
  }
}

// (H, W) after the short side became `size`, and the long one then at most `most` (0: no bound); the other side is cut
// to a whole pixel.
constexpr Shape resized(Shape in, int size, int most = 0) {
  const int h = in.h(), w = in.w();
  if (h < 1 || w < 1) return {in.c(), any_size, any_size};
  const auto other = [size](int longer, int shorter) { return static_cast<int>(i64{size} * longer / shorter); };
  int shorter = size, longer = w <= h ? other(h, w) : other(w, h);
  if (most > 0 && longer > most) shorter = static_cast<int>(i64{most} * shorter / longer), longer = most;
  return w <= h ? Shape{in.c(), longer, shorter} : Shape{in.c(), shorter, longer};
}

}  // namespace functional

template <int H, int W = 0, int Most = 0>
struct Resize {
  static_assert(H > 0 && W >= 0, "Resize needs a size above 0");
  static_assert(Most == 0 || (W == 0 && Most > H),
                "the most that Resize<S, 0, Most> allows the long side must be above the short side S");
  Interpolation interpolation = Interpolation::bilinear;
  bool antialias = true;  // of bilinear: false looks at the nearest pixels only, also where the image gets smaller

  static constexpr Shape shape(Shape in) { return W > 0 ? Shape{in.c(), H, W} : functional::resized(in, H, Most); }
  void operator()(Bitmap& image, Workspace& workspace, Random&) const {
    const Shape to = shape(image.shape());
    functional::resize(image, to.h(), to.w(), workspace, interpolation, antialias);
  }
};

}  // namespace ctnet::data

#pragma GCC diagnostic pop
