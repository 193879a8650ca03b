// SPDX-License-Identifier: MIT
// Numbers to text for people: printf's formats into a std::string, thousands set apart, durations. Independent of the
// locale, which printf's decimal point is not.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>

#include "../core/finite.hpp"

namespace ctnet::report {

// %.{digits}f; "-" where the number is not finite.
inline std::string fixed(double v, int digits) {
  if (!is_finite(v)) return "-";
  char s[400];
  const int n = std::snprintf(s, sizeof s, "%.*f", digits, v);
  for (int i = 0; i < n; ++i)
    if (s[i] == ',') s[i] = '.';
  return std::string(s, static_cast<std::size_t>(n));
}
// %.{digits}g
inline std::string general(double v, int digits) {
  if (!is_finite(v)) return "-";
  char s[64];
  const int n = std::snprintf(s, sizeof s, "%.*g", digits, v);
  for (int i = 0; i < n; ++i)
    if (s[i] == ',') s[i] = '.';
  return std::string(s, static_cast<std::size_t>(n));
}
// %.{digits}f where that shows two digits of v or more, else %.3g: a small number is not 0.0000.
inline std::string figure(double v, int digits) {
  return v == 0 || std::abs(v) >= std::pow(10.0, 1 - digits) ? fixed(v, digits) : general(v, 3);
}
inline std::string percent(double fraction, int digits = 1) {
  return is_finite(fraction) ? fixed(100 * fraction, digits) + " %" : "-";
}
// 62006 -> "62,006"
inline std::string grouped(long long v) {
  std::string s = std::to_string(v);
  for (std::size_t at = s.size(), first = v < 0 ? 1 : 0; at > first + 3;) s.insert(at -= 3, 1, ',');
  return s;
}
// 45 s, 3:07 min, 1:02:03 h
inline std::string duration(double seconds) {
  if (!is_finite(seconds) || seconds < 0 || seconds > 1e9) return "-";
  const auto t = static_cast<long long>(seconds + 0.5);
  const auto two = [](long long v) {
    return std::string{static_cast<char>('0' + v / 10), static_cast<char>('0' + v % 10)};
  };
  if (t < 60) return std::to_string(t) + " s";
  if (t < 3600) return std::to_string(t / 60) + ":" + two(t % 60) + " min";
  return std::to_string(t / 3600) + ":" + two(t / 60 % 60) + ":" + two(t % 60) + " h";
}

// Code points, which is what a fixed-width column counts.
inline std::size_t width_of(const std::string& utf8) {
  std::size_t n = 0;
  for (const char c : utf8) n += (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
  return n;
}
// At most `most` code points, the last an ellipsis where some are cut.
inline std::string shortened(const std::string& utf8, std::size_t most) {
  if (width_of(utf8) <= most) return utf8;
  std::size_t at = 0;
  for (std::size_t n = 0; at < utf8.size(); ++at)
    if ((static_cast<unsigned char>(utf8[at]) & 0xC0u) != 0x80u && ++n == most) break;
  return utf8.substr(0, at) + "\u2026";
}

}  // namespace ctnet::report
