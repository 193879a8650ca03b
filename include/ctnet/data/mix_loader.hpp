// SPDX-License-Identifier: MIT
// MixLoader: a Loader's batches with their images mixed by MixUp or CutMix, and soft targets in place of labels.
//   MixLoader train{loader, 10, MixUp{.alpha = 0.2}, CutMix{}};   10 classes; each batch by one of them, drawn alike
//   fit(net, train, SGD{}, CrossEntropy{}, {.epochs = 5}, test);
// What a batch draws is a pure function of (the loader's seed, epoch, its number): the same for any number of workers,
// and from any batch on. The caller's own thread mixes.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/random.hpp"
#include "../core/tensor.hpp"
#include "loader.hpp"
#include "mix.hpp"

namespace ctnet::data {

// Lives until its loader's iterator moves on.
struct SoftBatch {
  View<const float> images;              // (N, C, H, W), or (N, F) for a set of features
  View<const float> targets;             // (N, classes): each row sums up to 1
  std::span<const std::size_t> indices;  // in the data set, of the images before they were mixed
  std::size_t size() const { return indices.size(); }
};

namespace detail {
inline constexpr std::uint64_t mix_stream = 0x6d6978ull << 40;
}  // namespace detail

// L: a Loader, or what has epoch(e, first_batch), batches(), options().seed and batches of images and labels on the
// host.
template <class L, class... Mixes>
class MixLoader {
  static_assert(sizeof...(Mixes) > 0, "a MixLoader takes MixUp{...}, CutMix{...}, or several of them");
  static_assert(
      requires(const Batch* b, const L& l) { b = &*l.epoch(0, 0).begin(); },
      "a MixLoader takes a Loader: its batches are mixed on the host");
  static_assert(L::shape.rank == 3 || !(std::same_as<Mixes, CutMix> || ...), "CutMix takes images, (C, H, W)");

 public:
  static constexpr Shape shape = L::shape;

  // Keeps a reference to the loader, which must live longer; a temporary is moved in. Throws Error where a number makes
  // no sense.
  MixLoader(const L& loader, int num_classes, Mixes... mixes)
      : MixLoader(std::shared_ptr<const L>(std::shared_ptr<const L>{}, &loader), num_classes, std::move(mixes)...) {}
  MixLoader(L&& loader, int num_classes, Mixes... mixes)
      : MixLoader(std::make_shared<const L>(std::move(loader)), num_classes, std::move(mixes)...) {}

  const auto& dataset() const { return loader_->dataset(); }
  const auto& options() const { return loader_->options(); }
  std::size_t batch_size() const { return loader_->batch_size(); }
  std::size_t batches() const { return loader_->batches(); }
  std::size_t size() const { return batches(); }
  int classes() const { return classes_; }

 private:
  using Inner = decltype(std::declval<const L&>().epoch(std::size_t{}, std::size_t{}));
  using Place = decltype(std::declval<Inner&>().begin());

  MixLoader(std::shared_ptr<const L> loader, int num_classes, Mixes... mixes)
      : loader_(std::move(loader)), classes_(num_classes), mixes_(std::move(mixes)...) {
    if (num_classes < 1) fail("MixLoader: num_classes is ", num_classes, ", expected 1 or more");
    std::apply([](const Mixes&... m) { (m.check(), ...); }, mixes_);
  }

  // One pass over an epoch, kept by its iterators.
  struct Run {
    std::shared_ptr<const L> loader;
    std::tuple<Mixes...> mixes;
    std::size_t classes, epoch, batch;
    Inner inner;
    Place place;
    std::vector<float> images, targets;
    SoftBatch mixed{};

    Run(const MixLoader& l, std::size_t e, std::size_t first)
        : loader(l.loader_),
          mixes(l.mixes_),
          classes(static_cast<std::size_t>(l.classes_)),
          epoch(e),
          batch(first),
          inner(loader->epoch(e, first)),
          place(inner.begin()) {
      mix();
    }
    bool done() const { return place == inner.end(); }
    void next() {
      ++place, ++batch;
      mix();
    }
    void mix() {
      if (done()) return;
      const auto& in = *place;
      const std::size_t n = in.labels.size();
      Random random{Seed{loader->options().seed}, detail::mix_stream + epoch, batch};
      const std::uint32_t which = random.below(sizeof...(Mixes));
      images.resize(in.images.size());
      Shape of = shape;
      if constexpr (shape.rank == 3)  // as large as this batch's, where the loader leaves that open
        of = {shape.c(), static_cast<int>(in.images.shape(2)), static_cast<int>(in.images.shape(3))};
      double own = 1;
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((I == which ? void(own = std::get<I>(mixes)(in.images.data(), images.data(), n, of, random)) : void()), ...);
      }(std::index_sequence_for<Mixes...>{});
      targets.assign(n * classes, 0.0f);
      for (std::size_t i = 0; i < n; ++i) {
        target(in, i, i) += static_cast<float>(own);
        target(in, i, detail::partner(i, n)) += static_cast<float>(1 - own);
      }
      mixed = {{images.data(), n, of}, {targets.data(), n, Shape{static_cast<int>(classes)}}, in.indices};
    }
    // Row i's number for the class of image `of`.
    template <class In>
    float& target(const In& in, std::size_t i, std::size_t of) {
      const int label = in.labels[of];
      if (label < 0 || static_cast<std::size_t>(label) >= classes)
        fail("MixLoader: image ", in.indices[of], " has label ", label, ", expected 0 to ", classes - 1);
      return targets[i * classes + static_cast<std::size_t>(label)];
    }
  };

 public:
  struct End {};
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = SoftBatch;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(std::shared_ptr<Run> run) : run_(std::move(run)) {}
    const SoftBatch& operator*() const { return run_->mixed; }
    const SoftBatch* operator->() const { return &run_->mixed; }
    Iterator& operator++() {
      run_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& i, End) { return !i.run_ || i.run_->done(); }

   private:
    std::shared_ptr<Run> run_;
  };
  // The batches of one epoch, to be gone over once.
  class Epoch {
   public:
    Iterator begin() { return Iterator{run_}; }
    End end() const { return {}; }

   private:
    friend class MixLoader;
    explicit Epoch(std::shared_ptr<Run> run) : run_(std::move(run)) {}
    std::shared_ptr<Run> run_;
  };

  // Epoch e from batch `first_batch` on: the same batches, bit for bit, as in a run that began at 0.
  Epoch epoch(std::size_t e, std::size_t first_batch = 0) const {
    return Epoch{std::make_shared<Run>(*this, e, first_batch)};
  }
  // The next epoch, from 0 on, each time: for (const auto& batch : train)
  Iterator begin() { return epoch(next_epoch_++).begin(); }
  End end() const { return {}; }

 private:
  std::shared_ptr<const L> loader_;
  int classes_;
  std::tuple<Mixes...> mixes_;
  std::size_t next_epoch_ = 0;
};
template <class L, class... Mixes>
MixLoader(const L&, int, Mixes...) -> MixLoader<L, Mixes...>;

}  // namespace ctnet::data
