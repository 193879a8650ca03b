// SPDX-License-Identifier: MIT
// RandomRotation: about the centre, by an angle uniform in -degrees .. degrees, counter-clockwise; the nearest pixel is
// taken and what comes from outside is 0. With 16.16 fixed point as in PIL, so that torchvision's pixels come out.
#pragma once

#include <cmath>

#include "../../core/error.hpp"
#include "workspace.hpp"

namespace ctnet::data {

namespace functional {

// out = image rotated by `degrees` counter-clockwise; out is another image.
inline void rotate(const Bitmap& image, double degrees, Bitmap& out) {
  const int w = image.w, h = image.h, c = image.c;
  out.resize(c, h, w);
  const double turn = degrees - 360.0 * std::floor(degrees / 360.0);
  // Quarter turns map pixels to pixels; the general path could be one off through rounding at .5.
  if (turn == 0.0 || turn == 180.0 || ((turn == 90.0 || turn == 270.0) && w == h)) {
    const unsigned char* in = image.data();
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x, in += c) {
        const int ty = turn == 0.0 ? y : turn == 180.0 ? h - 1 - y : turn == 90.0 ? h - 1 - x : x;
        const int tx = turn == 0.0 ? x : turn == 180.0 ? w - 1 - x : turn == 90.0 ? y : w - 1 - y;
        for (int k = 0; k < c; ++k) out.at(k, ty, tx) = in[k];
      }
    return;
  }
  const double radians = -turn * 3.14159265358979323846 / 180.0;
  const auto round15 = [](double v) { return std::nearbyint(v * 1e15) * 1e-15; };
  const double cosine = round15(std::cos(radians)), sine = round15(std::sin(radians));
  // source = A (x, y) + b, with A = (cos sin; -sin cos) and the centre fixed
  const double cx = w / 2.0, cy = h / 2.0;
  const double bx = cosine * -cx + sine * -cy + cx, by = -sine * -cx + cosine * -cy + cy;
  const auto fixed = [](double v) { return static_cast<long long>(std::floor(v * 65536.0 + 0.5)); };
  const long long dx = fixed(cosine), dy = fixed(-sine);
  long long row_x = fixed(bx + cosine * 0.5 + sine * 0.5), row_y = fixed(by - sine * 0.5 + cosine * 0.5);
  const long long step_x = fixed(sine), step_y = fixed(cosine);
  unsigned char* to = out.data();
  const auto wide = static_cast<unsigned long long>(w), high = static_cast<unsigned long long>(h);
  for (int y = 0; y < h; ++y, row_x += step_x, row_y += step_y) {
    long long sx = row_x, sy = row_y;
    for (int x = 0; x < w; ++x, sx += dx, sy += dy, to += c) {
      const auto ix = static_cast<unsigned long long>(sx >> 16), iy = static_cast<unsigned long long>(sy >> 16);
      if (ix < wide && iy < high) {
        const unsigned char* from = image.data() + (iy * wide + ix) * static_cast<unsigned>(c);
        for (int k = 0; k < c; ++k) to[k] = from[k];
      } else {
        for (int k = 0; k < c; ++k) to[k] = 0;
      }
    }
  }
}

}  // namespace functional

struct RandomRotation {
  double degrees = 0;
  void operator()(Bitmap& image, Workspace& workspace, Random& random) const {
    if (!(degrees >= 0 && degrees <= 360)) fail("RandomRotation: degrees is ", degrees, ", expected 0 to 360");
    functional::rotate(image, random.uniform(-degrees, degrees), workspace.bytes);
    std::swap(image, workspace.bytes);
  }
};

}  // namespace ctnet::data
