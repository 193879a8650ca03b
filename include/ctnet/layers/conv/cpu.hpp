// SPDX-License-Identifier: MIT
// Convolution on the CPU. Sizes for which choice.hpp has faster kernels run as KernelVariant; every size runs as a
// matrix product (im2col): per image and group, Y (K, P Q) = W (K, C R S) . col (C R S, P Q). col is made for as many
// rows of the output at a time as fit into `block` elements, so that it stays in L2; a 1 x 1 convolution of stride 1
// needs none, its image is the matrix.
//   backward:  dW += dY col^T,  dcol = W^T dY, which im2col_scatter_add puts back,  db += sums of dY's rows
#pragma once

#include "../../backends/cpu/cpu.hpp"
#include "../../backends/cpu/gemm.hpp"
#include "../../backends/cpu/transpose.hpp"
#include "choice.hpp"
#include "reference.hpp"

#define CTNET_TARGET_FILE "ctnet/layers/conv/im2col.inl"
#include "../../backends/cpu/foreach_target.hpp"
#define CTNET_TARGET_FILE "ctnet/layers/conv/small.inl"
#include "../../backends/cpu/foreach_target.hpp"
#define CTNET_TARGET_FILE "ctnet/layers/conv/rows.inl"
#include "../../backends/cpu/foreach_target.hpp"
#define CTNET_TARGET_FILE "ctnet/layers/conv/lanes.inl"
#include "../../backends/cpu/foreach_target.hpp"
#define CTNET_TARGET_FILE "ctnet/layers/conv/columns.inl"
#include "../../backends/cpu/foreach_target.hpp"
#define CTNET_TARGET_FILE "ctnet/layers/conv/winograd.inl"
#include "../../backends/cpu/foreach_target.hpp"

namespace ctnet {

template <class T>
struct Kernel<ConvOp, Cpu<T>> {
  static constexpr i64 block = 64 * 1024;  // elements of col; 256 KiB in float

  static constexpr int variant(const ConvOp& o) { return cpu::choose_conv<T>(o).code(); }

  static constexpr i64 scratch(const ConvOp& o) { return direct(o) ? 0 : i64{o.taps()} * rows(o) * o.q; }

  static void forward(const ConvOp& o, const Forward<T>& a) {
    const auto gemm = CTNET_PICK(gemm<T>);
    const T* bias = o.bias ? a.parameters + o.weights() : nullptr;
    each_block(o, a.batch, [&](i64 in, i64 out, int group, int first, int last) {
      const int k0 = group * o.group_k(), n = (last - first) * o.q;
      const T* col = columns(o, a.in[0] + in, a.scratch, first, last);
      gemm(o.group_k(), n, o.taps(), a.parameters + i64{k0} * o.taps(), o.taps(), 1, col, col_row(o, n), a.out + out,
           i64{o.p} * o.q, bias ? bias + k0 : nullptr, false);
    });
  }

  static void backward(const ConvOp& o, const Backward<T>& a) {
    const auto gemm = CTNET_PICK(gemm<T>);
    const auto gemm_dot = CTNET_PICK(gemm_dot<T>);
    const auto sum_of = CTNET_PICK(sum_of<T>);
    if (!a.accumulate)
      for (i64 i = 0; i < o.weights() + (o.bias ? o.k : 0); ++i) a.grad_parameters[i] = T(0);
    if (a.grad_in[0])
      for (i64 i = 0; i < i64{a.batch} * o.c * o.h * o.w; ++i) a.grad_in[0][i] = T(0);
    const i64 plane = i64{o.p} * o.q;
    if (o.bias)
      for (i64 i = 0; i < i64{a.batch} * o.k; ++i)
        a.grad_parameters[o.weights() + i % o.k] += sum_of(a.grad_out + i * plane, plane);
    each_block(o, a.batch, [&](i64 in, i64 out, int group, int first, int last) {
      const i64 w0 = i64{group} * o.group_k() * o.taps();
      const int n = (last - first) * o.q;
      const T* grad = a.grad_out + out;
      const T* col = columns(o, a.in[0] + in, a.scratch, first, last);
      gemm_dot(o.group_k(), o.taps(), n, grad, plane, col, col_row(o, n), a.grad_parameters + w0, o.taps(), nullptr,
               true);
      if (!a.grad_in[0]) return;
      T* grad_col = direct(o) ? a.grad_in[0] + in + i64{first} * o.q : a.scratch;
      gemm(o.taps(), n, o.group_k(), a.parameters + w0, 1, o.taps(), grad, plane, grad_col, col_row(o, n), nullptr,
           false);
      if (!direct(o)) CTNET_PICK(im2col_scatter_add<T>)(o, grad_col, a.grad_in[0] + in, first, last);
    });
  }

 private:
  static constexpr bool direct(const ConvOp& o) {
    return o.r == 1 && o.s == 1 && o.stride_h == 1 && o.stride_w == 1 && o.pad_h == 0 && o.pad_w == 0;
  }
  // Rows of the output per block.
  static constexpr int rows(const ConvOp& o) {
    const i64 fit = block / (i64{o.taps()} * o.q);
    return static_cast<int>(fit < 1 ? 1 : fit < o.p ? fit : o.p);
  }
  static i64 col_row(const ConvOp& o, int n) { return direct(o) ? i64{o.p} * o.q : n; }
  static const T* columns(const ConvOp& o, const T* x_, T* scratch, int first, int last) {
    if (direct(o)) return x_ + i64{first} * o.q;
    CTNET_PICK(im2col_gather<T>)(o, x_, scratch, first, last);
    return scratch;
  }
  // f(offset of the group's input image, offset of its output at row `first`, group, first, last)
  template <class F>
  static void each_block(const ConvOp& o, int batch, F f) {
    const int step = rows(o);
    for (int n = 0; n < batch; ++n)
      for (int g = 0; g < o.groups; ++g)
        for (int p = 0; p < o.p; p += step)
          f((i64{n} * o.c + g * o.group_c()) * o.h * o.w, ((i64{n} * o.k + g * o.group_k()) * o.p + p) * o.q, g, p,
            p + step < o.p ? p + step : o.p);
  }
};

template <class T>
struct Kernel<ConvOp, Cpu<T, Exact>> : Kernel<ConvOp, Cpu<T>> {
  static constexpr int variant(const ConvOp& o) { return cpu::choose_conv<T>(o, true).code(); }
};

// Convolutions of stride 1 (choice.hpp).
template <class T, class... Policies, int V>
  requires(V != 0)
struct KernelVariant<ConvOp, Cpu<T, Policies...>, V> {
  static constexpr cpu::ConvChoice choice = cpu::ConvChoice::of(V);

  static constexpr i64 scratch(const ConvOp& o) {
    const i64 forward = pass_scratch(choice.forward, o), data = data_scratch(o);
    const i64 weights = choice.weights == cpu::ConvChoice::winograd ? cpu::winograd_scratch<T>(o)
                        : choice.weights == cpu::ConvChoice::rows   ? cpu::weights_rows_scratch<T>(o)
                                                                    : cpu::weights_lanes_scratch<T>(o);
    return forward > data ? (forward > weights ? forward : weights) : data > weights ? data : weights;
  }
  static void forward(const ConvOp& o, const Forward<T>& a) {
    const T* bias = o.bias ? a.parameters + o.weights() : nullptr;
    run<choice.forward.method, choice.forward.tile>(o, a.batch, a.in[0], a.parameters, false, bias, a.out, a.scratch);
  }
  static void backward(const ConvOp& o, const Backward<T>& a) {
    T* grad_bias = o.bias ? a.grad_parameters + o.weights() : nullptr;
    for (int k = 0; k < o.k && o.bias && !a.accumulate; ++k) grad_bias[k] = T(0);
    weights_kernel()(o, a.batch, a.in[0], a.grad_out, a.grad_parameters, grad_bias, a.accumulate, a.scratch);
    if (!a.grad_in[0]) return;
    if constexpr (choice.data.method == cpu::ConvChoice::columns)
      CTNET_PICK(conv_columns<T, choice.data.tile>)(o, a.batch, a.grad_out, a.parameters, a.grad_in[0], a.scratch);
    else
      run<choice.data.method, choice.data.tile>(mirrored(o), a.batch, a.grad_out, a.parameters, true, nullptr,
                                                a.grad_in[0], a.scratch);
  }

 private:
  static auto weights_kernel() {
    if constexpr (choice.weights == cpu::ConvChoice::winograd)
      return CTNET_PICK(weights_winograd<T>);
    else if constexpr (choice.weights == cpu::ConvChoice::rows)
      return CTNET_PICK(weights_rows<T, choice.s>);
    else
      return CTNET_PICK(weights_lanes<T, choice.s>);
  }
  static constexpr i64 data_scratch(const ConvOp& o) {
    return choice.data.method == cpu::ConvChoice::columns ? cpu::conv_columns_scratch<T>(o)
                                                          : pass_scratch(choice.data, mirrored(o));
  }
  static constexpr i64 pass_scratch(cpu::ConvChoice::Pass p, const ConvOp& o) {
    return p.method == cpu::ConvChoice::winograd ? cpu::winograd_scratch<T>(o)
           : p.method == cpu::ConvChoice::rows   ? cpu::conv_rows_scratch<T>(o)
                                                 : cpu::conv_lanes_scratch<T>(o);
  }
  template <cpu::ConvChoice::Method M, int Tile>
  static void run(const ConvOp& o, int batch, const T* x, const T* w, bool turned, const T* bias, T* y, T* scratch) {
    if constexpr (M == cpu::ConvChoice::winograd)
      CTNET_PICK(conv_winograd<T>)(o, batch, x, w, turned, bias, y, scratch);
    else if constexpr (M == cpu::ConvChoice::rows)
      CTNET_PICK(conv_rows<T, Tile>)(o, batch, x, w, turned, bias, y, scratch);
    else
      CTNET_PICK(conv_lanes<T, Tile>)(o, batch, x, w, turned, bias, y, scratch);
  }
};

}  // namespace ctnet
