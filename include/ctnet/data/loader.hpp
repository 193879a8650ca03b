// SPDX-License-Identifier: MIT
// Loader: batches of transformed images, (N, C, H, W), made ahead by workers. The order of epoch e is a pure function
// of (seed, e), the augmentation of an image one of (seed, e, its place in the epoch): batches are the same, bit for
// bit, for any number of workers, and a run can go on from any batch of any epoch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/tensor.hpp"
#include "prefetch.hpp"
#include "sample.hpp"
#include "sampler.hpp"
#include "transforms/compose.hpp"

namespace ctnet::data {

struct LoaderOptions {
  int batch_size = 1;
  bool shuffle = false;
  int workers = 0;  // threads that run ahead; 0: the caller's own thread does the work
  std::uint64_t seed = 0;
  bool drop_last = false;  // leave out a last batch that is not full
  Sampler sampler{};       // instead of shuffle
};

// Lives until its pass moves on.
struct Batch {
  View<const float> images;  // (N, C, H, W), or (N, F) for a set of features
  std::span<const int> labels;
  std::span<const std::size_t> indices;  // in the data set
  std::size_t size() const { return labels.size(); }
};

template <Dataset Set, class Transforms = Compose<>>
class Loader {
  static constexpr Stage begins = stage_of<Set>();
  static_assert(is_compose<Transforms>, "a Loader takes a Compose{...}: put the transforms into one");
  // goes on with something valid after that error, so that it stays the only one
  using Checked = std::conditional_t<is_compose<Transforms>, Transforms, Compose<ToTensor>>;
  static_assert(begins == Stage::floats || Checked::has_to_tensor,
                "a Loader gives floats: put ToTensor{} into the Compose of this data set of bytes");

 public:
  // One image of the batches; height and width are `any` where only the images know them. Such a loader works with
  // batch_size 1, or where all images of a batch turn out equal in size.
  static constexpr Shape shape = Checked::shape(Set::shape);

  // Keeps a reference to the data set, which must live longer; a temporary is moved in. Throws Error where the options
  // make no sense or the set is empty.
  Loader(const Set& set, Transforms transforms, LoaderOptions options = {})
      : set_(&set), transforms_(std::move(transforms)), options_(std::move(options)) {
    check();
  }
  Loader(Set&& set, Transforms transforms, LoaderOptions options = {})
      : owned_(std::make_shared<const Set>(std::move(set))),
        set_(owned_.get()),
        transforms_(std::move(transforms)),
        options_(std::move(options)) {
    check();
  }

  const Set& dataset() const { return *set_; }
  const LoaderOptions& options() const { return options_; }
  std::size_t batch_size() const { return static_cast<std::size_t>(options_.batch_size); }
  // Images of one epoch, those of a dropped last batch included.
  std::size_t images() const { return options_.sampler.kind == Sampler::Kind::none ? set_->size() : samples(); }
  std::size_t batches() const { return (images() + (options_.drop_last ? 0 : batch_size() - 1)) / batch_size(); }
  // Of the range that a loader is, one of batches; PyTorch's len(loader).
  std::size_t size() const { return batches(); }

  // The images of epoch e in the order in which they come.
  std::vector<std::size_t> order(std::size_t e) const {
    const Random random = detail::order_random(options_.seed, e);
    const auto& s = options_.sampler.weighted;
    if (options_.sampler.kind != Sampler::Kind::none)
      return s.replacement ? detail::drawn(s.weights, samples(), random)
                           : detail::drawn_once(s.weights, samples(), random);
    return options_.shuffle ? detail::shuffled(set_->size(), random) : detail::in_order(set_->size());
  }

 private:
  // One pass over an epoch. It stays where it was made: the workers hold its address.
  struct Run {
    struct Worker {
      Sample sample;
      Workspace workspace;
    };
    std::shared_ptr<const Set> owned;  // a set that the loader was given lives as long as any pass over it
    const Set* set;
    Transforms transforms;
    std::vector<std::size_t> order;
    std::size_t epoch, batch_size;
    std::uint64_t seed;
    std::vector<Worker> workers;
    Batch batch{};
    detail::Prefetcher batches;  // last: its threads use what stands above

    Run(const Loader& l, std::size_t e, std::size_t first)
        : owned(l.owned_),
          set(l.set_),
          transforms(l.transforms_),
          order(l.order(e)),
          epoch(e),
          batch_size(l.batch_size()),
          seed(l.options_.seed),
          workers(static_cast<std::size_t>(std::max(1, l.options_.workers))),
          batches(&Run::fill, this, static_cast<std::size_t>(l.options_.workers), std::min(first, l.batches()),
                  l.batches()) {}

    // In a forked child the workers are not there to be waited for, and what they were at is in any state: it is left
    // where it lies.
    static std::shared_ptr<Run> make(const Loader& l, std::size_t e, std::size_t first) {
      return {new Run(l, e, first), [](Run* run) {
                if (!run->batches.left_by_workers()) delete run;
              }};
    }

    bool next() {
      const detail::Slot* slot = batches.next();
      if (!slot) return false;
      batch = {{slot->images.data(), slot->labels.size(), slot->shape}, slot->labels, slot->indices};
      return true;
    }

    static void fill(void* self, std::size_t worker, std::size_t b, detail::Slot& slot, const std::atomic<bool>& stop) {
      Run& run = *static_cast<Run*>(self);
      const std::size_t first = b * run.batch_size, n = std::min(run.batch_size, run.order.size() - first);
      slot.labels.resize(n);
      slot.indices.assign(run.order.begin() + static_cast<std::ptrdiff_t>(first),
                          run.order.begin() + static_cast<std::ptrdiff_t>(first + n));
      for (std::size_t k = 0; k < n && !stop; ++k) {
        try {
          run.one(run.workers[worker], first + k, k, n, slot);
        } catch (const Error& error) {
          fail("image ", slot.indices[k], ": ", error.what());
        }
      }
    }

    void one(Worker& worker, std::size_t position, std::size_t k, std::size_t n, detail::Slot& slot) {
      Sample& sample = worker.sample;
      Random random = detail::image_random(seed, epoch, position);
      set->read(order[position], sample);
      transforms.template apply<begins>(sample, worker.workspace, random);
      const Shape is = sample.tensor.shape();
      if (k == 0) {
        slot.shape = shape.rank == 1 ? shape : is;
        slot.images.resize(n * sample.tensor.size());
      }
      const Shape must = shape.open() ? slot.shape : shape;
      if (shape.rank == 3 ? is != must : static_cast<i64>(sample.tensor.size()) != shape.size())
        fail("is ", ctnet::detail::words(is), ", but ",
             shape.open() ? "the batch began with an image of " : "this loader gives ", ctnet::detail::words(must),
             shape.open() ? ": crop or resize them to one size, or use a batch_size of 1" : "");
      std::copy(sample.tensor.values.begin(), sample.tensor.values.end(),
                slot.images.begin() + static_cast<std::ptrdiff_t>(k * sample.tensor.size()));
      slot.labels[k] = sample.label;
    }
  };

 public:
  struct End {};
  // Of one pass; copies go on with the same one. The last of them stops the workers and joins them.
  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = Batch;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(std::shared_ptr<Run> run) : run_(std::move(run)) { ++*this; }
    const Batch& operator*() const { return run_->batch; }
    const Batch* operator->() const { return &run_->batch; }
    Iterator& operator++() {
      if (!run_->next()) run_.reset();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& i, End) { return i.run_ == nullptr; }

   private:
    std::shared_ptr<Run> run_;
  };
  // The batches of one epoch, to be gone over once. Destroyed before its end, it stops its workers and joins them.
  class Epoch {
   public:
    Iterator begin() { return Iterator{run_}; }
    End end() const { return {}; }

   private:
    friend class Loader;
    explicit Epoch(std::shared_ptr<Run> run) : run_(std::move(run)) {}
    std::shared_ptr<Run> run_;
  };

  // Epoch e from batch `first_batch` on: the same batches, bit for bit, as in a run that began at 0.
  Epoch epoch(std::size_t e, std::size_t first_batch = 0) const { return Epoch{Run::make(*this, e, first_batch)}; }

  // The next epoch, from 0 on, each time: for (const auto& batch : loader). Passes do not disturb each other, one may
  // begin within another.
  Iterator begin() { return Iterator{Run::make(*this, next_epoch_++, 0)}; }
  End end() const { return {}; }

 private:
  std::size_t samples() const { return options_.sampler.weighted.num_samples; }
  void check() {
    Checked::template check<begins, Set::shape.d[0]>();
    if (options_.batch_size < 1) fail("Loader: batch_size is ", options_.batch_size, ", expected 1 or more");
    if (options_.workers < 0 || options_.workers > 1024)
      fail("Loader: workers is ", options_.workers, ", expected 0 to 1024");
    const std::size_t n = set_->size();
    if (n == 0) fail("Loader: the data set has no images");
    if (n > 0xFFFFFFFFu) fail("Loader: the data set has ", n, " images, expected fewer than 2^32");
    auto& sampler = options_.sampler;
    if (sampler.kind == Sampler::Kind::none) return;
    if (options_.shuffle) fail("Loader: shuffle and a sampler exclude each other");
    if (sampler.kind == Sampler::Kind::balanced) {
      std::vector<int> labels(n);
      for (std::size_t i = 0; i < n; ++i) labels[i] = set_->label(i);
      sampler.weighted.weights = detail::balancing_weights(labels);
    }
    detail::check_weights(sampler.weighted, n);
  }

  std::shared_ptr<const Set> owned_;
  const Set* set_;
  Transforms transforms_;
  LoaderOptions options_;
  std::size_t next_epoch_ = 0;
};

template <class Set, class Transforms>
Loader(const Set&, Transforms, LoaderOptions) -> Loader<Set, Transforms>;
template <class Set, class Transforms>
Loader(const Set&, Transforms) -> Loader<Set, Transforms>;

}  // namespace ctnet::data
