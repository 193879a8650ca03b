// SPDX-License-Identifier: MIT
// The stages' kernels as a table of functions, one row per stage: where a network's type and the deployed kernels meet.
#pragma once

#include <cstring>
#include <type_traits>

#include "../backends/cpu/cpu.hpp"
#include "../backends/cpu/reorder.hpp"
#include "../layers/activation/cpu.hpp"
#include "../layers/join/cpu.hpp"
#include "../layers/norm/deploy.hpp"
#include "../layers/pool/deploy.hpp"
#include "../program/distinct.hpp"
#include "../program/message.hpp"
#include "plan.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // the bounds of arrays are ints

namespace ctnet::deployment {

// What a stage computes on: `images` images, in + n in_step and so on, in pieces first .. last - 1 of its units.
template <class T>
struct CTNET_BY_TARGETS StageIo {
  const Stage* stage = nullptr;
  const Map* map = nullptr;
  const T* in[max_inputs] = {};
  i64 in_step[max_inputs] = {};
  T* out = nullptr;
  i64 out_step = 0;
  const T* add = nullptr;
  i64 add_step = 0;
  const T* weights = nullptr;
  T* scratch = nullptr;
  int images = 0, first = 0, last = 0;

  const cpu::Layout& in_layout() const { return map[stage->in[0]].layout; }
  const cpu::Layout& out_layout() const { return map[stage->out].layout; }
};
template <class T>
using StageFn = void (*)(const StageIo<T>&) noexcept;

namespace detail {

// f(n, input, output) for every image; whoever has the first units makes the output's border.
template <class F>
void each_image(const StageIo<float>& io, F f) noexcept {
  for (int n = 0; n < io.images; ++n) {
    float* const out = io.out + n * io.out_step;
    if (io.first == 0) cpu::zero_border(io.out_layout(), out);
    f(n, io.in[0] + n * io.in_step[0], out);
  }
}

template <int Variant, Precision P>
void run_conv_stage(const StageIo<float>& io) noexcept {
  const cpu::ConvPlan& plan = io.stage->conv;
  const cpu::Bf16Plan& bf16 = io.stage->bf16;
  cpu::ConvRun run{nullptr, nullptr,    io.weights, io.weights + conv_weights(plan, bf16),
                   nullptr, io.scratch, io.first,   io.last};
  const auto each = [&](auto kernel) {
    each_image(io, [&](int n, const float* in, float* out) {
      run.in = in;
      run.out = out;
      run.add = io.add ? io.add + n * io.add_step : nullptr;
      kernel();
    });
  };
  if constexpr (P == Precision::bf16 || P == Precision::split_bf16)
    if (uses_bf16(plan, bf16)) {
      const int units = cpu::units(bf16), all = io.stage->units;
      run.first_unit = units * io.first / all;
      run.last_unit = units * io.last / all;
      return each([&] { CTNET_PICK(run_conv_bf16<P == Precision::split_bf16>)(bf16, run); });
    }
  each([&] { CTNET_PICK(run_conv<Variant>)(plan, run); });
}
template <int Variant>
void run_rows_stage(const StageIo<float>& io) noexcept {
  const cpu::RowsPlan plan = rows_plan(*io.stage, io.map);
  const float* bias = io.weights + ctnet::detail::padded(cpu::packed_size(plan));
  each_image(io, [&](int, const float* in, float* out) {
    cpu::run_rows<Variant>(plan, in, io.weights, bias, out, io.first, io.last);
  });
}
template <Precision P>
void run_linear_stage(const StageIo<float>& io) noexcept {
  const float* bias = io.weights + linear_weights(*io.stage, io.map, P);
  if constexpr (P == Precision::bf16 || P == Precision::split_bf16)
    if (linear_uses_bf16(P))
      return cpu::run_linear_bf16<P == Precision::split_bf16>(
          linear_bf16_plan(*io.stage, io.map, P),
          cpu::LinearBf16Run{io.images, io.in[0], io.in_step[0], io.weights, bias, io.out, io.out_step, io.scratch,
                             io.first, io.last});
  cpu::run_linear(linear_plan(*io.stage, io.map), io.images, io.in[0], io.in_step[0], io.weights, bias, io.out,
                  io.out_step, io.first, io.last);
}
inline void run_affine_stage(const StageIo<float>& io) noexcept {
  const float* shift = io.weights + i64{io.out_layout().blocks()} * cpu::channel_block;
  each_image(io, [&](int, const float* in, float* out) {
    CTNET_PICK(affine_blocks)(io.in_layout(), io.out_layout(), io.weights, shift, in, out, io.first, io.last);
  });
}
// f(from, count) for pieces of n elements that an op's int counts: blocks of 16 channels and borders make a map larger
// than its image.
template <class F>
void each_countable(i64 n, F f) noexcept {
  constexpr i64 most = i64{1} << 30;
  for (i64 from = 0; from < n; from += most) f(from, static_cast<int>(n - from < most ? n - from : most));
}
inline void run_activation_stage(const StageIo<float>& io) noexcept {
  auto op = unpack_op<ActivationOp>(io.stage->op);
  Forward<float> a;
  a.batch = 1;
  for (int n = 0; n < io.images; ++n) {
    float* const out = io.out + n * io.out_step;
    each_countable(io.in_layout().size(), [&](i64 from, int count) {
      a.in[0] = io.in[0] + n * io.in_step[0] + from;
      a.out = out + from;
      op.size = count;
      Kernel<ActivationOp, Cpu<float>>::forward(op, a);
    });
    if (op.act == static_cast<int>(Act::sigmoid)) cpu::zero_border(io.out_layout(), out);
  }
}
inline void run_add_stage(const StageIo<float>& io) noexcept {
  Forward<float> a;
  a.batch = 1;
  for (int n = 0; n < io.images; ++n) {
    each_countable(io.out_layout().size(), [&](i64 from, int count) {
      for (int j = 0; j < io.stage->inputs; ++j) a.in[j] = io.in[j] + n * io.in_step[j] + from;
      a.out = io.out + n * io.out_step + from;
      Kernel<AddOp, Cpu<float>>::forward(AddOp{io.stage->inputs, count}, a);
    });
  }
}
inline void run_concat_stage(const StageIo<float>& io) noexcept {
  for (int n = 0; n < io.images; ++n) {
    float* to = io.out + n * io.out_step;
    for (int j = 0; j < io.stage->inputs; ++j) {
      const i64 size = io.map[io.stage->in[j]].layout.size();
      std::memcpy(to, io.in[j] + n * io.in_step[j], static_cast<std::size_t>(size) * sizeof(float));
      to += size;
    }
  }
}
template <class Op>
void run_pool_stage(const StageIo<float>& io) noexcept {
  const Op op = unpack_op<Op>(io.stage->op);
  each_image(io, [&](int, const float* in, float* out) {
    if constexpr (std::is_same_v<Op, MaxPoolOp>)
      CTNET_PICK(max_pool_blocks)(op, io.in_layout(), io.out_layout(), in, out, io.first, io.last);
    else
      CTNET_PICK(mean_pool_blocks<Op>)(op, io.in_layout(), io.out_layout(), in, out, io.first, io.last);
  });
}
template <class T>
void run_reorder_stage(const StageIo<T>& io) noexcept {
  for (int n = 0; n < io.images; ++n) CTNET_PICK(reorder<T>)
  (io.in_layout(), io.out_layout(), io.in[0] + n * io.in_step[0], io.out + n * io.out_step);
}
// The layer's own kernel. Its parameters lie one after the other, then its statistics.
template <class Op, class B>
void run_plain_stage(const StageIo<typename B::scalar>& io) noexcept {
  using T = typename B::scalar;
  const Op op = unpack_op<Op>(io.stage->op);
  Forward<T> a;
  a.batch = 1;
  a.parameters = io.weights;
  a.scratch = io.scratch;
  if constexpr (std::is_same_v<Op, BatchNormOp>) a.statistics = const_cast<T*>(io.weights) + 2 * op.c;  // only read
  for (int n = 0; n < io.images; ++n) {
    for (int j = 0; j < io.stage->inputs; ++j) a.in[j] = io.in[j] + n * io.in_step[j];
    a.out = io.out + n * io.out_step;
    Kernel<Op, B>::forward(op, a);
  }
}

template <class Net, class Input, class B, int S>
constexpr StageFn<typename B::scalar> stage_fn() {
  constexpr const auto& P = program_on<Net, Input, B>;
  constexpr Precision precision = precision_of<B>();
  constexpr const Stage& s = P.stage[S];
  if constexpr (s.kind == Kind::reorder)
    return &run_reorder_stage<typename B::scalar>;
  else if constexpr (s.kind == Kind::conv)
    return &run_conv_stage<cpu::conv_variant(s.conv), precision>;
  else if constexpr (s.kind == Kind::rows)
    return &run_rows_stage<cpu::rows_variant(rows_plan(s, P.map))>;
  else if constexpr (s.kind == Kind::linear)
    return &run_linear_stage<precision>;
  else if constexpr (s.kind == Kind::affine)
    return &run_affine_stage;
  else if constexpr (s.kind == Kind::activation)
    return &run_activation_stage;
  else if constexpr (s.kind == Kind::add)
    return &run_add_stage;
  else if constexpr (s.kind == Kind::concat)
    return &run_concat_stage;
  else if constexpr (s.kind == Kind::max_pool)
    return &run_pool_stage<MaxPoolOp>;
  else if constexpr (s.kind == Kind::mean_pool)
    return &run_pool_stage<AvgPoolOp>;
  else if constexpr (s.kind == Kind::adaptive_pool)
    return &run_pool_stage<AdaptiveAvgPoolOp>;
  else {
    using L = typename ctnet::detail::LayerAt<Net, s.leaf>::type;
    using Plain = typename PlainBackend<B>::type;
    if constexpr (HasKernel<typename L::Op, Plain>)
      return &run_plain_stage<typename L::Op, Plain>;
    else
      return nullptr;  // Context says so
  }
}

// Scratch that a layer's own kernel asks for.
template <class Net, class Input, class B, int S>
constexpr i64 plain_scratch() {
  constexpr const Stage& s = program_on<Net, Input, B>.stage[S];
  if constexpr (s.kind == Kind::plain) {
    using Op = typename ctnet::detail::LayerAt<Net, s.leaf>::type::Op;
    using Plain = typename PlainBackend<B>::type;
    if constexpr (requires(const Op& o) { Kernel<Op, Plain>::scratch(o); })
      return ctnet::detail::padded(Kernel<Op, Plain>::scratch(unpack_op<Op>(s.op)));
  }
  return 0;
}

// Stages that run the same function, by what chooses it.
template <class Net, class Input, class B>
constexpr auto number_stages() {
  constexpr const auto& program = program_on<Net, Input, B>;
  constexpr int n = program.stages;
  int number[n]{};
  ctnet::detail::Numbering<n> numbering;
  for (int i = 0; i < n; ++i) {
    const Stage& s = program.stage[i];
    number[i] = s.kind == Kind::conv    ? cpu::conv_variant(s.conv)
                : s.kind == Kind::rows  ? cpu::rows_variant(rows_plan(s, program.map))
                : s.kind == Kind::plain ? 2 * distinct_ops<Net, Input>.row[s.leaf] + (s.norm >= 0)
                                        : 0;
    numbering.add(ctnet::detail::mixed(static_cast<unsigned>(s.kind), number[i]),
                  [&](int j) { return program.stage[j].kind == s.kind && number[j] == number[i]; });
  }
  return numbering.result();
}

}  // namespace detail

template <class Net, class Input, class B>
struct Kernels {
  using T = typename B::scalar;
  static constexpr int stages = program_on<Net, Input, B>.stages;
  StageFn<T> run[stages]{};
  i64 scratch = program_on<Net, Input, B>.scratch;  // elements, of one thread

  constexpr Kernels() { fill(Iota<distinct.rows>{}); }

 private:
  static constexpr auto distinct = detail::number_stages<Net, Input, B>();
  template <int... R>
  constexpr void fill(Ints<R...>) {
    const StageFn<T> row[] = {detail::stage_fn<Net, Input, B, distinct.first[R]>()...};
    for (int i = 0; i < stages; ++i) run[i] = row[distinct.row[i]];
    const i64 plain[] = {detail::plain_scratch<Net, Input, B, distinct.first[R]>()...};
    for (const i64 n : plain) scratch = n > scratch ? n : scratch;
  }
};
template <class Net, class Input, class B>
inline constexpr Kernels<Net, Input, B> kernels{};

}  // namespace ctnet::deployment

#pragma GCC diagnostic pop
