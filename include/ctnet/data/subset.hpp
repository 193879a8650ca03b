// SPDX-License-Identifier: MIT
// Parts of a data set, each a data set that a Loader takes: Subset and random_split, as PyTorch's torch.utils.data has
// them. Class names, boxes and masks pass through.
//   auto [train, test] = random_split(all, {0.8, 0.2}, 1);
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/random.hpp"
#include "sample.hpp"
#include "sampler.hpp"

namespace ctnet::data {

// The images `indices` of a set, in that order; one may come more than once.
template <Dataset Set>
class Subset : public Get<Subset<Set>> {
 public:
  static constexpr Shape shape = Set::shape;
  static constexpr Stage stage = stage_of<Set>();

  // Keeps a reference to the data set, which must live longer; a temporary is moved in. Throws Error where an index is
  // none of the set's.
  Subset(const Set& set, std::vector<std::size_t> indices)
      : Subset(std::shared_ptr<const Set>(std::shared_ptr<const Set>{}, &set), std::move(indices)) {}
  Subset(Set&& set, std::vector<std::size_t> indices)
      : Subset(std::make_shared<const Set>(std::move(set)), std::move(indices)) {}
  Subset(std::shared_ptr<const Set> set, std::vector<std::size_t> indices)
      : set_(std::move(set)), indices_(std::move(indices)) {
    const std::size_t n = set_->size();
    for (std::size_t i = 0; i < indices_.size(); ++i)
      if (indices_[i] >= n)
        fail("Subset: index ", i, " is ", indices_[i], ", expected below ", n, ", the size of the data set");
  }

  std::size_t size() const { return indices_.size(); }
  int label(std::size_t i) const { return set_->label(indices_[i]); }
  void read(std::size_t i, Sample& sample) const { set_->read(indices_[i], sample); }
  decltype(auto) classes() const
    requires requires(const Set& s) { s.classes(); }
  {
    return set_->classes();
  }
  decltype(auto) name(std::size_t i) const
    requires requires(const Set& s) { s.name(i); }
  {
    return set_->name(indices_[i]);
  }

  const Set& dataset() const { return *set_; }
  // Places in dataset().
  const std::vector<std::size_t>& indices() const { return indices_; }

 private:
  std::shared_ptr<const Set> set_;
  std::vector<std::size_t> indices_;
};
template <class Set>
Subset(const Set&, std::vector<std::size_t>) -> Subset<Set>;

namespace detail {

// Streams of their own: a split and a loader of one seed have nothing in common.
inline constexpr std::uint64_t split_stream = 0x73706c6974ull << 16, fold_stream = split_stream + 1;  // of kfold.hpp

// What is shared by all parts: the caller's set, or a temporary that was moved in.
template <class Set>
std::shared_ptr<const std::remove_cvref_t<Set>> hold(Set&& set) {
  using Held = std::remove_cvref_t<Set>;
  if constexpr (std::is_lvalue_reference_v<Set>)
    return {std::shared_ptr<const Held>{}, &set};
  else
    return std::make_shared<const Held>(std::forward<Set>(set));
}

// How many images each part gets. Fractions are rounded down, and what is left goes to the first parts, one each.
template <class N>
std::vector<std::size_t> split_lengths(std::span<const N> parts, std::size_t n) {
  std::vector<std::size_t> lengths;
  std::size_t sum = 0;
  if constexpr (std::is_floating_point_v<N>) {
    double whole = 0;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      if (!(parts[k] >= 0 && parts[k] <= 1))
        fail("random_split: fraction ", k, " is ", static_cast<double>(parts[k]), ", expected 0 to 1");
      whole += static_cast<double>(parts[k]);
      lengths.push_back(static_cast<std::size_t>(std::floor(static_cast<double>(n) * static_cast<double>(parts[k]))));
      sum += lengths.back();
    }
    if (std::abs(whole - 1) > 1e-6) fail("random_split: the fractions' sum is ", whole, ", expected 1");
    for (std::size_t k = 0; sum < n; k = (k + 1) % parts.size()) ++lengths[k], ++sum;
  } else {
    for (std::size_t k = 0; k < parts.size(); ++k) {
      if (parts[k] < N{0}) fail("random_split: length ", k, " is ", parts[k], ", expected 0 or more");
      lengths.push_back(static_cast<std::size_t>(parts[k]));
      if (lengths.back() > n - sum) fail("random_split: the lengths' sum is above ", n, ", the size of the data set");
      sum += lengths.back();
    }
  }
  if (sum != n) fail("random_split: the lengths' sum is ", sum, ", expected ", n, ", the size of the data set");
  return lengths;
}

}  // namespace detail

// Parts without a common image, together the whole set: lengths (whole numbers, {800, 200}) or fractions (floating
// point, {0.8, 0.2}; PyTorch's rounding). A pure function of size, lengths and seed. Throws Error where they do not sum
// up to the set, and where a fraction is none.
template <class Set, class N, std::size_t K>
  requires Dataset<std::remove_cvref_t<Set>> && std::is_arithmetic_v<N>
std::array<Subset<std::remove_cvref_t<Set>>, K> random_split(Set&& set, const N (&parts)[K], std::uint64_t seed = 0) {
  using Part = Subset<std::remove_cvref_t<Set>>;
  const auto held = detail::hold(std::forward<Set>(set));
  const std::vector<std::size_t> lengths = detail::split_lengths(std::span<const N>(parts), held->size());
  const std::vector<std::size_t> order = detail::shuffled(held->size(), Random{Seed{seed}, detail::split_stream});
  std::size_t at = 0;
  const auto next = [&](std::size_t k) {
    const auto begin = order.begin() + static_cast<std::ptrdiff_t>(at);
    at += lengths[k];
    return Part{held, {begin, begin + static_cast<std::ptrdiff_t>(lengths[k])}};
  };
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<Part, K>{next(I)...};
  }(std::make_index_sequence<K>{});
}

}  // namespace ctnet::data
