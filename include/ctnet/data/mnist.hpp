// SPDX-License-Identifier: MIT
// MNIST (LeCun et al., 1998) and Fashion-MNIST (Xiao et al., 2017) in the IDX format: two zero bytes, the element type
// (8: bytes), the rank, each dimension as a big-endian u32, the values. Files raw or, with .gz at the end, compressed.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "../core/tensor.hpp"
#include "../io/file.hpp"
#include "../io/gzip.hpp"
#include "labels.hpp"
#include "sample.hpp"

namespace ctnet::data {

// An IDX file of bytes, checked; a view of the bytes it was made from.
struct Idx {
  int rank = 0;
  std::array<std::size_t, 4> dims{};
  std::span<const unsigned char> values;
  std::string words() const { return ctnet::detail::words_of(std::span{dims.data(), static_cast<std::size_t>(rank)}); }
};

// Throws Error, naming `name`, where the magic is wrong or the length is not what the dimensions say.
inline Idx parse_idx(std::span<const unsigned char> bytes, const std::string& name) {
  if (bytes.size() < 4) fail(name, ": ", bytes.size(), " bytes, expected an IDX header of 4 or more");
  if (bytes[0] != 0 || bytes[1] != 0 || bytes[2] != 8 || bytes[3] < 1 || bytes[3] > 4)
    fail(name, ": begins with ", int{bytes[0]}, " ", int{bytes[1]}, " ", int{bytes[2]}, " ", int{bytes[3]},
         ", expected 0 0 8 (IDX, bytes) and a rank of 1 to 4");
  Idx idx;
  idx.rank = bytes[3];
  const std::size_t header = 4 + 4 * static_cast<std::size_t>(idx.rank);
  if (bytes.size() < header) fail(name, ": ", bytes.size(), " bytes, expected an IDX header of ", header);
  idx.values = bytes.subspan(header);
  std::size_t size = 1;
  bool fits = true;
  for (std::size_t i = 0; i < static_cast<std::size_t>(idx.rank); ++i) {
    const unsigned char* d = bytes.data() + 4 + 4 * i;
    idx.dims[i] = std::size_t{d[0]} << 24 | std::size_t{d[1]} << 16 | std::size_t{d[2]} << 8 | d[3];
    fits = fits && (idx.dims[i] == 0 || size <= static_cast<std::size_t>(-1) / idx.dims[i]);
    size = fits ? size * idx.dims[i] : 0;
  }
  if (!fits || size != idx.values.size())
    fail(name, ": ", idx.values.size(), " bytes of values, expected ", idx.words(), " as its header says");
  return idx;
}

namespace detail {

class IdxSet {
 public:
  IdxSet(const std::string& dir, Split split) {
    const std::string stem = dir + (split == Split::train ? "/train" : "/t10k");
    std::string pictures, names;
    images_bytes_ = read(stem + "-images-idx3-ubyte", pictures);
    labels_bytes_ = read(stem + "-labels-idx1-ubyte", names);
    images_ = parse_idx(*images_bytes_, pictures);
    labels_ = parse_idx(*labels_bytes_, names);
    if (images_.rank != 3 || images_.dims[1] != 28 || images_.dims[2] != 28 || images_.dims[0] == 0)
      fail(pictures, ": ", images_.words(), ", expected N x 28 x 28");
    if (labels_.rank != 1 || labels_.dims[0] != images_.dims[0])
      fail(names, ": ", labels_.words(), " labels, expected ", images_.dims[0], " as there are images in ", pictures);
    for (std::size_t i = 0; i < labels_.values.size(); ++i)
      if (labels_.values[i] > 9) fail(names, ": label ", i, " is ", int{labels_.values[i]}, ", expected 0 to 9");
  }
  std::size_t size() const { return images_.dims[0]; }
  int label(std::size_t i) const { return labels_.values[i]; }
  void read(std::size_t i, Sample& sample) const {
    const unsigned char* image = images_.values.data() + i * 784;
    sample.label = label(i);
    sample.image.resize(1, 28, 28);
    std::copy(image, image + 784, sample.image.data());
  }

 private:
  static std::shared_ptr<const io::Bytes> read(const std::string& path, std::string& found) {
    found = io::file_exists(path) ? path : path + ".gz";
    if (!io::file_exists(found)) fail(path, ": no such file, nor with .gz at its end");
    return std::make_shared<const io::Bytes>(io::read_gzip(found));
  }

  std::shared_ptr<const io::Bytes> images_bytes_, labels_bytes_;
  Idx images_, labels_;
};

}  // namespace detail

// DIR/train-images-idx3-ubyte and DIR/train-labels-idx1-ubyte, or DIR/t10k-...; each may end in .gz.
class Mnist : public Get<Mnist> {
 public:
  static constexpr Shape shape{1, 28, 28};
  explicit Mnist(const std::string& dir, Split split = Split::train) : set_(dir, split) {}
  std::size_t size() const { return set_.size(); }
  int label(std::size_t i) const { return set_.label(i); }
  void read(std::size_t i, Sample& sample) const { set_.read(i, sample); }
  static std::span<const char* const> classes() { return mnist_classes; }

 private:
  detail::IdxSet set_;
};

// The same files by the same names, other pictures.
class FashionMnist : public Get<FashionMnist> {
 public:
  static constexpr Shape shape{1, 28, 28};
  explicit FashionMnist(const std::string& dir, Split split = Split::train) : set_(dir, split) {}
  std::size_t size() const { return set_.size(); }
  int label(std::size_t i) const { return set_.label(i); }
  void read(std::size_t i, Sample& sample) const { set_.read(i, sample); }
  static std::span<const char* const> classes() { return fashion_mnist_classes; }

 private:
  detail::IdxSet set_;
};

}  // namespace ctnet::data
