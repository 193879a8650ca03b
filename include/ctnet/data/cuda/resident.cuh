// SPDX-License-Identifier: MIT
// ResidentLoader: a data set of small images that lies in the GPU's memory, and batches that are made there.
//   ResidentLoader train{Cifar10{dir}, Compose{RandomCrop<32>{.padding = 4}, RandomHorizontalFlip{}, ToTensor{},
//                                              Normalize<3>{mean, std}}, {.batch_size = 512, .shuffle = true}};
// Order and augmentation are those of a Loader with the same arguments, bit for bit: for any batch size, and a run can
// go on from any batch of any epoch. An epoch costs the bus 4 bytes an image.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "../../backends/cuda/memory.cuh"
#include "../../backends/cuda/stream.cuh"
#include "../loader.hpp"
#include "gather.cuh"

namespace ctnet::cuda {

template <data::Dataset Set, class Transforms = data::Compose<>>
class ResidentLoader {
  static constexpr Shape stored = Set::shape;
  static_assert(!stored.open(), "a ResidentLoader takes a data set whose images are all of one size");
  using Value = std::conditional_t<data::stage_of<Set>() == data::Stage::bytes, unsigned char, float>;
  static constexpr i64 image_size = stored.size();

 public:
  static constexpr Shape shape = data::Loader<Set, Transforms>::shape;

  // Copies the set to the device, a part at a time; the set itself must live longer, a temporary is moved in.
  // options.workers is of no use here. Throws what a Loader throws, and Error where an image is not of the set's shape,
  // a label none of its classes, or the device's memory too small.
  ResidentLoader(const Set& set, Transforms transforms, data::LoaderOptions options = {})
      : loader_(set, transforms, std::move(options)), pipeline_(pipeline_of(transforms)) {
    check_transforms(transforms);
    copy_set();
  }
  ResidentLoader(Set&& set, Transforms transforms, data::LoaderOptions options = {})
      : loader_(std::move(set), transforms, std::move(options)), pipeline_(pipeline_of(transforms)) {
    check_transforms(transforms);
    copy_set();
  }

  const Set& dataset() const { return loader_.dataset(); }
  const data::LoaderOptions& options() const { return loader_.options(); }
  std::size_t batch_size() const { return loader_.batch_size(); }
  std::size_t images() const { return loader_.images(); }
  std::size_t batches() const { return loader_.batches(); }
  std::size_t size() const { return batches(); }
  std::vector<std::size_t> order(std::size_t e) const { return loader_.order(e); }
  // One more than the largest label of the set.
  int classes() const { return classes_; }

 private:
  // One pass over an epoch: its order here and, once it is asked for, on the device.
  struct Run {
    const ResidentLoader* loader;
    std::vector<std::size_t> order;
    std::size_t epoch;
    std::uint64_t number;  // of all passes
  };

 public:
  // Good as long as the loader.
  class ResidentBatch {
   public:
    int size() const { return static_cast<int>(count_); }
    std::span<const std::size_t> indices() const { return std::span{run_->order}.subspan(first_, count_); }
    int label(std::size_t k) const { return run_->loader->labels_[indices()[k]]; }

    // Queues the making of the images, (N, C, H, W), and labels (or null), into the device's memory. All batches of a
    // loader into one stream, and none while it is being captured.
    template <class T>
    void queue_into(const Queue& queue, T* images, int* labels) const {
      const ResidentLoader& l = *run_->loader;
      const unsigned* order = l.order_on_device(queue, *run_);
      const GatherPlace at{l.options().seed, run_->epoch, static_cast<i64>(first_)};
      queue_gather(queue, l.pipeline_, l.images_.data(), image_size, l.device_labels_.data(), order, at, size(), images,
                   labels);
    }

   private:
    friend class ResidentLoader;
    ResidentBatch(std::shared_ptr<const Run> run, std::size_t b)
        : run_(std::move(run)), first_(b * run_->loader->batch_size()), count_(run_->loader->batch_size()) {
      if (first_ + count_ > run_->order.size()) count_ = run_->order.size() - first_;
    }
    std::shared_ptr<const Run> run_;
    std::size_t first_, count_;
  };

  class Iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = ResidentBatch;
    using difference_type = std::ptrdiff_t;
    ResidentBatch operator*() const { return {run_, batch_}; }
    Iterator& operator++() {
      ++batch_;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.batch_ == b.batch_; }

   private:
    friend class ResidentLoader;
    Iterator(std::shared_ptr<const Run> run, std::size_t batch) : run_(std::move(run)), batch_(batch) {}
    std::shared_ptr<const Run> run_;
    std::size_t batch_;
  };
  // The batches of one epoch. The loader stays where it is meanwhile.
  class Epoch {
   public:
    Iterator begin() const { return {run_, first_}; }
    Iterator end() const { return {run_, run_->loader->batches()}; }

   private:
    friend class ResidentLoader;
    Epoch(std::shared_ptr<const Run> run, std::size_t first)
        : run_(std::move(run)), first_(std::min(first, run_->loader->batches())) {}
    std::shared_ptr<const Run> run_;
    std::size_t first_;
  };

  // Epoch e from batch `first_batch` on: the same batches, bit for bit, as in a run that began at 0.
  Epoch epoch(std::size_t e, std::size_t first_batch = 0) const {
    return {std::make_shared<const Run>(Run{this, loader_.order(e), e, ++runs_}), first_batch};
  }
  // The next epoch, from 0 on, each time: for (const auto& batch : loader)
  Iterator begin() { return epoch(next_epoch_++).begin(); }
  Iterator end() const { return {nullptr, batches()}; }

 private:
  static auto pipeline_of(const Transforms& transforms) {
    return pipeline<Value, stored.c(), stored.h(), stored.w()>(transforms);
  }
  using Pipeline = decltype(pipeline_of(std::declval<const Transforms&>()));

  // As on the CPU where an image cannot be transformed: the first one is, there.
  void check_transforms(const Transforms& transforms) const {
    data::Sample sample;
    data::Workspace workspace;
    Random random{Seed{}};
    dataset().read(0, sample);
    transforms.template apply<data::stage_of<Set>()>(sample, workspace, random);
  }
  void copy_set() {
    const Set& set = dataset();
    const std::size_t n = set.size(), size_of_one = static_cast<std::size_t>(image_size);
    const int named = names(set);
    labels_.resize(n);
    images_.grow(n * size_of_one, "the images of a data set");
    device_labels_.grow(n, "the labels of a data set");
    const std::size_t part = std::max<std::size_t>(1, (std::size_t{16} << 20) / (size_of_one * sizeof(Value)));
    std::vector<Value> values(std::min(n, part) * size_of_one);
    data::Sample sample;
    for (std::size_t first = 0; first < n; first += part) {
      const std::size_t count = std::min(part, n - first);
      for (std::size_t i = first; i < first + count; ++i) {
        set.read(i, sample);
        copy_image(sample, i, values.data() + (i - first) * size_of_one);
        if (sample.label < 0 || (named > 0 && sample.label >= named))
          fail("ResidentLoader: image ", i, " has label ", sample.label, ", expected 0 ",
               named > 0 ? "to " + std::to_string(named - 1) : "or more");
        labels_[i] = sample.label;
        classes_ = std::max(classes_, sample.label + 1);
      }
      upload(images_.data() + first * size_of_one, values.data(), count * size_of_one);
    }
    upload(device_labels_.data(), labels_.data(), n);
    for (Slot& s : slots_) {
      s.host.grow(images(), "the order of an epoch");
      s.device.grow(images(), "the order of an epoch");
    }
  }
  static int names(const Set& set) {
    if constexpr (requires { set.classes().size(); }) return static_cast<int>(set.classes().size());
    return 0;
  }
  // To (C, H, W).
  static void copy_image(const data::Sample& sample, std::size_t i, Value* to) {
    const auto check = [&](const Shape& is) {
      if (stored.rank == 3 ? is != stored : is.size() != stored.size())
        fail("ResidentLoader: image ", i, " is ", ctnet::detail::words(is), ", the data set says ",
             ctnet::detail::words(stored));
    };
    if constexpr (std::is_same_v<Value, float>) {
      check(sample.tensor.shape());
      std::copy_n(sample.tensor.data(), image_size, to);
    } else {
      check(sample.image.shape());
      const unsigned char* in = sample.image.data();
      for (i64 p = 0; p < stored.plane(); ++p)
        for (int c = 0; c < stored.c(); ++c) to[c * stored.plane() + p] = *in++;
    }
  }
  template <class V>
  static void upload(V* to, const V* from, std::size_t n) {
    to_device({}, to, from, n, "a data set");
    CTNET_CUDA(cudaStreamSynchronize(nullptr), "a data set");
  }

  // Epochs take turns with two slots, so that one may be in use while the next is sent.
  struct Slot {
    PinnedBuffer<unsigned> host;
    DeviceBuffer<unsigned> device;
    Event sent;
    std::uint64_t run = 0;  // whose order it has
  };
  const unsigned* order_on_device(const Queue& queue, const Run& run) const {
    Slot& s = slots_[run.number % 2];
    if (s.run != run.number) {
      s.sent.synchronize("the order of an epoch");
      for (std::size_t i = 0; i < run.order.size(); ++i) s.host[i] = static_cast<unsigned>(run.order[i]);
      to_device(queue, s.device.data(), s.host.data(), run.order.size(), "the order of an epoch");
      s.sent.record(queue.stream);
      s.run = run.number;
    }
    return s.device.data();
  }

  data::Loader<Set, Transforms> loader_;
  Pipeline pipeline_;
  DeviceBuffer<Value> images_;
  DeviceBuffer<int> device_labels_;
  std::vector<int> labels_;
  int classes_ = 0;
  mutable Slot slots_[2];
  mutable std::uint64_t runs_ = 0;
  std::size_t next_epoch_ = 0;
};

template <class Set, class Transforms>
ResidentLoader(const Set&, Transforms, data::LoaderOptions) -> ResidentLoader<Set, Transforms>;
template <class Set, class Transforms>
ResidentLoader(const Set&, Transforms) -> ResidentLoader<Set, Transforms>;

}  // namespace ctnet::cuda
