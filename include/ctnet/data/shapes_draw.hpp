// SPDX-License-Identifier: MIT
// How the pictures of shapes.hpp are drawn: outlines as inside-tests on (u, v) in about -1 .. 1, painted with 3 x 3
// samples a pixel onto a background of two colours, a wave, strokes and noise. All from one stream of random numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "../core/random.hpp"
#include "sample.hpp"

namespace ctnet::data::detail {

inline constexpr int shape_classes = 10;
inline constexpr const char* shape_names[shape_classes] = {"circle",   "ring", "semicircle", "crescent", "square",
                                                           "triangle", "star", "cross",      "heart",    "arrow"};

inline bool inside_shape(int which, float u, float v) {
  const float r2 = u * u + v * v;
  switch (which) {
    case 0:
      return r2 < 0.72f;
    case 1:
      return r2 < 0.85f && r2 > 0.24f;
    case 2:
      return r2 < 1.0f && v > -0.15f;
    case 3:
      return r2 < 0.95f && (u - 0.5f) * (u - 0.5f) + v * v > 0.55f;
    case 4:
      return std::max(std::abs(u), std::abs(v)) < 0.75f;
    case 5:
      return v < 0.5f && v > 1.7320508f * std::abs(u) - 1.0f;
    case 6: {  // five half-planes around a pentagon: inside of all but one at most
      int outside = 0;
      constexpr float nx[] = {0.0f, 0.95105652f, 0.58778525f, -0.58778525f, -0.95105652f};
      constexpr float ny[] = {1.0f, 0.30901699f, -0.80901699f, -0.80901699f, 0.30901699f};
      for (int k = 0; k < 5; ++k) outside += nx[k] * u + ny[k] * v > 0.33f;
      return outside <= 1 && r2 < 1.2f;
    }
    case 7:
      return std::min(std::abs(u), std::abs(v)) < 0.27f && std::max(std::abs(u), std::abs(v)) < 0.92f;
    case 8: {
      const float x = 1.15f * u, y = 0.15f - 1.15f * v, a = x * x + y * y - 1.0f + 0.25f;
      return a * a * a - 1.4f * x * x * y * y * y < 0;
    }
    default:
      return (std::abs(v) < 0.2f && u > -0.95f && u < 0.2f) ||
             (u >= 0.1f && u < 0.95f && std::abs(v) < 0.8f * (0.95f - u));
  }
}

struct Color {
  float v[3];
};
inline Color draw_color(Random& random, double low = 20, double high = 235) {
  Color c;
  for (float& v : c.v) v = static_cast<float>(random.uniform(low, high));
  return c;
}

// Paints one picture of side x side with an object of class sample.label; fills image, boxes and mask.
class ShapePainter {
 public:
  ShapePainter(Sample& sample, int side, Random& random, float noise)
      : s_(sample), side_(side), random_(random), canvas_(static_cast<std::size_t>(3 * side * side)) {
    background();
    for (int i = static_cast<int>(random.below(4)); i > 0; --i) stroke();
    for (int i = static_cast<int>(random.below(3)); i > 0; --i) scrap();
    object();
    if (random.chance(0.5)) occlude();
    finish(noise);
  }

 private:
  float real(double low, double high) { return static_cast<float>(random_.uniform(low, high)); }
  float* pixel(int y, int x) { return canvas_.data() + 3 * (y * side_ + x); }

  void background() {
    const Color a = draw_color(random_, 10, 120), b = draw_color(random_, 10, 120);
    ground_ = a;
    for (int k = 0; k < 3; ++k) ground_.v[k] = 0.5f * (a.v[k] + b.v[k]);
    const float gx = real(-1, 1), gy = real(-1, 1), height = real(0, 22), fx = real(2, 14), fy = real(2, 14),
                phase = real(0, 6.3);
    std::vector<float> wave(static_cast<std::size_t>(side_));
    const float unit = 1.0f / static_cast<float>(side_);
    for (int x = 0; x < side_; ++x)
      wave[static_cast<std::size_t>(x)] = std::sin(fx * static_cast<float>(x) * unit + phase);
    for (int y = 0; y < side_; ++y) {
      const float row = height * std::cos(fy * static_cast<float>(y) * unit + phase);
      for (int x = 0; x < side_; ++x) {
        const float t = std::clamp(
            0.5f + gx * (static_cast<float>(x) * unit - 0.5f) + gy * (static_cast<float>(y) * unit - 0.5f), 0.0f, 1.0f);
        const float w = row * wave[static_cast<std::size_t>(x)];
        for (int k = 0; k < 3; ++k) pixel(y, x)[k] = a.v[k] + t * (b.v[k] - a.v[k]) + w;
      }
    }
  }

  // Blends `color` over what of each pixel is inside(x, y), and tells covered(y, x) which centres are. A pixel whose
  // corners and centre agree is taken to be wholly in or out; the others are sampled 3 x 3.
  template <class Inside, class Covered>
  void paint(float cx, float cy, float reach, const Color& color, const Inside& inside, const Covered& covered) {
    const int left = std::max(0, static_cast<int>(cx - reach)),
              right = std::min(side_, static_cast<int>(cx + reach) + 1);
    const int top = std::max(0, static_cast<int>(cy - reach)),
              bottom = std::min(side_, static_cast<int>(cy + reach) + 1);
    const auto at = [&](int y, int x, float dy, float dx) {
      return inside(static_cast<float>(x) + dx - cx, static_cast<float>(y) + dy - cy);
    };
    corners_.resize(static_cast<std::size_t>(side_) + 1);
    for (int x = left; x <= right && top < bottom; ++x) corners_[static_cast<std::size_t>(x)] = at(top, x, 0, 0);
    for (int y = top; y < bottom; ++y) {
      int above_left = corners_[static_cast<std::size_t>(left)];
      int below_left = corners_[static_cast<std::size_t>(left)] = at(y + 1, left, 0, 0);
      for (int x = left; x < right; ++x) {
        unsigned char& corner = corners_[static_cast<std::size_t>(x) + 1];
        const int above = corner, below = corner = at(y + 1, x + 1, 0, 0);
        const int centre = at(y, x, 0.5f, 0.5f), agree = above_left + below_left + above + below + centre;
        above_left = above, below_left = below;
        if (agree == 0) continue;
        if (centre) covered(y, x);
        int hits = 9;
        if (agree < 5) {
          hits = 0;
          for (const float dy : {1 / 6.0f, 0.5f, 5 / 6.0f})
            for (const float dx : {1 / 6.0f, 0.5f, 5 / 6.0f}) hits += at(y, x, dy, dx);
        }
        const float part = static_cast<float>(hits) / 9.0f;
        for (int k = 0; k < 3; ++k) pixel(y, x)[k] += part * (color.v[k] - pixel(y, x)[k]);
      }
    }
  }

  struct Stroke {
    float cx, cy, c, s, length, width;
    bool operator()(float x, float y) const {
      return std::abs(c * x + s * y) < length && std::abs(c * y - s * x) < width;
    }
  };
  Stroke draw_stroke() {
    const auto n = static_cast<float>(side_);
    const float angle = real(0, 3.1416), width = n * real(0.02, 0.05), length = n * real(0.15, 0.5);
    return {n * real(0, 1), n * real(0, 1), std::cos(angle), std::sin(angle), length, width};
  }
  void stroke() {
    const Stroke line = draw_stroke();
    paint(line.cx, line.cy, line.length + line.width, draw_color(random_), line, [](int, int) {});
  }
  // A line in front of the object, unless it would leave too little of it.
  void occlude() {
    const Stroke line = draw_stroke();
    int seen = 0, hidden = 0;
    for (int y = 0; y < side_; ++y)
      for (int x = 0; x < side_; ++x)
        if (s_.mask.at(0, y, x)) {
          ++seen;
          hidden += line(static_cast<float>(x) + 0.5f - line.cx, static_cast<float>(y) + 0.5f - line.cy);
        }
    if (5 * hidden > seen) return;
    paint(line.cx, line.cy, line.length + line.width, draw_color(random_), line,
          [&](int y, int x) { s_.mask.at(0, y, x) = 0; });
  }

  // A small blot of no class.
  void scrap() {
    const auto n = static_cast<float>(side_);
    const float a = n * real(0.03, 0.09), b = n * real(0.03, 0.09);
    // Drawn one after the other: among the arguments of one call the order would be the compiler's choice.
    const Color color = draw_color(random_);
    const float cy = n * real(0, 1), cx = n * real(0, 1);
    paint(
        cx, cy, std::max(a, b), color, [&](float x, float y) { return std::abs(x / a) + std::abs(y / b) < 1.0f; },
        [](int, int) {});
  }

  void object() {
    const auto n = static_cast<float>(side_);
    const float radius = n * real(0.26, 0.42), angle = real(-3.1416, 3.1416), ratio = real(0.8, 1.25);
    const float room = std::max(0.0f, 0.5f * n - 0.85f * radius);
    const float cx = 0.5f * n + real(-1, 1) * room, cy = 0.5f * n + real(-1, 1) * room;
    const float c = std::cos(angle), s = std::sin(angle), across = 1.0f / radius, down = ratio / radius;
    Color color = draw_color(random_, 110, 245);
    for (int tries = 0; tries < 8 && distance(color, ground_) < 70; ++tries) color = draw_color(random_, 110, 245);
    s_.mask.resize(1, side_, side_);
    std::fill(s_.mask.values.begin(), s_.mask.values.end(), static_cast<unsigned char>(0));
    paint(
        cx, cy, 1.3f * radius, color,
        [&, which = s_.label](float x, float y) {
          return inside_shape(which, (c * x + s * y) * across, (c * y - s * x) * down);
        },
        [&](int y, int x) { s_.mask.at(0, y, x) = 1; });
  }
  static float distance(const Color& a, const Color& b) {
    return std::max({std::abs(a.v[0] - b.v[0]), std::abs(a.v[1] - b.v[1]), std::abs(a.v[2] - b.v[2])});
  }

  void finish(float noise) {
    s_.image.resize(3, side_, side_);
    const float scale = noise * real(2, 20) / 73.9f;  // 73.9: the deviation of a byte
    unsigned char* out = s_.image.data();
    const float* in = canvas_.data();
    for (std::size_t left = canvas_.size(); left > 0;) {
      unsigned char noise_bytes[64];
      for (int i = 0; i < 64; i += 4) {
        const auto bits = random_();
        for (int k = 0; k < 4; ++k) noise_bytes[i + k] = static_cast<unsigned char>(bits >> (8 * k));
      }
      const std::size_t n = std::min<std::size_t>(64, left);
      for (std::size_t i = 0; i < n; ++i) {
        const int v = static_cast<int>(in[i] + 0.5f + scale * (static_cast<float>(noise_bytes[i]) - 127.5f));
        out[i] = static_cast<unsigned char>(std::clamp(v, 0, 255));
      }
      in += n, out += n, left -= n;
    }
    Box box{side_, side_, 0, 0, s_.label};
    for (int y = 0; y < side_; ++y)
      for (int x = 0; x < side_; ++x)
        if (s_.mask.at(0, y, x)) {
          box.left = std::min(box.left, x), box.right = std::max(box.right, x + 1);
          box.top = std::min(box.top, y), box.bottom = std::max(box.bottom, y + 1);
        }
    s_.boxes.assign(1, box);
  }

  Sample& s_;
  int side_;
  Random& random_;
  std::vector<float> canvas_;  // (side, side, 3)
  std::vector<unsigned char> corners_;
  Color ground_{};
};

}  // namespace ctnet::data::detail
