// SPDX-License-Identifier: MIT
// Line charts as SVG text: one panel with round ticks, a grid, a legend and any number of series. Points whose y is not
// finite leave a gap. Ticks: the multiples of 1, 2 or 5 times a power of ten.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "../core/finite.hpp"
#include "history.hpp"
#include "number.hpp"
#include "text.hpp"

namespace ctnet::report {

// For text between tags and inside attributes of SVG and HTML.
inline std::string escaped(const std::string& s) {
  std::string out;
  for (const char c : printable(s, Keep::lines)) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  return out;
}

struct Ticks {
  double first = 0, step = 1;
  int count = 2;
  int digits = 0;  // after the point

  double at(int i) const { return first + i * step; }
  double last() const { return at(count - 1); }
};

// Round ticks that enclose [low, high], about `wanted` of them; `whole` for integers.
inline Ticks round_ticks(double low, double high, int wanted, bool whole = false) {
  if (!(high > low)) {
    const double half = low == 0 ? 0.5 : 0.5 * std::abs(low);
    low -= half, high += half;
  }
  const double rough = (high - low) / std::max(wanted, 1), power = std::pow(10.0, std::floor(std::log10(rough)));
  Ticks t;
  t.step = rough <= power ? power : rough <= 2 * power ? 2 * power : rough <= 5 * power ? 5 * power : 10 * power;
  if (whole) t.step = std::max(1.0, t.step);
  t.first = std::floor(low / t.step + 1e-9) * t.step;
  t.count = std::clamp(static_cast<int>(std::ceil((high - t.first) / t.step - 1e-9)), 1, 100) + 1;
  t.digits = std::clamp(static_cast<int>(std::ceil(-std::log10(t.step) - 1e-9)), 0, 12);
  return t;
}

struct Series {
  std::string name;
  std::string color;
  std::vector<std::pair<double, double>> points;
  double width = 2;
  bool markers = true;
};

struct Panel {
  std::string title, x_title;
  std::vector<Series> series;
  std::string unit;                                    // after the numbers of the y axis
  bool whole_x = true;                                 // ticks at integers only
  double y_low = not_measured, y_high = not_measured;  // bounds the axis must not leave, such as 0 and 100
};

namespace detail {

inline constexpr const char* ink = "#1f2933";
inline constexpr const char* faint_ink = "#66717d";
inline constexpr const char* grid_ink = "#e4e8ec";

inline std::string text(double x, double y, const char* anchor, double size, const char* color,
                        const std::string& content, const std::string& more = "") {
  return "<text x=\"" + fixed(x, 1) + "\" y=\"" + fixed(y, 1) + "\" text-anchor=\"" + anchor + "\" font-size=\"" +
         general(size, 4) + "\" fill=\"" + color + "\"" + more + ">" + escaped(content) + "</text>\n";
}
inline std::string line(double x1, double y1, double x2, double y2, const char* color) {
  return "<line x1=\"" + fixed(x1, 1) + "\" y1=\"" + fixed(y1, 1) + "\" x2=\"" + fixed(x2, 1) + "\" y2=\"" +
         fixed(y2, 1) + "\" stroke=\"" + color + "\"/>\n";
}

// The least and greatest finite value; false where there is none.
template <class Get>
bool range_of(const std::vector<Series>& series, Get get, double& low, double& high) {
  bool any = false;
  for (const Series& s : series)
    for (const auto& p : s.points) {
      if (!is_finite(p.first) || !is_finite(p.second)) continue;
      const double v = get(p);
      low = any ? std::min(low, v) : v, high = any ? std::max(high, v) : v;
      any = true;
    }
  return any;
}

}  // namespace detail

inline std::string svg_begin(int width, int height, const std::string& title) {
  const std::string w = std::to_string(width), h = std::to_string(height);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + w + " " + h + "\" width=\"" + w + "\" height=\"" +
         h +
         "\" role=\"img\" font-family=\"system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', "
         "sans-serif\">\n<title>" +
         escaped(title) + "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
}

// The panel drawn into the rectangle (x, y, width, height) of an SVG picture.
inline std::string draw(const Panel& panel, double x, double y, double width, double height) {
  using namespace detail;
  std::string s = text(x, y + 14, "start", 15, ink, panel.title, " font-weight=\"600\"");

  double at = x;
  for (const Series& e : panel.series) {
    s += "<rect x=\"" + fixed(at, 1) + "\" y=\"" + fixed(y + 29, 1) + "\" width=\"16\" height=\"4\" rx=\"2\" fill=\"" +
         e.color + "\"/>\n";
    s += text(at + 22, y + 35.5, "start", 12, faint_ink, e.name);
    at += 40 + 6.6 * static_cast<double>(width_of(e.name));
  }

  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;
  const bool any = range_of(
      panel.series, [](auto& p) { return p.first; }, x_low, x_high);
  range_of(
      panel.series, [](auto& p) { return p.second; }, y_low, y_high);
  if (!any) return s + text(x + width / 2, y + height / 2, "middle", 13, faint_ink, "nothing was measured");
  if (x_low > 0 && x_low <= 1) x_low = 0;  // the run starts at 0, its first epoch ends at 1
  if (!(x_high > x_low)) x_low -= 1, x_high += 1;
  if (y_low > 0 && y_low < 0.4 * y_high) y_low = 0;
  const Ticks tx = round_ticks(x_low, x_high, static_cast<int>(width / 55), panel.whole_x);
  const Ticks ty = round_ticks(y_low, y_high, 5);
  y_low = is_finite(panel.y_low) ? std::max(ty.first, panel.y_low) : ty.first;
  y_high = is_finite(panel.y_high) ? std::min(ty.last(), panel.y_high) : ty.last();

  const bool plain = std::max(std::abs(y_low), std::abs(y_high)) < 1e5 && ty.digits <= 4;
  std::vector<std::string> labels;
  std::size_t widest = 0;
  for (int i = 0; i < ty.count; ++i) {
    labels.push_back(
        (plain ? fixed(ty.at(i), ty.digits) : general(std::abs(ty.at(i)) < ty.step / 2 ? 0 : ty.at(i), 4)) +
        panel.unit);
    widest = std::max(widest, width_of(labels.back()));
  }
  const double left = x + 10 + 6.8 * static_cast<double>(widest), right = x + width - 8, top = y + 54,
               bottom = y + height - 40;
  const auto px = [&](double v) { return left + (right - left) * (v - x_low) / (x_high - x_low); };
  const auto py = [&](double v) { return bottom - (bottom - top) * (v - y_low) / (y_high - y_low); };

  const double slack = 1e-9 * (y_high - y_low);
  for (int i = 0; i < ty.count; ++i) {
    const double v = ty.at(i);
    if (v < y_low - slack || v > y_high + slack) continue;
    s += line(left, py(v), right, py(v), grid_ink);
    s += text(left - 8, py(v) + 4, "end", 12, faint_ink, labels[static_cast<std::size_t>(i)]);
  }
  for (int i = 0; i < tx.count; ++i) {
    const double v = tx.at(i);
    if (v < x_low - 1e-9 || v > x_high + 1e-9) continue;
    s += line(px(v), bottom, px(v), bottom + 5, "#b4bcc4");
    s += text(px(v), bottom + 19, "middle", 12, faint_ink, fixed(v, tx.digits));
  }
  s += line(left, bottom, right, bottom, "#b4bcc4");
  s += text((left + right) / 2, bottom + 37, "middle", 12, faint_ink, panel.x_title);

  for (const Series& e : panel.series) {
    std::string path;
    bool pen_down = false;
    for (const auto& [vx, vy] : e.points) {
      const bool finite = is_finite(vx) && is_finite(vy);
      if (finite) path.append(pen_down ? "L" : "M").append(fixed(px(vx), 1)).append(" ").append(fixed(py(vy), 1));
      pen_down = finite;
    }
    s += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + e.color + "\" stroke-width=\"" + general(e.width, 3) +
         "\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n";
    if (!e.markers || e.points.size() > 40) continue;
    for (const auto& [vx, vy] : e.points)
      if (is_finite(vx) && is_finite(vy))
        s += "<circle cx=\"" + fixed(px(vx), 1) + "\" cy=\"" + fixed(py(vy), 1) + "\" r=\"3.2\" fill=\"" + e.color +
             "\" stroke=\"#ffffff\" stroke-width=\"1.2\"/>\n";
  }
  return s;
}

}  // namespace ctnet::report
