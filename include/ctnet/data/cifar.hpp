// SPDX-License-Identifier: MIT
// CIFAR-10 and CIFAR-100 in their binary format (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images",
// 2009): records of one label byte (CIFAR-100: coarse, then fine) and 3 x 32 x 32 bytes, red plane first.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../core/error.hpp"
#include "../io/file.hpp"
#include "labels.hpp"
#include "sample.hpp"

namespace ctnet::data {

struct CifarFormat {
  int label_bytes = 1;  // before the pixels
  int label_at = 0;     // which of them counts
  int classes = 10;
};
inline constexpr CifarFormat cifar10_format{}, cifar100_fine{2, 1, 100}, cifar100_coarse{2, 0, 20};

// Records of a file, checked; a view of the bytes it was made from.
struct CifarRecords {
  static constexpr std::size_t pixels = 3 * 32 * 32;
  std::span<const unsigned char> bytes;
  CifarFormat format;
  std::size_t record() const { return static_cast<std::size_t>(format.label_bytes) + pixels; }
  std::size_t size() const { return bytes.size() / record(); }
  int label(std::size_t i) const { return bytes[i * record() + static_cast<std::size_t>(format.label_at)]; }
  const unsigned char* image(std::size_t i) const {
    return bytes.data() + i * record() + static_cast<std::size_t>(format.label_bytes);
  }
};

// Throws Error, naming `name`, where the bytes are no whole number of records (or none) or a label is out of range.
inline CifarRecords parse_cifar(std::span<const unsigned char> bytes, const std::string& name,
                                const CifarFormat& format = cifar10_format) {
  const CifarRecords records{bytes, format};
  if (bytes.empty() || bytes.size() % records.record() != 0)
    fail(name, ": ", bytes.size(), " bytes, expected a multiple of ", records.record(), " (", format.label_bytes,
         " label + 3072 pixels)");
  for (std::size_t i = 0; i < records.size(); ++i)
    if (records.label(i) >= format.classes)
      fail(name, ": record ", i, " has label ", records.label(i), ", expected 0 to ", format.classes - 1);
  return records;
}

namespace detail {

// The files of a split, each checked and all of one length: a batch cut short between two records is found too.
class CifarSet {
 public:
  template <std::size_t N>
  CifarSet(const std::string& dir, const std::array<const char*, N>& files, const CifarFormat& format) {
    for (const char* file : files) {
      const std::string path = dir + "/" + file;
      files_.push_back(std::make_shared<const io::Bytes>(io::read_file(path)));
      parts_.push_back(parse_cifar(*files_.back(), path, format));
      if (parts_.back().size() != parts_.front().size())
        fail(path, ": ", parts_.back().size(), " records, expected ", parts_.front().size(), " as in ", dir, "/",
             files[0]);
    }
  }
  std::size_t size() const { return parts_.size() * parts_.front().size(); }
  int label(std::size_t i) const { return part(i).label(i % parts_.front().size()); }
  const unsigned char* image(std::size_t i) const { return part(i).image(i % parts_.front().size()); }

  void read(std::size_t i, Sample& sample) const {
    const unsigned char *r = image(i), *g = r + 1024, *b = g + 1024;
    sample.label = label(i);
    sample.image.resize(3, 32, 32);
    unsigned char* out = sample.image.data();
    for (int k = 0; k < 1024; ++k, out += 3) out[0] = r[k], out[1] = g[k], out[2] = b[k];
  }

 private:
  const CifarRecords& part(std::size_t i) const { return parts_[i / parts_.front().size()]; }

  std::vector<std::shared_ptr<const io::Bytes>> files_;  // shared: copies of a data set are cheap
  std::vector<CifarRecords> parts_;
};

}  // namespace detail

// DIR/data_batch_1.bin to data_batch_5.bin, or DIR/test_batch.bin.
class Cifar10 : public Get<Cifar10> {
 public:
  static constexpr Shape shape{3, 32, 32};
  explicit Cifar10(const std::string& dir, Split split = Split::train)
      : set_(split == Split::train
                 ? detail::CifarSet{dir,
                                    std::array{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                               "data_batch_4.bin", "data_batch_5.bin"},
                                    cifar10_format}
                 : detail::CifarSet{dir, std::array{"test_batch.bin"}, cifar10_format}) {}
  std::size_t size() const { return set_.size(); }
  int label(std::size_t i) const { return set_.label(i); }
  void read(std::size_t i, Sample& sample) const { set_.read(i, sample); }
  static std::span<const char* const> classes() { return cifar10_classes; }

 private:
  detail::CifarSet set_;
};

// DIR/train.bin or DIR/test.bin; the labels are the 100 fine classes or the 20 coarse ones.
class Cifar100 : public Get<Cifar100> {
 public:
  static constexpr Shape shape{3, 32, 32};
  enum class Labels { fine, coarse };
  explicit Cifar100(const std::string& dir, Split split = Split::train, Labels labels = Labels::fine)
      : set_(dir, std::array{split == Split::train ? "train.bin" : "test.bin"},
             labels == Labels::fine ? cifar100_fine : cifar100_coarse),
        labels_(labels) {}
  std::size_t size() const { return set_.size(); }
  int label(std::size_t i) const { return set_.label(i); }
  void read(std::size_t i, Sample& sample) const { set_.read(i, sample); }
  std::span<const char* const> classes() const {
    if (labels_ == Labels::fine) return cifar100_classes;
    return cifar100_superclasses;
  }

 private:
  detail::CifarSet set_;
  Labels labels_;
};

}  // namespace ctnet::data
