// SPDX-License-Identifier: MIT
// ColorJitter: brightness, contrast, saturation and hue changed by random factors, in a random order. With v given as
// a magnitude, the factor is uniform in max(0, 1 - v) .. 1 + v; for the hue, the shift in -hue .. hue (of a full turn).
// Each works as PIL's ImageEnhance: out = other + factor * (image - other), where other is black (brightness), the mean
// grey (contrast) or the grey picture (saturation); the hue is shifted in PIL's HSV of bytes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "../../core/error.hpp"
#include "../../core/finite.hpp"
#include "workspace.hpp"

namespace ctnet::data {

namespace functional {

// ITU-R 601 in 16 bit fixed point.
constexpr int grey(const unsigned char* rgb) {
  return (rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16;
}

constexpr unsigned char blend(int other, int value, float factor) {
  const float v = static_cast<float>(other) + factor * static_cast<float>(value - other);
  return v <= 0.0f ? 0 : v >= 255.0f ? 255 : static_cast<unsigned char>(v);
}

inline void adjust_brightness(Bitmap& image, double factor) {
  unsigned char table[256];
  for (int v = 0; v < 256; ++v) table[v] = blend(0, v, static_cast<float>(factor));
  for (unsigned char& v : image.values) v = table[v];
}

inline void adjust_contrast(Bitmap& image, double factor) {
  const std::size_t pixels = image.size() / static_cast<std::size_t>(image.c);
  if (pixels == 0) return;
  std::size_t sum = 0;
  for (std::size_t i = 0; i < pixels; ++i)
    sum += image.c == 3 ? static_cast<std::size_t>(grey(image.data() + 3 * i)) : image.values[i];
  const int mean = static_cast<int>(static_cast<double>(sum) / static_cast<double>(pixels) + 0.5);
  unsigned char table[256];
  for (int v = 0; v < 256; ++v) table[v] = blend(mean, v, static_cast<float>(factor));
  for (unsigned char& v : image.values) v = table[v];
}

inline void adjust_saturation(Bitmap& image, double factor) {
  if (image.c != 3) return;
  const auto f = static_cast<float>(factor);
  for (std::size_t i = 0; i + 2 < image.size(); i += 3) {
    unsigned char* p = image.data() + i;
    const int other = grey(p);
    for (int k = 0; k < 3; ++k) p[k] = blend(other, p[k], f);
  }
}

struct Hsv {
  int h, s, v;
};

inline Hsv to_hsv(int r, int g, int b) {
  const int high = std::max({r, g, b}), low = std::min({r, g, b});
  if (high == low) return {0, 0, high};
  const auto range = static_cast<float>(high - low);
  const float saturation = range / static_cast<float>(high);
  const float rc = static_cast<float>(high - r) / range, gc = static_cast<float>(high - g) / range,
              bc = static_cast<float>(high - b) / range;
  const float sixth = r == high   ? bc - gc
                      : g == high ? static_cast<float>(2.0 + static_cast<double>(rc) - static_cast<double>(bc))
                                  : static_cast<float>(4.0 + static_cast<double>(gc) - static_cast<double>(rc));
  const auto turn = static_cast<float>(std::fmod(static_cast<double>(sixth) / 6.0 + 1.0, 1.0));
  const auto byte = [](float x) { return std::clamp(static_cast<int>(static_cast<double>(x) * 255.0), 0, 255); };
  return {byte(turn), byte(saturation), high};
}

inline void from_hsv(const Hsv& in, unsigned char* rgb) {
  const auto set = [rgb](int r, int g, int b) {
    rgb[0] = static_cast<unsigned char>(r), rgb[1] = static_cast<unsigned char>(g),
    rgb[2] = static_cast<unsigned char>(b);
  };
  if (in.s == 0) return set(in.v, in.v, in.v);
  const double sixth = static_cast<double>(static_cast<float>(in.h)) * 6.0 / 255.0;
  const int sector = static_cast<int>(std::floor(sixth));
  const auto f = static_cast<double>(static_cast<float>(sixth - sector));
  const auto s = static_cast<double>(static_cast<float>(in.s / 255.0));
  const auto byte = [&](double x) { return std::clamp(static_cast<int>(std::round(in.v * x)), 0, 255); };
  const int p = byte(1.0 - s), q = byte(1.0 - s * f), t = byte(1.0 - s * (1.0 - f));
  switch (sector % 6) {
    case 0:
      return set(in.v, t, p);
    case 1:
      return set(q, in.v, p);
    case 2:
      return set(p, in.v, t);
    case 3:
      return set(p, q, in.v);
    case 4:
      return set(t, p, in.v);
    default:
      return set(in.v, p, q);
  }
}

// shift in -0.5 .. 0.5 of a full turn.
inline void adjust_hue(Bitmap& image, double shift) {
  if (image.c != 3) return;
  const int by = static_cast<int>(shift * 255);
  for (std::size_t i = 0; i + 2 < image.size(); i += 3) {
    unsigned char* p = image.data() + i;
    Hsv hsv = to_hsv(p[0], p[1], p[2]);
    hsv.h = (hsv.h + by) & 255;
    from_hsv(hsv, p);
  }
}

}  // namespace functional

struct ColorJitter {
  double brightness = 0, contrast = 0, saturation = 0, hue = 0;

  struct Draw {
    int order[4] = {0, 1, 2, 3};  // of brightness, contrast, saturation, hue
    double factor[4] = {1, 1, 1, 0};
  };
  static constexpr bool accepts(Shape in) { return in.c() == 3 || in.c() == 1; }

  void check() const {
    const auto check_magnitude = [](const char* option, double v) {
      if (!(v >= 0 && is_finite(v))) fail("ColorJitter: ", option, " is ", v, ", expected 0 or more");
    };
    check_magnitude("brightness", brightness);
    check_magnitude("contrast", contrast);
    check_magnitude("saturation", saturation);
    if (!(hue >= 0 && hue <= 0.5)) fail("ColorJitter: hue is ", hue, ", expected 0 to 0.5");
  }
  Draw draw(Random& random) const {
    check();
    Draw d;
    for (unsigned i = 3; i > 0; --i) std::swap(d.order[i], d.order[random.below(i + 1)]);
    const double magnitude[] = {brightness, contrast, saturation};
    for (int i = 0; i < 3; ++i) d.factor[i] = random.uniform(std::max(0.0, 1.0 - magnitude[i]), 1.0 + magnitude[i]);
    d.factor[3] = random.uniform(-hue, hue);
    return d;
  }
  void operator()(Bitmap& image, Workspace&, Random& random) const {
    const Draw d = draw(random);
    for (const int which : d.order) {
      if (which == 0 && brightness > 0) functional::adjust_brightness(image, d.factor[0]);
      if (which == 1 && contrast > 0) functional::adjust_contrast(image, d.factor[1]);
      if (which == 2 && saturation > 0) functional::adjust_saturation(image, d.factor[2]);
      if (which == 3 && hue > 0) functional::adjust_hue(image, d.factor[3]);
    }
  }
};

}  // namespace ctnet::data
