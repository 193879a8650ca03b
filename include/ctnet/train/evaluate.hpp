// SPDX-License-Identifier: MIT
// evaluate: how good a classifier is on a loader's images.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "../losses.hpp"
#include "../program/message.hpp"
#include "../report/confusion.hpp"
#include "network.hpp"

namespace ctnet {

struct Evaluation {
  double loss = 0;      // mean over the images
  double accuracy = 0;  // between 0 and 1
  double top5 = 0;      // the truth is among the five largest
  ConfusionMatrix confusion;
  long long images = 0;
  double seconds = 0;
};

namespace detail {

template <class L>
concept ShapedLoader = requires {
  { L::shape.rank } -> std::convertible_to<int>;
};
// Whether the loader's images are the network's. Where they are not, check_loader is the one error that says so.
template <class LoaderType, class NetworkType>
constexpr bool loader_fits() {
  if constexpr (ShapedLoader<LoaderType>)
    return LoaderType::shape == NetworkType::Input::shape;
  else
    return true;
}
template <class LoaderType, class NetworkType>
void check_loader() {
  if constexpr (ShapedLoader<LoaderType>)
    static_cast<void>(CheckedLoader<LoaderType::shape, NetworkType::Input::shape>::size);
}

// Epoch e from a batch on, where the loader knows epochs; else just its next pass.
template <class L>
decltype(auto) epoch_of(L& loader, std::size_t e, std::size_t first_batch) {
  if constexpr (requires { loader.epoch(e, first_batch); }) {
    return loader.epoch(e, first_batch);
  } else {
    if (first_batch > 0) fail("a loader without epoch(e, first_batch) cannot go on at batch ", first_batch);
    return (loader);
  }
}

// What a batch is to be compared with: its targets, or its labels.
template <class B>
decltype(auto) targets_of(const B& batch) {
  if constexpr (requires { batch.targets; })
    return (batch.targets);
  else
    return (batch.labels);
}
template <class B>
concept Labelled = requires(const B& b) {
  { *targets_of(b).data() } -> std::convertible_to<int>;
} && std::integral<std::remove_cvref_t<decltype(*targets_of(std::declval<const B&>()).data())>>;

// The place of the truth among the scores, 0 for the largest; of equals the first is the larger. A NaN loses.
template <class T>
int rank_of(const T* scores, int classes, int truth) {
  int before = 0;
  for (int c = 0; c < classes; ++c)
    if (scores[c] > scores[truth] || (scores[c] == scores[truth] && c < truth) || scores[truth] != scores[truth]) ++before;
  return before;
}
template <class T>
int largest(const T* scores, int classes) {
  int best = 0;
  for (int c = 1; c < classes; ++c)
    if (scores[c] > scores[best] || scores[best] != scores[best]) best = c;
  return best;
}

// Rows of `logits` whose largest score is the label.
template <class T, class Labels>
long long correct_rows(const View<const T>& logits, const Labels& labels) {
  const std::size_t n = logits.shape(0), classes = logits.size() / (n ? n : 1);
  long long correct = 0;
  if (labels.size() != n) return 0;
  for (std::size_t i = 0; i < n; ++i)
    correct += largest(logits.data() + i * classes, static_cast<int>(classes)) == static_cast<int>(labels[i]);
  return correct;
}

template <class L>
std::vector<std::string> class_names(const L& loader, int classes) {
  std::vector<std::string> names;
  if constexpr (requires { loader.dataset().classes(); })
    for (const auto& name : loader.dataset().classes()) names.emplace_back(name);
  if (static_cast<int>(names.size()) != classes) names.clear();
  return names;
}

}  // namespace detail

// Runs predict over one pass of the loader, for networks that give one score per class (C) or (C, 1, 1). Throws Error
// where a label is no class.
template <class NetworkType, class LoaderType, class Loss = CrossEntropy>
Evaluation evaluate(NetworkType& net, LoaderType&& loader, const Loss& loss = {}) {
  Evaluation e;
  detail::check_loader<std::remove_cvref_t<LoaderType>, NetworkType>();
  if constexpr (detail::loader_fits<std::remove_cvref_t<LoaderType>, NetworkType>()) {
    using T = typename NetworkType::scalar;
    constexpr int classes = static_cast<int>(NetworkType::Facts::output.size());
    static_assert(NetworkType::Facts::output.plane() == 1, "evaluate takes networks that give one score per class");
    const auto start = std::chrono::steady_clock::now();
    e.confusion = ConfusionMatrix(classes, detail::class_names(loader, classes));
    std::vector<T> gradient;
    double loss_sum = 0, correct = 0, in_top5 = 0;
    auto&& epoch = detail::epoch_of(loader, 0, 0);
    for (const auto& batch : epoch) {
      const auto scores = net.predict(batch.images);
      const std::size_t n = scores.shape(0);
      gradient.resize(scores.size());
      const View<const T> logits{scores.data(), n, Shape{classes}};
      loss_sum += static_cast<double>(n) *
                  static_cast<double>(LossKernel<Loss, typename NetworkType::backend>::compute(
                      loss, logits, detail::targets_of(batch), std::span<T>{gradient}));
      for (std::size_t i = 0; i < n; ++i) {
        const T* row = scores.data() + i * static_cast<std::size_t>(classes);
        const int truth = static_cast<int>(detail::targets_of(batch)[i]);
        e.confusion.add(truth, detail::largest(row, classes));
        const int rank = detail::rank_of(row, classes, truth);
        correct += rank == 0;
        in_top5 += rank < 5;
      }
      e.images += static_cast<long long>(n);
    }
    if (e.images > 0) {
      e.loss = loss_sum / static_cast<double>(e.images);
      e.accuracy = correct / static_cast<double>(e.images);
      e.top5 = in_top5 / static_cast<double>(e.images);
    }
    e.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return e;
}

}  // namespace ctnet
