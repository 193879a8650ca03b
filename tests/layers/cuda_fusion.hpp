// SPDX-License-Identifier: MIT
// What a kernel takes along: its forward's epilogue and its backward's mask, in every combination that it says it can
// do, against the plain loops in double of these operations one after the other.
#pragma once

#include <ctnet/backends/reference/reference.hpp>
#include <ctnet/layers/activation/reference.hpp>
#include <ctnet/layers/join/reference.hpp>
#include <ctnet/layers/norm/reference.hpp>
#include <ctnet/layers/pool/reference.hpp>

#include "cuda_call.hpp"

namespace test {

using ctnet::Reference;

// Operations of one input and no scratch, by the plain loops in double.
template <class Op>
Doubles by_reference(const Op& op, int batch, const std::vector<const double*>& x, std::size_t size,
                     const Doubles& parameters = {}, Doubles statistics = {}) {
  Doubles y(size);
  ctnet::Forward<double> f;
  f.batch = batch;
  for (std::size_t j = 0; j < x.size(); ++j) f.in[j] = x[j];
  f.out = y.data();
  f.parameters = parameters.data();
  f.statistics = statistics.data();
  ctnet::Kernel<Op, Reference<double>>::forward(op, f);
  return y;
}

struct AfterIt {
  Doubles y, pooled;
};
// y: what the layer itself gives.
inline AfterIt one_after_the_other(const Along& along, Doubles y, const Shape& s, int batch) {
  const int size = static_cast<int>(s.size()), plane = static_cast<int>(s.plane());
  if (along.takes & ctnet::takes_norm) {
    const auto middle = along.norm.begin() + 2 * s.c();
    y = by_reference(ctnet::BatchNormOp{s.c(), plane, 1, 16, 1, 10}, batch, {y.data()}, y.size(),
                     Doubles(along.norm.begin(), middle), Doubles(middle, along.norm.end()));
  }
  if (along.takes & ctnet::takes_add)
    y = by_reference(ctnet::AddOp{2, size}, batch, {y.data(), along.add.data()}, y.size());
  if (along.takes & ctnet::takes_act)
    y = by_reference(ctnet::ActivationOp{along.act, size, 1, 4}, batch, {y.data()}, y.size());
  AfterIt after{y, {}};
  if (along.takes & ctnet::takes_pool) {
    const int p = s.h() / 2, q = s.w() / 2;
    after.pooled = by_reference(ctnet::MaxPoolOp{s.c(), s.h(), s.w(), p, q, 2, 2, 2, 2, 0, 0, 1, 1}, batch, {y.data()},
                                static_cast<std::size_t>(batch) * static_cast<std::size_t>(s.c() * p * q));
  }
  return after;
}

inline std::string words_of(const Along& along) {
  std::string words;
  if (along.takes & ctnet::takes_norm) words += " + norm";
  if (along.takes & ctnet::takes_add) words += " + add";
  if (along.takes & ctnet::takes_act) words += " + activation " + std::to_string(along.act);
  if (along.takes & ctnet::takes_pool) words += along.without_out ? " + pool alone" : " + pool";
  if (along.takes & ctnet::takes_mask) words += " + mask " + std::to_string(along.mask);
  return words;
}

// turn: which activations, where any will do.
template <class T, class Op>
void conforms_along(const GpuKernel<Op, T>& kernel, const Case<Op>& c, const Inputs& in, const Outputs& want,
                    double bound, int turn) {
  using ctnet::Act;
  constexpr int acts = 6;
  constexpr Act from_output[] = {Act::relu, Act::sigmoid, Act::tanh};
  const auto channels = static_cast<std::size_t>(c.out.c());
  unsigned can = kernel.takes;
  if (c.out.rank != 3 || c.out.h() < 2 || c.out.w() < 2) can &= ~unsigned{ctnet::takes_pool};
  constexpr unsigned epilogue = ctnet::takes_act | ctnet::takes_norm | ctnet::takes_add | ctnet::takes_pool;

  // Every subset of what it can do; only the mask when its turn comes, for backward does not know forward's epilogue.
  for (unsigned takes = 1; takes <= can; ++takes) {
    if ((takes & ~can) || ((takes & ctnet::takes_mask) && (takes & epilogue))) continue;
    for (const bool without_out : {false, true}) {
      if (without_out && !(takes & ctnet::takes_pool)) continue;
      Along along;
      along.takes = takes;
      along.without_out = without_out;
      if (takes & ctnet::takes_act) along.act = turn++ % acts;
      if (takes & ctnet::takes_mask) along.mask = static_cast<int>(from_output[turn++ % 3]);
      if (takes & ctnet::takes_add) along.add = values(c.name + ".add", want.y.size());
      if (takes & ctnet::takes_norm) {
        along.norm = values(c.name + ".norm", 3 * channels);
        for (const double v : values(c.name + ".norm_var", channels, 0.5, 1)) along.norm.push_back(v);
      }
      const std::string what = c.name + words_of(along) + ", batch " + std::to_string(in.batch);
      INFO(what);
      const bool backward = takes & ctnet::takes_mask, all = backward || takes == (can & epilogue);
      const GpuManner manner{.flush = turn % 2 ? Flush::start : Flush::end, .backward = backward};
      const GpuOutputs first = run_on_gpu(kernel, c, in, manner, along);
      if (all)
        in_every_thread_order([&](const std::string& order) {
          check_all_same(run_on_gpu(kernel, c, in, manner, along), first, what + ", " + order);
        });

      if (backward) {
        Outputs masked = want;
        for (std::size_t j = 0; j < c.in.size(); ++j) {
          ctnet::Backward<double> b;
          b.batch = in.batch;
          b.out = in.x[j].data();
          b.grad_out = want.grad_x[j].data();
          b.grad_in[0] = masked.grad_x[j].data();
          const ctnet::ActivationOp op{along.mask, static_cast<int>(c.in[j].size()), 1, 4};
          ctnet::Kernel<ctnet::ActivationOp, Reference<double>>::backward(op, b);
        }
        check_all_close(first, masked, bound, what, true);
        continue;
      }
      const AfterIt predict = one_after_the_other(along, want.y_predict, c.out, in.batch);
      const AfterIt training = one_after_the_other(along, want.y, c.out, in.batch);
      // A normalization by a variance below one enlarges the layer's error.
      if (!without_out) {
        check_close(first.y_predict, predict.y, bound, what + ": predict", 1);
        check_close(first.y, training.y, bound, what + ": forward", 1);
      }
      check_close(first.pooled_predict, predict.pooled, bound, what + ": predict, pooled", 1);
      check_close(first.pooled, training.pooled, bound, what + ": forward, pooled", 1);
      check_close(first.statistics, want.statistics, bound, what + ": statistics");
    }
  }
}

}  // namespace test
