// SPDX-License-Identifier: MIT
// TensorDataset<Image<C, H, W>> or <Features<N>>: images and labels that the program has in memory already, taken from
// any tensor (xtensor, Eigen, std::vector, std::span) and copied. Floats go to the network as they are, without
// ToTensor; TensorDataset<..., unsigned char> holds bytes (N, C, H, W) and takes every transform.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/tensor.hpp"
#include "sample.hpp"

namespace ctnet::data {

template <InputType Input, class T = float>
class TensorDataset : public Get<TensorDataset<Input, T>> {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, unsigned char>,
                "TensorDataset holds float or unsigned char");

 public:
  static constexpr Shape shape = Input::shape;
  static constexpr Stage stage = std::is_same_v<T, float> ? Stage::floats : Stage::bytes;

  // images (N, C, H, W) or (N, F), labels (N). Throws Error where shapes or counts do not match.
  template <class Images, class Labels>
  TensorDataset(const Images& images, const Labels& labels, std::vector<std::string> classes = {})
      : held_(std::make_shared<Held>()) {
    if constexpr (ctnet::detail::expect_tensor<Images>()) {
      if constexpr (ctnet::detail::expect_tensor<Labels>()) fill(images, labels);
    }
    held_->names = std::move(classes);
    for (const std::string& name : held_->names) held_->classes.push_back(name.c_str());
  }

  std::size_t size() const { return held_->labels.size(); }
  int label(std::size_t i) const { return held_->labels[i]; }
  void read(std::size_t i, Sample& sample) const {
    const T* in = held_->values.data() + i * static_cast<std::size_t>(shape.size());
    sample.label = label(i);
    if constexpr (stage == Stage::floats) {
      sample.tensor.resize(shape.c(), shape.h(), shape.w());
      std::copy(in, in + shape.size(), sample.tensor.data());
    } else {
      sample.image.resize(shape.c(), shape.h(), shape.w());
      for (int c = 0; c < shape.c(); ++c)
        for (i64 p = 0; p < shape.plane(); ++p) sample.image.data()[p * shape.c() + c] = *in++;
    }
  }
  // Empty where no names were given.
  std::span<const char* const> classes() const { return held_->classes; }

 private:
  struct Held {  // shared: copies of a data set are cheap
    std::vector<T> values;
    std::vector<int> labels;
    std::vector<std::string> names;
    std::vector<const char*> classes;
  };
  template <class Images, class Labels>
  void fill(const Images& images, const Labels& labels) {
    const std::size_t n = batch_of(images, shape, "TensorDataset: images");
    if (static_cast<std::size_t>(labels.size()) != n)
      fail("TensorDataset: ", static_cast<std::size_t>(labels.size()), " labels for ", n, " images");
    const auto values = dense(images, "TensorDataset: images");
    held_->values.reserve(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) held_->values.push_back(value(values.data()[i], i));
    const auto numbers = dense(labels, "TensorDataset: labels");
    held_->labels.reserve(n);
    for (std::size_t i = 0; i < n; ++i) held_->labels.push_back(label_of(numbers.data()[i], i));
  }
  template <class V>
  static T value(const V& v, std::size_t i) {
    if constexpr (stage == Stage::bytes) {
      bool fits = v <= static_cast<V>(255);
      if constexpr (std::is_signed_v<V>) fits = fits && v >= V{0};
      if (!fits) fail("TensorDataset: value ", i, " of the images is ", v, ", expected 0 to 255");
      if (static_cast<V>(static_cast<T>(v)) != v)
        fail("TensorDataset: value ", i, " of the images is ", v, ", expected a whole number");
    }
    return static_cast<T>(v);
  }

  template <class V>
  static int label_of(const V& v, std::size_t i) {
    bool fits = v >= static_cast<V>(std::is_signed_v<V> ? std::numeric_limits<int>::min() : 0);
    if constexpr (sizeof(V) >= sizeof(int))
      fits = fits && static_cast<double>(v) <= static_cast<double>(std::numeric_limits<int>::max());
    if (!fits || static_cast<V>(static_cast<int>(v)) != v)
      fail("TensorDataset: label ", i, " is ", v, ", expected a whole number that an int holds");
    return static_cast<int>(v);
  }

  std::shared_ptr<Held> held_;
};

}  // namespace ctnet::data
