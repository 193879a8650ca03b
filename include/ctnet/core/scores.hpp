// SPDX-License-Identifier: MIT
// The scores of one image's classes: the best, the best k, softmax. Nothing here allocates or throws; scores_of.hpp has
// the same for batches.
//   const int c = argmax(net(image));
//   float p[10];                       softmax(net(image), std::span{p});
//   ctnet::ClassScore<float> best[3];  const std::size_t n = top_k(net(image), std::span{best});
#pragma once

#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>

#include "finite.hpp"

namespace ctnet {

template <class T>
struct ClassScore {
  int label = -1;
  T score{};
  bool operator==(const ClassScore&) const = default;
};

// One row of numbers without a shape of its own: std::span, std::array, std::vector.
template <class R>
concept ScoreRow =
    requires(const R& r) {
      { *r.data() } -> std::convertible_to<double>;
      { r.size() } -> std::convertible_to<std::size_t>;
    } && std::is_floating_point_v<std::remove_cvref_t<decltype(*std::declval<const R&>().data())>> &&
    !requires(const R& r) { r.shape(); } && !requires(const R& r) { r.dimensions(); } && !requires { R::IsRowMajor; };

namespace detail {

// Does class a come before class b? Of equal scores the first is the larger; a NaN comes last. Scores lie `step` apart.
template <class T>
constexpr bool before(const T* scores, int a, int b, std::size_t step = 1) {
  const T x = scores[static_cast<std::size_t>(a) * step], y = scores[static_cast<std::size_t>(b) * step];
  if (is_nan(x)) return is_nan(y) && a < b;
  return is_nan(y) || x > y || (x == y && a < b);
}
// The class of the largest score; -1 where all are NaN.
template <class T>
constexpr int largest(const T* scores, int classes, std::size_t step = 1) {
  if (classes < 1) return -1;
  int best = 0;
  for (int c = 1; c < classes; ++c)
    if (before(scores, c, best, step)) best = c;
  return is_nan(scores[static_cast<std::size_t>(best) * step]) ? -1 : best;
}
template <class T>
constexpr bool among_first(const T* scores, int classes, int truth, int places) {
  int ahead = 0;
  for (int c = 0; c < classes; ++c) ahead += before(scores, c, truth);
  return ahead < places && !is_nan(scores[truth]);
}
// The `places` largest, in order; gives how many there are. NaN is none.
template <class T>
constexpr std::size_t first_of(const T* scores, int classes, ClassScore<T>* to, std::size_t places) {
  std::size_t n = 0;
  for (int c = 0; c < classes; ++c) {
    if (is_nan(scores[c])) continue;
    std::size_t at = n;
    while (at > 0 && scores[c] > to[at - 1].score) --at;
    if (at == places) continue;
    if (n < places) ++n;
    for (std::size_t i = n - 1; i > at; --i) to[i] = to[i - 1];
    to[at] = {c, scores[c]};
  }
  return n;
}
// exp(x - largest) / sum, summed in double; NaN where any is NaN, or the largest is infinite, as PyTorch's. May be in
// place.
template <class T>
void softmax_of(const T* scores, T* to, std::size_t classes, std::size_t step = 1) {
  if (classes == 0) return;
  const int best = largest(scores, static_cast<int>(classes), step);
  const double top =
      best < 0 ? static_cast<double>(scores[0]) : static_cast<double>(scores[static_cast<std::size_t>(best) * step]);
  double sum = 0;
  for (std::size_t c = 0; c < classes; ++c) sum += std::exp(static_cast<double>(scores[c * step]) - top);
  for (std::size_t c = 0; c < classes; ++c)
    to[c * step] = static_cast<T>(std::exp(static_cast<double>(scores[c * step]) - top) / sum);
}

}  // namespace detail

// The class of the largest score, of equals the first; -1 where all are NaN, or there are none.
template <ScoreRow R>
constexpr int argmax(const R& scores) {
  return detail::largest(scores.data(), static_cast<int>(scores.size()));
}
// Probabilities into `to`, which must have room for as many as there are scores. May be the scores themselves.
template <ScoreRow R, class T, std::size_t N>
  requires std::is_same_v<T, std::remove_cvref_t<decltype(*std::declval<const R&>().data())>>
void softmax(const R& scores, std::span<T, N> to) {
  detail::softmax_of(scores.data(), to.data(), scores.size() < to.size() ? scores.size() : to.size());
}
// The to.size() largest scores and their classes, in order, of equals the first class first. Gives how many were
// written: fewer where there are fewer, NaN left out.
template <ScoreRow R, class T, std::size_t N>
constexpr std::size_t top_k(const R& scores, std::span<ClassScore<T>, N> to) {
  return detail::first_of(scores.data(), static_cast<int>(scores.size()), to.data(), to.size());
}

}  // namespace ctnet
