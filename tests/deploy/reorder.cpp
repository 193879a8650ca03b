// SPDX-License-Identifier: MIT
// Activations from every layout to every other, element by element, between inaccessible pages.
#include <string>

#include <doctest/doctest.h>

#include <ctnet/backends/cpu/cpu.hpp>
#include <ctnet/backends/cpu/reorder.hpp>

#include "../support/guarded.hpp"
#include "../support/targets.hpp"

using ctnet::cpu::Layout;

namespace {
template <class T>
void reorders(const Layout& from, const Layout& to, test::Flush flush) {
  test::Guarded<T> x(static_cast<std::size_t>(from.size()), flush), y(static_cast<std::size_t>(to.size()), flush);
  x.fill(0);
  T n = 1;
  for (int c = 0; c < from.c; ++c)
    for (int v = 0; v < from.h; ++v)
      for (int u = 0; u < from.w; ++u) x[static_cast<std::size_t>(from.at(c, v, u))] = n++;
  CTNET_PICK(reorder<T>)(from, to, x.data(), y.data());
  n = 1;
  bool right = true;
  for (int c = 0; c < to.c; ++c)
    for (int v = 0; v < to.h; ++v)
      for (int u = 0; u < to.w; ++u) {
        T& at = y[static_cast<std::size_t>(to.at(c, v, u))];
        right = right && at == n++;
        at = 0;
      }
  for (const T v : y) right = right && v == T(0);  // what remains: borders, filled-up channels
  CHECK(right);
  CHECK(y.intact());
}
}  // namespace

TEST_CASE("deploy: every layout to every other") {
  test::on_every_target<ctnet::Cpu<float>>([](const std::string& target) {
    for (const int c : {1, 3, 16, 21, 48})
      for (const int h : {1, 4, 7})
        for (const int w : {1, 5, 16, 33})
          for (const int from : {1, 16})
            for (const int to : {1, 16})
              for (const int pads : {0, 1, 2, 3}) {
                const Layout a{c, h, w, from, pads & 1, pads >> 1}, b{c, h, w, to, pads >> 1, 2 * (pads & 1)};
                INFO(target, ": ", c, " x ", h, " x ", w, ", blocks of ", from, " to ", to, ", borders ", pads);
                reorders<float>(a, b, test::Flush::end);
                reorders<float>(a, b, test::Flush::start);
                reorders<double>(a, b, test::Flush::end);
              }
  });
}
