// SPDX-License-Identifier: MIT
// evaluate: how good a network is on a loader's images.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "../core/finite.hpp"
#include "../core/scores.hpp"
#include "../losses.hpp"
#include "../program/message.hpp"
#include "../report/confusion.hpp"
#include "network.hpp"

namespace ctnet {

struct Evaluation {
  double loss = not_measured;  // one mean over the set: its weights are the loss's; where nothing counts there is none
  double accuracy = not_measured;  // between 0 and 1; of classifiers only, as all that follows
  double top5 = not_measured;      // the truth is among the five largest
  ConfusionMatrix confusion;       // a row of NaN scores predicts nothing and is in no cell
  long long images = 0;
  double seconds = 0;
};

namespace detail {

template <class L>
concept ShapedLoader = requires {
  { L::shape.rank } -> std::convertible_to<int>;
};
// Something to go over, batch by batch.
template <class L>
concept LoaderLike = requires(L& l) { l.epoch(std::size_t{}, std::size_t{}); } || requires(L& l) {
  l.begin();
  l.end();
};
// Whether it is a loader, of images that are the network's. Where it is not, check_loader is the one error that says
// so.
template <class LoaderType, class NetworkType>
constexpr bool loader_fits() {
  if constexpr (!LoaderLike<LoaderType>)
    return false;
  else if constexpr (ShapedLoader<LoaderType>)
    return LoaderType::shape == NetworkType::Input::shape;
  else
    return true;
}
template <class LoaderType, class NetworkType>
void check_loader() {
  if constexpr (!LoaderLike<LoaderType>)
    static_cast<void>(
        CheckedArgument<LoaderType, words::is_no_loader, words::data_Loader_makes_one_of_a_data_set>::size);
  else if constexpr (ShapedLoader<LoaderType>)
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

// Whether the loss takes what the loader's batches hold. Where it does not, check_loss is the one error that says so.
enum class TargetsFit { yes, labels, another_type };
template <class Loss, class LoaderType, class NetworkType>
constexpr TargetsFit targets_fit() {
  if constexpr (requires { Loss::targets_like_logits; } && loader_fits<LoaderType, NetworkType>()) {
    using Epoch = decltype(epoch_of(std::declval<LoaderType&>(), 0, 0));
    using Batch = std::remove_cvref_t<decltype(*std::declval<Epoch&>().begin())>;
    using Targets = std::remove_cvref_t<decltype(targets_of(std::declval<const Batch&>()))>;
    if constexpr (Labelled<Batch>) return TargetsFit::labels;
    if constexpr (TensorLike<Targets>)
      if (!std::is_same_v<scalar_of<Targets>, typename NetworkType::scalar>) return TargetsFit::another_type;
  }
  return TargetsFit::yes;
}
template <class Loss, class LoaderType, class NetworkType>
constexpr bool loss_fits() {
  return targets_fit<Loss, LoaderType, NetworkType>() == TargetsFit::yes;
}
template <class Loss, class LoaderType, class NetworkType>
void check_loss() {
  using enum words::Word;
  constexpr TargetsFit fit = targets_fit<Loss, LoaderType, NetworkType>();
  if constexpr (fit == TargetsFit::labels)
    static_cast<void>(CheckedArgument<Loss, takes_targets_of_the_networks_type, gets_class_labels>::size);
  if constexpr (fit == TargetsFit::another_type)
    static_cast<void>(CheckedArgument<Loss, takes_targets_of_the_networks_type, gets_targets_of_another_type>::size);
}

// One score per class, and one label per image or probabilities of classes: what accuracy can be told of.
template <class NetworkType, class B, class Loss>
inline constexpr bool classifies = NetworkType::Facts::output.plane() == 1 && (Labelled<B> || TakesProbabilities<Loss>);

template <class Targets, class Loss>
bool ignored(const Loss& loss, long long label) {
  if constexpr (std::integral<scalar_of<Targets>> && requires { loss.ignore_index; }) return label == loss.ignore_index;
  return false;
}

// The class of image i: its label, or the most probable one.
template <class Targets>
long long truth_of(const Targets& targets, std::size_t i, int classes) {
  if constexpr (std::integral<scalar_of<Targets>>)
    return static_cast<long long>(targets.data()[i]);
  else
    return largest(targets.data() + i * static_cast<std::size_t>(classes), classes);
}

// Rows that have a label to get right, and those that do.
struct Hits {
  long long counted = 0, correct = 0;
};
template <class T, class Labels, class Loss>
Hits count_hits(const View<const T>& logits, const Labels& labels, const Loss& loss) {
  const std::size_t n = logits.shape(0), classes = logits.size() / n;
  const auto truths = dense(labels, "the labels");
  Hits hits;
  for (std::size_t i = 0; i < n; ++i) {
    const long long label = truth_of(truths, i, static_cast<int>(classes));
    if (ignored<Labels>(loss, label)) continue;
    ++hits.counted;
    hits.correct += largest(logits.data() + i * classes, static_cast<int>(classes)) == label;
  }
  return hits;
}
inline double share(double part, double whole) { return whole > 0 ? part / whole : not_measured; }

template <class L>
std::vector<std::string> class_names(const L& loader, int classes) {
  std::vector<std::string> names;
  if constexpr (requires { loader.dataset().classes(); })
    for (const auto& name : loader.dataset().classes()) names.emplace_back(name);
  if (static_cast<int>(names.size()) != classes) names.clear();
  return names;
}

}  // namespace detail

// Runs predict over one pass of the loader. Networks that give one score per class, (C) or (C, 1, 1), on a loader of
// labels get accuracy, top-5 and confusion matrix, labels of the loss's ignore_index left out; so do class
// probabilities that CrossEntropy takes as targets, the truth then being the most probable class (of equals the first).
// Others get the loss alone. Throws Error where a label is no class, and where the loader gives nothing.
template <class NetworkType, class LoaderType, class Loss = CrossEntropy>
Evaluation evaluate(NetworkType& net, LoaderType&& loader, const Loss& loss = {}) {
  Evaluation e;
  using L = std::remove_cvref_t<LoaderType>;
  detail::check_loader<L, NetworkType>();
  detail::check_loss<Loss, L, NetworkType>();
  if constexpr (detail::loader_fits<L, NetworkType>() && detail::loss_fits<Loss, L, NetworkType>()) {
    using T = typename NetworkType::scalar;
    constexpr int classes = static_cast<int>(NetworkType::Facts::output.size());
    const auto start = std::chrono::steady_clock::now();
    std::vector<T> gradient;
    LossTotal loss_total;
    long long counted = 0, correct = 0, in_top5 = 0;
    auto&& epoch = detail::epoch_of(loader, 0, 0);
    for (const auto& batch : epoch) {
      const auto scores = net.predict(batch.images);
      const std::size_t n = scores.shape(0);
      gradient.resize(scores.size());
      const auto& targets = detail::targets_of(batch);
      const auto value =
          LossKernel<Loss, typename NetworkType::backend>::compute(loss, scores, targets, std::span<T>{gradient});
      const double weight = detail::total_weight(loss, scores, targets);
      loss_total.add(detail::mean_of(loss, static_cast<double>(value), weight), weight);
      if constexpr (detail::classifies<NetworkType, std::remove_cvref_t<decltype(batch)>, Loss>) {
        if (e.images == 0) e.confusion = ConfusionMatrix(classes, detail::class_names(loader, classes));
        const auto truths = dense(targets, "the labels");
        for (std::size_t i = 0; i < n; ++i) {
          const T* row = scores.data() + i * static_cast<std::size_t>(classes);
          const long long truth = detail::truth_of(truths, i, classes);
          if (detail::ignored<std::remove_cvref_t<decltype(targets)>>(loss, truth)) continue;
          const int guess = detail::largest(row, classes);
          if (guess >= 0) e.confusion.add(static_cast<int>(truth), guess);
          ++counted;
          correct += guess == truth;
          in_top5 += detail::among_first(row, classes, static_cast<int>(truth), 5);
        }
      }
      e.images += static_cast<long long>(n);
    }
    if (e.images == 0) fail("evaluate: the loader gave no images");
    if (!loss_total.empty()) e.loss = loss_total.mean();
    e.accuracy = detail::share(static_cast<double>(correct), static_cast<double>(counted));
    e.top5 = detail::share(static_cast<double>(in_top5), static_cast<double>(counted));
    e.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  return e;
}

}  // namespace ctnet
