// SPDX-License-Identifier: MIT
// Writes a safetensors file: header padded with blanks to a multiple of 8 bytes, the tensors after it in one piece,
// those of wide elements first, so that each lies aligned. The tensors' memory is borrowed until the file is written.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../core/tensor.hpp"
#include "safetensors.hpp"

namespace ctnet::io {

class SafetensorsWriter {
 public:
  // Any tensor of float, double, uint8, int32, uint32, int64 or uint64 (vector, span, View, xtensor, Eigen), which has
  // to live until write() returns. Throws Error where shape and size differ or the name is taken.
  template <TensorLike X>
    requires Storable<scalar_of<X>>
  void add(std::string name, Dims shape, const X& values) {
    const std::string what = "tensor '" + name + "'";
    ctnet::detail::check_runs(values, shape, what.c_str());
    auto kept = std::make_shared<Dense<scalar_of<X>>>(dense(values, what.c_str()));
    add(std::move(name), dtype_of<scalar_of<X>>(), std::move(shape),
        {reinterpret_cast<const unsigned char*>(kept->data()), kept->size() * sizeof(scalar_of<X>)});
    entries_.back().kept = std::move(kept);
  }
  // The bytes of any type the format knows.
  void add(std::string name, Dtype dtype, Dims shape, ByteSpan bytes) {
    const std::string where = "tensor '" + name + "'";
    if (name == "__metadata__" || detail::invalid_utf8(name) != name.npos) fail(where, " cannot be written: its name");
    std::size_t expected = detail::elements(shape, where);
    if (!detail::multiply(expected, size_of(dtype)) || expected != bytes.size())
      fail(where, " cannot be written: it has ", bytes.size(), " bytes, shape ", words(shape), " of ", name_of(dtype),
           " expects ", expected);
    if (!names_.emplace(name, 0).second) fail(where, " cannot be written twice");
    entries_.push_back({std::move(name), dtype, std::move(shape), bytes, {}});
  }
  // Both valid UTF-8. A later value replaces an earlier one.
  void metadata(const std::string& key, const std::string& value) {
    if (detail::invalid_utf8(key) != key.npos || detail::invalid_utf8(value) != value.npos)
      fail("metadata '", key, "' cannot be written: it is not valid UTF-8");
    metadata_[key] = value;
  }

  // Of all that is added before and after, into the metadata: see checksum.hpp. Readers of other makes pass it by.
  void add_checksum() { checksum_ = true; }

  // Atomic: see replace_file.
  void write(const std::string& path) const {
    Bytes header;
    replace_file(path, pieces(header));
  }
  Bytes bytes() const {
    Bytes header, all;
    for (const ByteSpan piece : pieces(header)) all.insert(all.end(), piece.begin(), piece.end());
    return all;
  }

 private:
  struct Entry {
    std::string name;
    Dtype dtype;
    Dims shape;
    ByteSpan bytes;
    std::shared_ptr<const void> kept{};  // what the bytes are of, where they were not borrowed
  };

  std::vector<ByteSpan> pieces(Bytes& header) const {
    std::vector<const Entry*> order;
    for (const std::size_t width : {8u, 4u, 2u, 1u})
      for (const Entry& e : entries_)
        if (size_of(e.dtype) == width) order.push_back(&e);

    std::map<std::string, std::string> metadata = metadata_;
    if (checksum_) {
      Checksum sum;
      for (const auto& [key, value] : metadata) sum.metadata(key, value);
      for (const Entry& e : entries_) sum.tensor(e.name, e.dtype, e.shape, e.bytes.data(), e.bytes.size());
      metadata[Checksum::key] = sum.text();
    }
    std::string text = "{";
    if (!metadata.empty()) {
      text += "\"__metadata__\":{";
      for (const auto& [key, value] : metadata) {
        if (text.back() != '{') text += ',';
        detail::append_json_string(text, key);
        text += ':';
        detail::append_json_string(text, value);
      }
      text += '}';
    }
    std::size_t at = 0;
    for (const Entry* e : order) {
      if (text.size() > 1) text += ',';
      detail::append_json_string(text, e->name);
      text.append(":{\"dtype\":\"").append(name_of(e->dtype)).append("\",\"shape\":[");
      for (std::size_t i = 0; i < e->shape.size(); ++i) text.append(i ? "," : "").append(std::to_string(e->shape[i]));
      text.append("],\"data_offsets\":[").append(std::to_string(at)).append(",");
      text.append(std::to_string(at + e->bytes.size())).append("]}");
      at += e->bytes.size();
    }
    text += '}';
    text.resize((text.size() + 7) / 8 * 8, ' ');

    const std::uint64_t n = text.size();
    header.resize(8);
    std::memcpy(header.data(), &n, 8);
    header.insert(header.end(), text.begin(), text.end());
    std::vector<ByteSpan> all{header};
    for (const Entry* e : order) all.push_back(e->bytes);
    return all;
  }

  std::vector<Entry> entries_;
  std::map<std::string, int> names_;
  std::map<std::string, std::string> metadata_;
  bool checksum_ = false;
};

}  // namespace ctnet::io
