// SPDX-License-Identifier: MIT
// What a matrix product (gemm.cuh) reads and writes, as small structs that kernels take by value.
// A loader gives A(m, k) or B(k, n); "row" stands for m or n:
//   along_k                      neighbours in k lie side by side in memory; else neighbours in the row
//   Place place(row), Step step(k)    the two halves of an address, worked out once for a row and once for a k
//   no_place(), no_step()        of what lies outside: the element is 0
//   T operator()(place, step)
//   enter(z)                     goes to product z of a batch of products
//   much                         there where enter computes more than a pointer
// A store takes the result: Row row(m), Place place(n), operator()(row, place, value), enter(z); and limit(z, columns,
// depth) where products have fewer columns or a smaller k than others.
#pragma once

#include <type_traits>

#include "arguments.cuh"

namespace ctnet::cuda {

// Division of 0 <= n < 2^31 by a multiplication (Granlund and Montgomery, 1994).
struct FastDivide {
  unsigned divisor = 1, magic = 1, shift = 0;

  FastDivide() = default;
  CTNET_HD explicit FastDivide(int d) : divisor(static_cast<unsigned>(d)) {
    while ((1ull << shift) < divisor) ++shift;
    magic = static_cast<unsigned>((((1ull << shift) - divisor) << 32) / divisor + 1);
  }
  CTNET_HD int operator()(int n) const {
    const auto high = static_cast<unsigned>((static_cast<unsigned long long>(static_cast<unsigned>(n)) * magic) >> 32);
    return static_cast<int>((high + static_cast<unsigned>(n)) >> shift);
  }
  CTNET_HD int rest(int n, int quotient) const { return n - quotient * static_cast<int>(divisor); }
};

// (row, k) at row * row_step + k if along_k, else at row + k * row_step.
template <class T, bool AlongK>
struct Matrix {
  static constexpr bool along_k = AlongK;
  using Place = i64;
  using Step = i64;

  const T* p;
  i64 row_step;
  i64 product = 0;  // from one product of the batch to the next

  CTNET_HD void enter(int z) { p += z * product; }
  CTNET_HD i64 place(int row) const { return AlongK ? row * row_step : row; }
  CTNET_HD i64 step(int k) const { return AlongK ? k : k * row_step; }
  static CTNET_HD i64 no_place() { return -1; }
  static CTNET_HD i64 no_step() { return -1; }
  CTNET_HD T operator()(i64 place, i64 step) const { return (place | step) < 0 ? T(0) : p[place + step]; }
};

// A tensor (N, C, pixels): k counts the pixels of all images and rows are channels if along_k, else the other way
// round.
template <class T, bool AlongK>
struct Planes {
  static constexpr bool along_k = AlongK;
  using Place = i64;
  using Step = i64;

  const T* p;
  i64 image;  // C * pixels
  FastDivide pixels;
  i64 product = 0;

  CTNET_HD void enter(int z) { p += z * product; }
  CTNET_HD i64 place(int row) const { return AlongK ? channel(row) : pixel(row); }
  CTNET_HD i64 step(int k) const { return AlongK ? pixel(k) : channel(k); }
  static CTNET_HD i64 no_place() { return -1; }
  static CTNET_HD i64 no_step() { return -1; }
  CTNET_HD T operator()(i64 place, i64 step) const { return (place | step) < 0 ? T(0) : p[place + step]; }

 private:
  CTNET_HD i64 channel(int c) const { return i64{c} * pixels.divisor; }
  CTNET_HD i64 pixel(int i) const {
    const int n = pixels(i);
    return n * image + pixels.rest(i, n);
  }
};

// A gradient of parameters: C(m, n) at m * row_step + n. Adds to what is there, or overwrites. The sums of A's rows go
// to `sums` where it is not null.
template <class T>
struct GradStore {
  static constexpr bool row_sums = true;
  using Row = i64;
  using Place = int;

  T* p;
  i64 row_step;
  bool accumulate;
  T* sums;
  i64 product = 0;
  int product_rows = 0;

  CTNET_HD void enter(int z) {
    p += z * product;
    if (sums) sums += z * product_rows;
  }
  CTNET_HD i64 row(int m) const { return m * row_step; }
  CTNET_HD int place(int n) const { return n; }
  CTNET_HD void operator()(i64 row, int place, T v) const { p[row + place] = accumulate ? p[row + place] + v : v; }
  CTNET_HD void sum(int m, T v) const { sums[m] = accumulate ? sums[m] + v : v; }
};

}  // namespace ctnet::cuda
