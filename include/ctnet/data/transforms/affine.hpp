// SPDX-License-Identifier: MIT
// RandomAffine: turned, moved, scaled and sheared about its centre, as torchvision's. Degrees of rotation are clockwise
// positive here, as there. In PIL's arithmetic, so that torchvision's pixels come out.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <type_traits>
#include <utility>

#include "../../core/error.hpp"
#include "options.hpp"
#include "workspace.hpp"

namespace ctnet::data {

namespace functional {

// Where the pixel (x, y) of the result comes from: (m0 x + m1 y + m2, m3 x + m4 y + m5), pixels having their centres at
// halves.
using AffineMap = std::array<double, 6>;

namespace detail {

struct Filler {
  unsigned char of[Fill::most];
  bool each;
  Filler(const Fill& fill_, int channels) : of{}, each(fill_.count == channels && channels > 1) {
    for (int k = 0; k < fill_.count; ++k) of[k] = static_cast<unsigned char>(fill_.values[k]);
  }
  template <class C>
  void operator()(unsigned char* to, C channels) const {
    for (int k = 0; k < channels; ++k) to[k] = of[each ? k : 0];
  }
};

// f(channels), as a constant where there are 3 or 1: a copy of 3 bytes through a call takes three times as long.
template <class F>
void with_channels(int c, F f) {
  if (c == 3)
    f(std::integral_constant<int, 3>{});
  else if (c == 1)
    f(std::integral_constant<int, 1>{});
  else
    f(c);
}
template <class C>
void copy_pixel(const unsigned char* from, C c, unsigned char* to) {
  for (int k = 0; k < c; ++k) to[k] = from[k];
}

// Rows and columns apart: places are summed up in double, and cut.
template <class C>
void scale_nearest(const Bitmap& image, const AffineMap& m, const Filler& filler, C c, Bitmap& out) {
  double sy = m[5] + m[4] * 0.5;
  for (int y = 0; y < out.h; ++y, sy += m[4]) {
    const bool inside = sy >= 0 && sy < image.h;
    double sx = m[2] + m[0] * 0.5;
    unsigned char* to = out.row(0, y);
    for (int x = 0; x < out.w; ++x, sx += m[0], to += c)
      if (inside && sx >= 0 && sx < image.w)
        copy_pixel(image.row(0, static_cast<int>(sy)) + static_cast<int>(sx) * c, c, to);
      else
        filler(to, c);
  }
}

// In 16.16 fixed point.
template <class C>
void map_nearest(const Bitmap& image, const AffineMap& m, const Filler& filler, C c, Bitmap& out) {
  const auto fixed = [](double v) { return static_cast<long long>(std::floor(v * 65536.0 + 0.5)); };
  const long long dx = fixed(m[0]), dy = fixed(m[3]), step_x = fixed(m[1]), step_y = fixed(m[4]);
  long long row_x = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5), row_y = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
  const auto wide = static_cast<unsigned long long>(image.w), high = static_cast<unsigned long long>(image.h);
  unsigned char* to = out.data();
  for (int y = 0; y < out.h; ++y, row_x += step_x, row_y += step_y) {
    long long sx = row_x, sy = row_y;
    for (int x = 0; x < out.w; ++x, sx += dx, sy += dy, to += c) {
      const auto ix = static_cast<unsigned long long>(sx >> 16), iy = static_cast<unsigned long long>(sy >> 16);
      if (ix < wide && iy < high)
        copy_pixel(image.data() + (iy * wide + ix) * static_cast<unsigned>(c), c, to);
      else
        filler(to, c);
    }
  }
}

// Between the four pixels around, the border's repeated; what lies outside of the image is not mixed in.
template <class C>
void map_bilinear(const Bitmap& image, const AffineMap& m, const Filler& filler, C c, Bitmap& out) {
  const int w = image.w, h = image.h;
  unsigned char* to = out.data();
  for (int y = 0; y < out.h; ++y)
    for (int x = 0; x < out.w; ++x, to += c) {
      const double sx = m[0] * (x + 0.5) + m[1] * (y + 0.5) + m[2], sy = m[3] * (x + 0.5) + m[4] * (y + 0.5) + m[5];
      if (!(sx >= 0 && sx < w && sy >= 0 && sy < h)) {
        filler(to, c);
        continue;
      }
      const auto whole = [](double v) { return v < 0 ? -1 : static_cast<int>(v); };  // the largest below v >= -0.5
      const int left = whole(sx - 0.5), top = whole(sy - 0.5);
      const double dx = sx - 0.5 - left, dy = sy - 0.5 - top;
      const int x0 = std::max(left, 0) * c, x1 = std::min(left + 1, w - 1) * c;
      const unsigned char *upper = image.row(0, std::max(top, 0)), *lower = image.row(0, std::min(top + 1, h - 1));
      const auto between = [](double a, double b, double d) { return a + (b - a) * d; };
      for (int k = 0; k < c; ++k)
        to[k] = static_cast<unsigned char>(
            between(between(upper[x0 + k], upper[x1 + k], dx), between(lower[x0 + k], lower[x1 + k], dx), dy));
    }
}

}  // namespace detail

// out (h, w) = image looked up by m; out is another image.
inline void warp(const Bitmap& image, const AffineMap& m, int h, int w, Interpolation interpolation, const Fill& fill_,
                 Bitmap& out) {
  out.resize(image.c, h, w);
  const detail::Filler filler(fill_, image.c);
  detail::with_channels(image.c, [&](auto c) {
    if (interpolation == Interpolation::bilinear)
      detail::map_bilinear(image, m, filler, c, out);
    else if (m[1] == 0 && m[3] == 0)
      detail::scale_nearest(image, m, filler, c, out);
    else
      detail::map_nearest(image, m, filler, c, out);
  });
}

constexpr double radians(double degrees) { return degrees * std::numbers::pi / 180.0; }

// The inverse of: shear, scale, rotate about the centre, then translate by whole pixels.
inline AffineMap affine_map(int h, int w, double degrees, int move_x, int move_y, double scale, double shear_x,
                            double shear_y) {
  const double turn = radians(degrees), sx = radians(shear_x), sy = radians(shear_y);
  const double a = std::cos(turn - sy) / std::cos(sy);
  const double b = -std::cos(turn - sy) * std::tan(sx) / std::cos(sy) - std::sin(turn);
  const double c = std::sin(turn - sy) / std::cos(sy);
  const double d = -std::sin(turn - sy) * std::tan(sx) / std::cos(sy) + std::cos(turn);
  const double cx = w * 0.5, cy = h * 0.5;
  AffineMap m{d / scale, -b / scale, 0, -c / scale, a / scale, 0};
  m[2] = m[0] * (-cx - move_x) + m[1] * (-cy - move_y) + cx;
  m[5] = m[3] * (-cx - move_x) + m[4] * (-cy - move_y) + cy;
  return m;
}

}  // namespace functional

struct Translate {
  double x = 0, y = 0;  // at most this share of the width and of the height
};
// Degrees parallel to x, and to y: 10 and {-10, 10} are the same and leave y alone; {-10, 10, -5, 5} shears both.
struct Shear {
  Degrees x, y;
  constexpr Shear() = default;
  constexpr Shear(double most) : x(most) {}
  constexpr Shear(double low, double high) : x(low, high) {}
  constexpr Shear(double x_low, double x_high, double y_low, double y_high) : x(x_low, x_high), y(y_low, y_high) {}
};

struct RandomAffine {
  Degrees degrees = 0;
  Translate translate{};
  Range scale{1, 1};
  Shear shear{};
  Interpolation interpolation = Interpolation::nearest;
  Fill fill{};  // 0 .. 255

  struct Draw {
    double degrees;
    int move_x, move_y;
    double scale, shear_x, shear_y;
  };
  void check() const {
    detail::check_degrees("RandomAffine", "degrees", degrees, 360);
    if (!(translate.x >= 0 && translate.x <= 1 && translate.y >= 0 && translate.y <= 1))
      fail("RandomAffine: translate is ", translate.x, ", ", translate.y, ", expected 0 to 1");
    if (!(scale.low > 0)) fail("RandomAffine: scale begins at ", scale.low, ", expected above 0");
    detail::check_range("RandomAffine", "scale", scale, 0, 1e6);
    detail::check_degrees("RandomAffine", "shear", shear.x, 89);
    detail::check_degrees("RandomAffine", "shear parallel to y", shear.y, 89);
    detail::check_fill("RandomAffine", fill);
  }
  Draw draw(int h, int w, Random& random) const {
    check();
    Draw d{};
    d.degrees = random.uniform(degrees.low, degrees.high);
    d.move_x = static_cast<int>(std::nearbyint(random.uniform(-translate.x * w, translate.x * w)));
    d.move_y = static_cast<int>(std::nearbyint(random.uniform(-translate.y * h, translate.y * h)));
    d.scale = random.uniform(scale.low, scale.high);
    d.shear_x = random.uniform(shear.x.low, shear.x.high);
    d.shear_y = random.uniform(shear.y.low, shear.y.high);
    return d;
  }
  void operator()(Bitmap& image, Workspace& workspace, Random& random) const {
    detail::check_channels("RandomAffine", "fill", fill, image.c);
    const Draw d = draw(image.h, image.w, random);
    const auto map =
        functional::affine_map(image.h, image.w, d.degrees, d.move_x, d.move_y, d.scale, d.shear_x, d.shear_y);
    functional::warp(image, map, image.h, image.w, interpolation, fill, workspace.bytes);
    std::swap(image, workspace.bytes);
  }
};

}  // namespace ctnet::data
