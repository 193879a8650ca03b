// SPDX-License-Identifier: MIT
// Matrix tiles in plain C++, for machines that have none: the interface of ctnet/backends/cpu/amx.hpp, with the
// instructions' order of additions. It reads and writes the very bytes that they do, so guard pages and sanitizers see
// them; use outside of begin() and end(), and of what was never loaded, fails.
#pragma once

#include <cstdlib>
#include <cstring>

#include <ctnet/backends/cpu/bfloat16.hpp>
#include <ctnet/core/shape.hpp>

namespace test {

class EmulatedTiles {
 public:
  void begin() {
    if (on_) std::abort();
    on_ = true;
  }
  void end() {
    if (!on_) std::abort();
    on_ = false;
  }
  template <int I>
  void zero() {
    static_assert(I < 8);
    use(I, true);
    std::memset(tile_[I], 0, sizeof tile_[I]);
  }
  template <int I>
  void load(const int* p, ctnet::i64 step) {
    static_assert(I < 8);
    use(I, true);
    for (int row = 0; row < 16; ++row) std::memcpy(tile_[I][row], p + row * step, 64);
  }
  template <int Sums, int A, int B>
  void dot() {
    static_assert(Sums != A && Sums != B && A != B);
    use(Sums, false), use(A, false), use(B, false);
    for (int n = 0; n < 16; ++n)
      for (int i = 0; i < 16; ++i)
        for (int k = 0; k < 16; ++k) {
          float sum;
          std::memcpy(&sum, tile_[Sums][n] + k * 4, 4);
          sum += number(A, n, 2 * i) * number(B, i, 2 * k);
          sum += number(A, n, 2 * i + 1) * number(B, i, 2 * k + 1);
          std::memcpy(tile_[Sums][n] + k * 4, &sum, 4);
        }
  }
  template <int I>
  void store(float* p) {
    use(I, false);
    std::memcpy(p, tile_[I], sizeof tile_[I]);
  }

 private:
  void use(int i, bool fill) {
    if (!on_ || !(fill || filled_[i])) std::abort();
    filled_[i] = true;
  }
  float number(int i, int row, int column) const {
    ctnet::bfloat16 b;
    std::memcpy(&b, tile_[i][row] + column * 2, 2);
    return static_cast<float>(b);
  }

  bool on_ = false, filled_[8] = {};
  unsigned char tile_[8][16][64];
};

}  // namespace test
