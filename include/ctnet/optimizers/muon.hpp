// SPDX-License-Identifier: MIT
// Muon, as PyTorch's: the momentum of each weight, as a matrix, is replaced by the nearest orthogonal one, about, by
// five Newton-Schulz steps (reference.hpp has the formulas). Weights of Conv count as matrices of (out channels, the
// rest); biases and norms, which are none, take AdamW's steps. Jordan et al., "Muon: An optimizer for hidden layers in
// neural networks", 2024. PyTorch iterates in bfloat16, this in the network's own type. On the CPU.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "../backends/cpu/gemm.hpp"
#include "../backends/cpu/threads.hpp"
#include "adam.hpp"

namespace ctnet {

// How the rate of an m x n matrix follows from the learning rate: `original` times sqrt(max(1, m / n)),
// `match_rms_adamw` times 0.2 sqrt(max(m, n)), so that AdamW's learning rate and weight decay do (Liu et al., "Muon is
// Scalable for LLM Training", 2025).
enum class MuonRate : unsigned char { original, match_rms_adamw };

struct Muon {
  float learning_rate = 1e-3f;
  double weight_decay = 0.1;  // decoupled, of matrices
  double momentum = 0.95;
  bool nesterov = true;
  std::array<double, 3> ns_coefficients{3.4445, -4.775, 2.0315};
  double eps = 1e-7;
  int ns_steps = 5;
  MuonRate adjust_lr = MuonRate::original;
  AdamW rest{};  // for what is no matrix; a schedule moves its rate along

  static constexpr const char* name = "Muon";
  static constexpr bool matrices = true;
  template <class F>
  void each_option(const F& f) const {
    f("weight_decay", weight_decay), f("momentum", momentum), f("nesterov", nesterov), f("eps", eps);
    f("ns_coefficients.a", ns_coefficients[0]), f("ns_coefficients.b", ns_coefficients[1]);
    f("ns_coefficients.c", ns_coefficients[2]), f("ns_steps", ns_steps), f("adjust_lr", static_cast<int>(adjust_lr));
    f("rest.beta1", rest.beta1), f("rest.beta2", rest.beta2), f("rest.eps", rest.eps);
    f("rest.weight_decay", rest.weight_decay), f("rest.decay_biases_and_norms", rest.decay_biases_and_norms);
  }

  // "momentum_buffer" is AdamW's exp_avg for what is no matrix.
  std::span<const char* const> state_names() const {
    static constexpr const char* names[] = {"momentum_buffer", "exp_avg_sq"};
    return names;
  }
  void check() const {
    detail::check_option(name, "learning_rate", learning_rate, learning_rate >= 0, "0 or more");
    detail::check_option(name, "weight_decay", weight_decay, weight_decay >= 0, "0 or more");
    detail::check_option(name, "momentum", momentum, momentum >= 0 && momentum < 1, "0 or more, below 1");
    detail::check_option(name, "eps", eps, eps > 0, "more than 0");
    detail::check_option(name, "ns_steps", ns_steps, ns_steps > 0 && ns_steps < 100, "1 to 99");
    if (rest.amsgrad) fail("Muon: rest.amsgrad is not supported");
    rest.check();
  }
  MuonNumbers numbers(const SegmentStep& s, i64 rows, i64 cols) const {
    const auto m = static_cast<double>(rows), n = static_cast<double>(cols);
    const double scale =
        adjust_lr == MuonRate::original ? std::sqrt(std::max(1.0, m / n)) : 0.2 * std::sqrt(std::max(m, n));
    return {s.learning_rate * scale,
            1 - s.learning_rate * s.weight_decay,
            momentum,
            nesterov,
            ns_coefficients[0],
            ns_coefficients[1],
            ns_coefficients[2],
            eps,
            ns_steps};
  }

  // Elements that apply_matrix works in.
  static std::size_t workspace(i64 rows, i64 cols) {
    const i64 side = std::min(rows, cols);
    return static_cast<std::size_t>(2 * rows * cols + 2 * side * side);
  }
  // p, g, state[0]: rows x cols.
  template <class T>
  void apply_matrix(const SegmentStep& s, i64 rows, i64 cols, T* p, const T* g, T* const* state, T* work,
                    bool threads) const {
    const MuonNumbers k = numbers(s, rows, cols);
    const auto n = static_cast<std::size_t>(rows * cols);
    const i64 side = std::min(rows, cols);
    T *x = work, *next = x + n, *gram = next + n, *square = gram + side * side;
    CTNET_PICK(muon_momentum<T>)(k, g, state[0], x, n);
    const double norm = std::sqrt(CTNET_PICK(squared_norm<T>)(x, n));
    CTNET_PICK(scale<T>)(x, n, 1 / std::max(norm, eps));
    for (int step = 0; step < k.steps; ++step) {
      // Of a tall matrix X^T X, which is the smaller one, and X times the polynomial.
      const bool tall = rows > cols;
      if (tall)
        product(threads, side, side, rows, x, 1, cols, x, cols, gram);
      else
        product_dot(threads, side, cols, x, gram);
      product(threads, side, side, side, gram, side, 1, gram, side, square);
      CTNET_PICK(muon_polynomial<T>)(k, gram, square, static_cast<int>(side));
      if (tall)
        product(threads, rows, cols, side, x, cols, 1, square, side, next);
      else
        product(threads, rows, cols, side, square, side, 1, x, cols, next);
      std::swap(x, next);
    }
    CTNET_PICK(muon_move<T>)(k, p, x, n);
  }
  // What is no matrix.
  template <class T>
  void apply(const SegmentStep& s, T* p, const T* g, T* const* state, std::size_t n) const {
    const double base = static_cast<double>(learning_rate);
    const double rate = base > 0 ? s.learning_rate / base * static_cast<double>(rest.learning_rate) : 0;
    rest.apply(SegmentStep{rate, s.decays ? rest.weight_decay : 0.0, s.t, s.decays}, p, g, state, n);
  }

 private:
  // Rows of a product in pieces, each of which is the same whoever computes it.
  static constexpr cpu::Pieces pieces(i64 rows) { return {rows, 48}; }

  // c (m, n) = a (m, k) b (k, n)
  template <class T>
  static void product(bool threads, i64 m, i64 n, i64 k, const T* a, i64 a_row, i64 a_step, const T* b, i64 b_row,
                      T* c) {
    cpu::each_piece(threads, pieces(m), [&](i64 from, i64 to) {
      CTNET_PICK(gemm<T>)
      (static_cast<int>(to - from), static_cast<int>(n), static_cast<int>(k), a + from * a_row, a_row, a_step, b, b_row,
       c + from * n, n, static_cast<const T*>(nullptr), false);
    });
  }
  // c (m, m) = a (m, k) a^T
  template <class T>
  static void product_dot(bool threads, i64 m, i64 k, const T* a, T* c) {
    cpu::each_piece(threads, pieces(m), [&](i64 from, i64 to) {
      CTNET_PICK(gemm_dot<T>)
      (static_cast<int>(to - from), static_cast<int>(m), static_cast<int>(k), a + from * k, k, a, k, c + from * m, m,
       static_cast<const T*>(nullptr), false);
    });
  }
};

}  // namespace ctnet
