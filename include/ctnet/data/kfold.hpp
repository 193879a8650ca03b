// SPDX-License-Identifier: MIT
// KFold and StratifiedKFold, as scikit-learn's model_selection has them: a data set cut into n_splits parts, each once
// what a network is tested on and otherwise among what it is trained on.
//   for (auto& [train, test] : KFold{.n_splits = 5, .shuffle = true}.split(all)) ...
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "subset.hpp"

namespace ctnet::data {

// One of k rounds: what to train on and what to test on; each image is in the test part of one fold.
template <Dataset Set>
struct Fold {
  Subset<Set> train, test;
};

namespace detail {

// in_fold[i]: the fold in whose test part image i is. Both parts keep the order of the set.
template <class Set>
std::vector<Fold<Set>> folds_of(const std::shared_ptr<const Set>& set, const std::vector<std::size_t>& in_fold,
                                std::size_t folds) {
  std::vector<Fold<Set>> all;
  for (std::size_t f = 0; f < folds; ++f) {
    std::vector<std::size_t> train, test;
    for (std::size_t i = 0; i < in_fold.size(); ++i) (in_fold[i] == f ? test : train).push_back(i);
    all.push_back({Subset<Set>{set, std::move(train)}, Subset<Set>{set, std::move(test)}});
  }
  return all;
}
inline void check_splits(const char* name, int n_splits, std::size_t n) {
  if (n_splits < 2) fail(name, ": n_splits is ", n_splits, ", expected 2 or more");
  if (static_cast<std::size_t>(n_splits) > n)
    fail(name, ": n_splits is ", n_splits, ", expected at most ", n, ", the size of the data set");
}

}  // namespace detail

// Test parts are runs of the set (of the shuffled set with `shuffle`), the first n % n_splits of them longer by one.
struct KFold {
  int n_splits = 5;
  bool shuffle = false;
  std::uint64_t seed = 0;

  // Throws Error where n_splits is below 2 or above the set's size.
  template <class Set>
  std::vector<Fold<std::remove_cvref_t<Set>>> split(Set&& set) const {
    const auto held = detail::hold(std::forward<Set>(set));
    const std::size_t n = held->size();
    detail::check_splits("KFold", n_splits, n);
    const auto folds = static_cast<std::size_t>(n_splits);
    const std::vector<std::size_t> order =
        shuffle ? detail::shuffled(n, Random{Seed{seed}, detail::fold_stream}) : detail::in_order(n);
    std::vector<std::size_t> in_fold(n);
    for (std::size_t f = 0, at = 0; f < folds; ++f)
      for (std::size_t left = n / folds + (f < n % folds); left > 0; --left) in_fold[order[at++]] = f;
    return detail::folds_of(held, in_fold, folds);
  }
};

// Each fold's test part has of every class as many images as the others, give or take one.
struct StratifiedKFold {
  int n_splits = 5;
  bool shuffle = false;
  std::uint64_t seed = 0;

  // Reads all labels. Throws Error where n_splits is below 2 or no class has so many images.
  template <class Set>
  std::vector<Fold<std::remove_cvref_t<Set>>> split(Set&& set) const {
    const auto held = detail::hold(std::forward<Set>(set));
    const std::size_t n = held->size();
    detail::check_splits("StratifiedKFold", n_splits, n);
    const auto folds = static_cast<std::size_t>(n_splits);
    // Classes in the order in which they first come; members[k] are the images of one.
    std::vector<int> seen;
    std::vector<std::vector<std::size_t>> members;
    for (std::size_t i = 0; i < n; ++i) {
      const int label = held->label(i);
      const auto k = static_cast<std::size_t>(std::find(seen.begin(), seen.end(), label) - seen.begin());
      if (k == seen.size()) seen.push_back(label), members.emplace_back();
      members[k].push_back(i);
    }
    std::size_t most = 0;
    for (const auto& m : members) most = std::max(most, m.size());
    if (most < folds) fail("StratifiedKFold: n_splits is ", n_splits, ", but no class has more than ", most, " images");
    // With the images sorted by class, fold f gets numbers f, f + folds, ...: that says how many of each class.
    std::vector<std::size_t> in_fold(n);
    std::size_t before = 0;
    for (std::size_t k = 0; k < members.size(); ++k) {
      std::vector<std::size_t> count(folds);
      for (std::size_t i = 0; i < members[k].size(); ++i) ++count[(before + i) % folds];
      before += members[k].size();
      std::vector<std::size_t> order = detail::in_order(members[k].size());
      if (shuffle) order = detail::shuffled(order.size(), Random{Seed{seed}, detail::fold_stream + 1, k});
      for (std::size_t f = 0, at = 0; f < folds; ++f)
        for (; count[f] > 0; --count[f]) in_fold[members[k][order[at++]]] = f;
    }
    return detail::folds_of(held, in_fold, folds);
  }
};

}  // namespace ctnet::data
