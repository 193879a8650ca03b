// SPDX-License-Identifier: MIT
// Convolution on the GPU as matrix products whose loaders gather the windows (backends/cuda/gemm.cuh), one product for
// each group. Images stay (N, C, H, W):
//   forward   Y (K, N P Q) = W (K, C R S) windows(X) (C R S, N P Q)
//   weights   dW (K, C R S) = dY (K, N P Q) windows(X)^T, with the sums of dY's rows for db
//   data      dX (C, N H W) = W^T (C, K R S) windows(dY) (K R S, N H W). With a stride, the pixels of X fall into
//             stride_h x stride_w phases that meet different taps: one dense product for each.
// An address is a pixel's half plus a tap's half; nothing is divided in the inner loop. Bounds: as of gemm.cuh; a 3 x 3
// window finds eight of nine words of X in L1. First layers (few channels) are bound by writing Y.
#pragma once

#include "../../backends/cuda/gemm.cuh"
#include "cuda_choice.cuh"

namespace ctnet::cuda {

// The halves of an address in an image. What is outside has rows so far up that it meets no image.
inline constexpr int far_up = -(1 << 30);
struct ConvPixel {
  i64 base;
  int y, x;
};
struct ConvTap {
  int offset, y, x;
};
template <class T>
CTNET_HD T window_at(const T* p, int height, int width, const ConvPixel& pixel, const ConvTap& tap) {
  const bool inside = static_cast<unsigned>(pixel.y + tap.y) < static_cast<unsigned>(height) &&
                      static_cast<unsigned>(pixel.x + tap.x) < static_cast<unsigned>(width);
  return inside ? p[pixel.base + tap.offset] : T(0);
}

// X by output pixels (n, p, q) and taps (c, r, s). Rows are taps and k counts pixels if along_k, else the other way
// round.
template <class T, bool AlongK>
struct Windows {
  static constexpr bool along_k = AlongK;
  using Place = std::conditional_t<AlongK, ConvTap, ConvPixel>;
  using Step = std::conditional_t<AlongK, ConvPixel, ConvTap>;

  const T* x;
  ConvOp o;
  FastDivide plane, row, window, window_row;  // P Q, Q, R S, S

  Windows(const ConvOp& op, const T* images)
      : x(images), o(op), plane(op.p * op.q), row(op.q), window(op.r * op.s), window_row(op.s) {}
  CTNET_HD void enter(int z) { x += i64{z} * o.group_c() * o.h * o.w; }
  CTNET_HD Place place(int i) const {
    if constexpr (AlongK)
      return tap(i);
    else
      return pixel(i);
  }
  CTNET_HD Step step(int i) const {
    if constexpr (AlongK)
      return pixel(i);
    else
      return tap(i);
  }
  static CTNET_HD Place no_place() { return {0, far_up, 0}; }
  static CTNET_HD Step no_step() { return {0, far_up, 0}; }
  CTNET_HD T operator()(const ConvPixel& pixel, const ConvTap& tap) const { return window_at(x, o.h, o.w, pixel, tap); }
  CTNET_HD T operator()(const ConvTap& tap, const ConvPixel& pixel) const { return window_at(x, o.h, o.w, pixel, tap); }

 private:
  CTNET_HD ConvPixel pixel(int i) const {
    const int n = plane(i), pq = plane.rest(i, n), p = row(pq), q = row.rest(pq, p);
    const int y = p * o.stride_h - o.pad_h, x_ = q * o.stride_w - o.pad_w;
    return {i64{n} * o.c * o.h * o.w + (y * o.w + x_), y, x_};
  }
  CTNET_HD ConvTap tap(int i) const {
    const int c = window(i), rs = window.rest(i, c), r = window_row(rs), s = window_row.rest(rs, r);
    const int y = r * o.dilation_h, x_ = s * o.dilation_w;
    return {(c * o.h + y) * o.w + x_, y, x_};
  }
};

// Along one axis, the pixels y = first + i stride of X, and the taps that they meet: r = tap + j tap_step, at the
// output p = i + output - j output_step.
struct ConvPhase {
  int first = 0, pixels = 0;
  int tap = 0, tap_step = 1, taps = 0;
  int output = 0, output_step = 0;
};
CTNET_HD constexpr ConvPhase conv_phase(int phase, int pixels, int window, int stride, int pad, int dilation) {
  ConvPhase f;
  f.first = phase;
  f.pixels = phase < pixels ? (pixels - phase + stride - 1) / stride : 0;
  int a = dilation, b = stride;  // tap_step = stride / gcd(dilation, stride)
  while (b != 0) {
    const int rest = a % b;
    a = b, b = rest;
  }
  f.tap_step = stride / a;
  f.output_step = dilation / a;
  for (int r = 0; r < window && r < f.tap_step; ++r)
    if ((phase + pad - r * dilation) % stride == 0) {
      f.tap = r;
      f.taps = (window - 1 - r) / f.tap_step + 1;
      f.output = (phase + pad - r * dilation) / stride;
      break;
    }
  return f;
}
struct ConvPhases {
  ConvPhase y, x;
};
CTNET_HD constexpr ConvPhases conv_phases(const ConvOp& o, int z) {
  const int phase = z % (o.stride_h * o.stride_w);
  return {conv_phase(phase / o.stride_w, o.h, o.r, o.stride_h, o.pad_h, o.dilation_h),
          conv_phase(phase % o.stride_w, o.w, o.s, o.stride_w, o.pad_w, o.dilation_w)};
}
CTNET_HD constexpr int phase_taps(const ConvOp& o, const ConvPhases& f) { return o.group_k() * f.y.taps * f.x.taps; }
// The largest k and pixels of an image of any phase.
constexpr int most_taps(const ConvOp& o) {
  int most = 0;
  for (int z = 0; z < o.stride_h * o.stride_w; ++z) {
    const int taps = phase_taps(o, conv_phases(o, z));
    if (taps > most) most = taps;
  }
  return most;
}
constexpr int most_phase_pixels(const ConvOp& o) {
  return ((o.h + o.stride_h - 1) / o.stride_h) * ((o.w + o.stride_w - 1) / o.stride_w);
}

// For the gradient of the input, product z = group * phases + phase: W by channels c (rows) and taps (k, j, l) ...
template <class T>
struct DataWeights {
  static constexpr bool along_k = true, much = true;
  using Place = int;
  using Step = int;

  const T* w;
  ConvOp o;
  ConvPhases f{};
  FastDivide window{}, window_row{};

  CTNET_HD void enter(int z) {
    f = conv_phases(o, z);
    w += i64{z / (o.stride_h * o.stride_w)} * o.group_k() * o.taps();
    const int taps = f.y.taps * f.x.taps;
    if (taps > 0) window = FastDivide(taps), window_row = FastDivide(f.x.taps);
  }
  CTNET_HD int place(int c) const { return c * o.r * o.s; }
  CTNET_HD int step(int i) const {
    const int k = window(i), jl = window.rest(i, k), j = window_row(jl), l = window_row.rest(jl, j);
    return k * o.taps() + (f.y.tap + j * f.y.tap_step) * o.s + f.x.tap + l * f.x.tap_step;
  }
  static CTNET_HD int no_place() { return -1; }
  static CTNET_HD int no_step() { return -1; }
  CTNET_HD T operator()(int place, int step) const { return (place | step) < 0 ? T(0) : w[place + step]; }
};
// ... dY by pixels of X (rows) and the same taps ...
template <class T>
struct DataWindows {
  static constexpr bool along_k = false, much = true;
  using Place = ConvPixel;
  using Step = ConvTap;

  const T* grad;
  ConvOp o;
  ConvPhases f{};
  FastDivide plane{}, row{}, window{}, window_row{};

  CTNET_HD void enter(int z) {
    f = conv_phases(o, z);
    grad += i64{z / (o.stride_h * o.stride_w)} * o.group_k() * o.p * o.q;
    const int pixels = f.y.pixels * f.x.pixels, taps = f.y.taps * f.x.taps;
    if (pixels > 0) plane = FastDivide(pixels), row = FastDivide(f.x.pixels);
    if (taps > 0) window = FastDivide(taps), window_row = FastDivide(f.x.taps);
  }
  CTNET_HD ConvPixel place(int i) const {
    const int n = plane(i), yx = plane.rest(i, n), y = row(yx), x = row.rest(yx, y);
    const int p = y + f.y.output, q = x + f.x.output;
    return {i64{n} * o.k * o.p * o.q + (p * o.q + q), p, q};
  }
  CTNET_HD ConvTap step(int i) const {
    const int k = window(i), jl = window.rest(i, k), j = window_row(jl), l = window_row.rest(jl, j);
    const int p = -j * f.y.output_step, q = -l * f.x.output_step;
    return {(k * o.p + p) * o.q + q, p, q};
  }
  static CTNET_HD ConvPixel no_place() { return {0, far_up, 0}; }
  static CTNET_HD ConvTap no_step() { return {0, far_up, 0}; }
  CTNET_HD T operator()(const ConvPixel& pixel, const ConvTap& tap) const {
    return window_at(grad, o.p, o.q, pixel, tap);
  }
};
// ... and dX.
template <class T>
struct DataStore {
  static constexpr bool row_sums = false;
  using Row = i64;
  using Place = i64;

  T* grad_in;
  ConvOp o;
  int batch;
  Mask<T> mask;
  int group = 0;
  ConvPhases f{};
  FastDivide plane{}, row_{};

  CTNET_HD void enter(int z) {
    f = conv_phases(o, z);
    group = z / (o.stride_h * o.stride_w);
    const int pixels = f.y.pixels * f.x.pixels;
    if (pixels > 0) plane = FastDivide(pixels), row_ = FastDivide(f.x.pixels);
  }
  CTNET_HD void limit(int z, int& columns, int& depth) const {
    const ConvPhases own = conv_phases(o, z);
    columns = batch * own.y.pixels * own.x.pixels;
    depth = phase_taps(o, own);
  }
  CTNET_HD i64 row(int m) const { return (i64{group} * o.group_c() + m) * o.h * o.w; }
  CTNET_HD i64 place(int i) const {
    const int n = plane(i), yx = plane.rest(i, n), y = row_(yx), x = row_.rest(yx, y);
    return i64{n} * o.c * o.h * o.w + (f.y.first + y * o.stride_h) * o.w + f.x.first + x * o.stride_w;
  }
  CTNET_HD void operator()(i64 row, i64 place, T v) const { grad_in[row + place] = mask(v, row + place); }
};

// Y, (N, K, P, Q): rows are channels.
template <class T>
struct ImageStore {
  static constexpr bool row_sums = false;
  struct Row {
    i64 at;
    T bias;
    typename Epilogue<T>::Channel channel;
  };
  using Place = i64;

  T* y;
  const T* bias;
  i64 image;         // K P Q
  FastDivide plane;  // P Q
  int group_k;
  Epilogue<T> epilogue;
  int group = 0;

  CTNET_HD void enter(int z) { group = z; }
  CTNET_HD Row row(int m) const {
    const int k = group * group_k + m;
    return {i64{k} * plane.divisor, bias ? bias[k] : T(0), epilogue.channel(k)};
  }
  CTNET_HD i64 place(int i) const {
    const int n = plane(i);
    return n * image + plane.rest(i, n);
  }
  CTNET_HD void operator()(const Row& row, i64 place, T v) const {
    y[row.at + place] = epilogue(v + row.bias, row.channel, row.at + place);
  }
};

// The pixels of a batch are counted by an int.
inline void check_pixels(const char* what, i64 batch, i64 pixels) {
  if (batch * pixels >= (1ll << 31) - 256)
    fail("CUDA: ", what, ": ", batch, " images of ", pixels, " pixels are more than 2^31 pixels; use smaller batches");
}

template <bool Pointwise, Compute C, class T, class Only = void>
void implicit_forward(const ConvOp& o, const Forward<T>& a, i64 scratch) {
  const char* const name = Pointwise ? "convolution, 1 x 1" : "convolution";
  check_pixels(name, a.batch, i64{o.p} * o.q);
  const GemmSizes size{o.group_k(), a.batch * o.p * o.q, o.taps(), o.groups};
  const Matrix<T, true> w{a.parameters, o.taps(), i64{o.group_k()} * o.taps()};
  const i64 plane = i64{o.p} * o.q;
  const ImageStore<T> y{a.out,       o.bias ? a.parameters + o.weights() : nullptr,
                        o.k * plane, FastDivide(o.p * o.q),
                        o.group_k(), a.epilogue};
  if constexpr (Pointwise)
    gemm<C, T, Only>(a.queue, name, size, w,
                     Planes<T, false>{a.in[0], o.c * plane, FastDivide(o.p * o.q), o.group_c() * plane}, y, a.scratch,
                     scratch);
  else
    gemm<C, T, Only>(a.queue, name, size, w, Windows<T, false>(o, a.in[0]), y, a.scratch, scratch);
}

template <bool Pointwise, Compute C, class T, class Only = void>
void implicit_data(const ConvOp& o, const Backward<T>& a, i64 scratch) {
  const char* const name =
      Pointwise ? "convolution, 1 x 1, gradient of the input" : "convolution, gradient of the input";
  check_pixels(name, a.batch, i64{o.h} * o.w);
  if constexpr (Pointwise) {
    const i64 plane = i64{o.p} * o.q;
    gemm<C, T, Only>(a.queue, name, {o.group_c(), a.batch * o.p * o.q, o.group_k(), o.groups},
                     Matrix<T, false>{a.parameters, o.group_c(), i64{o.group_k()} * o.group_c()},
                     Planes<T, false>{a.grad_out, o.k * plane, FastDivide(o.p * o.q), o.group_k() * plane},
                     DataStore<T>{a.grad_in[0], o, a.batch, a.mask[0]}, a.scratch, scratch);
  } else {
    gemm<C, T, Only>(a.queue, name,
                     {o.group_c(), a.batch * most_phase_pixels(o), most_taps(o), o.groups * o.stride_h * o.stride_w},
                     DataWeights<T>{a.parameters, o}, DataWindows<T>{a.grad_out, o},
                     DataStore<T>{a.grad_in[0], o, a.batch, a.mask[0]}, a.scratch, scratch);
  }
}

template <bool Pointwise, Compute C, class T, class Only = void>
void implicit_weights(const ConvOp& o, const Backward<T>& a, i64 scratch) {
  const char* const name =
      Pointwise ? "convolution, 1 x 1, gradient of the weights" : "convolution, gradient of the weights";
  check_pixels(name, a.batch, i64{o.p} * o.q);
  const GemmSizes size{o.group_k(), o.taps(), a.batch * o.p * o.q, o.groups};
  const i64 plane = i64{o.p} * o.q;
  const FastDivide pixels(o.p * o.q);
  const Planes<T, true> grad{a.grad_out, o.k * plane, pixels, o.group_k() * plane};
  const GradStore<T> store{
      a.grad_parameters,           o.taps(),   a.accumulate, o.bias ? a.grad_parameters + o.weights() : nullptr,
      i64{o.group_k()} * o.taps(), o.group_k()};
  if constexpr (Pointwise)
    gemm<C, T, Only>(a.queue, name, size, grad, Planes<T, true>{a.in[0], o.c * plane, pixels, o.group_c() * plane},
                     store, a.scratch, scratch);
  else
    gemm<C, T, Only>(a.queue, name, size, grad, Windows<T, true>(o, a.in[0]), store, a.scratch, scratch);
}

// Elements for the passes that are made so.
constexpr i64 implicit_scratch(const ConvOp& o, bool forward, bool data, bool weights) {
  i64 most = 0;
  if (forward && gemm_scratch(o.taps()) > most) most = gemm_scratch(o.taps());
  if (data && gemm_scratch(most_taps(o)) > most) most = gemm_scratch(most_taps(o));
  if (weights && gemm_scratch(o.group_k(), o.taps(), o.groups) > most)
    most = gemm_scratch(o.group_k(), o.taps(), o.groups);
  return most;
}

}  // namespace ctnet::cuda
