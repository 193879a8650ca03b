// SPDX-License-Identifier: MIT
// The safetensors format (github.com/huggingface/safetensors, README "Format"), in and out:
//   u64 little-endian n | n bytes of JSON {"name": {"dtype", "shape", "data_offsets"}, ..., "__metadata__": {...}} |
//   data
// As the format demands, the tensors fill the data without gap or overlap; beyond it, each begins at a multiple of its
// element's size, which every known writer keeps. Whatever else a file says is an Error naming file, tensor and both
// sides.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/layout.hpp"
#include "checksum.hpp"
#include "dtype.hpp"
#include "file.hpp"
#include "half.hpp"
#include "safetensors_header.hpp"

namespace ctnet::io {

struct TensorInfo {
  std::string name;
  Dtype dtype{};
  Dims shape;
  std::size_t begin = 0, end = 0;  // bytes, counted from the start of the data
  std::size_t size = 0;            // elements
};

// Whether a file's checksum is looked at as it is opened; where it has none, there is nothing to look at.
enum class Verify : bool { no, yes };
enum class ChecksumIs { absent, right, wrong };

// An open file. Move-only; one that was parsed from somebody's bytes does not own them.
class Safetensors {
 public:
  // Throws Error, also where the file has a checksum and that is wrong; `file_name` is what it will be called there.
  static Safetensors parse(ByteSpan bytes, std::string file_name, Verify verify = Verify::yes) {
    Safetensors file;
    file.bytes_ = bytes;
    file.name_ = std::move(file_name);
    file.read_header();
    if (verify == Verify::yes && file.checksum() == ChecksumIs::wrong)
      fail(file.name_, ": its checksum is ", file.computed_checksum(), ", metadata '", Checksum::key, "' says ",
           file.metadata_.at(Checksum::key),
           ": the file is damaged, or was changed by a program that kept its metadata");
    return file;
  }
  // The same, of bytes that nobody else keeps.
  static Safetensors parse(Bytes&& bytes, std::string file_name, Verify verify = Verify::yes) {
    Safetensors file = parse(ByteSpan{bytes}, std::move(file_name), verify);
    file.owned_ = std::move(bytes);  // moving a vector leaves its elements where they are
    return file;
  }
  static Safetensors open(const std::string& path, Verify verify = Verify::yes) {
    return parse(read_file(path), path, verify);
  }
  Safetensors(Safetensors&&) = default;
  Safetensors& operator=(Safetensors&&) = default;

  const std::string& name() const { return name_; }
  // In the order in which they lie in the file.
  const std::vector<TensorInfo>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  // nullptr where there is none of that name.
  const TensorInfo* find(std::string_view name) const {
    const auto it = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                     [&](std::size_t i, std::string_view n) { return tensors_[i].name < n; });
    return it != by_name_.end() && tensors_[*it].name == name ? &tensors_[*it] : nullptr;
  }
  const TensorInfo& at(std::string_view name) const {
    if (const TensorInfo* t = find(name)) return *t;
    fail(name_, ": tensor '", std::string(name), "' is missing, the file has ", tensors_.size(), " others");
  }
  ByteSpan bytes(const TensorInfo& t) const { return data_.subspan(t.begin, t.end - t.begin); }

  // One pass over the whole file.
  ChecksumIs checksum() const {
    const auto said = metadata_.find(Checksum::key);
    if (said == metadata_.end()) return ChecksumIs::absent;
    return said->second == computed_checksum() ? ChecksumIs::right : ChecksumIs::wrong;
  }
  std::string computed_checksum() const {
    Checksum sum;
    for (const auto& [key, value] : metadata_) sum.metadata(key, value);
    for (const TensorInfo& t : tensors_) sum.tensor(t.name, t.dtype, t.shape, bytes(t).data(), t.end - t.begin);
    return sum.text();
  }

  // Copies a tensor out. Into float or double: from F64, F32, F16 and BF16, rounded where the file is wider. Into an
  // integer: from that very type. Throws Error where the number of elements or the type differs.
  template <Storable T>
  void read(const TensorInfo& t, std::span<T> out) const {
    if (t.size != out.size())
      fail(name_, ": tensor '", t.name, "' has ", t.size, " elements, shape ", words(t.shape), ", expected ",
           out.size());
    if (t.dtype == dtype_of<T>()) return copy<T>(t, out, [](T v) { return v; });
    if constexpr (std::floating_point<T>) {
      switch (t.dtype) {
        case Dtype::F32:
          return copy<float>(t, out, [](float v) { return static_cast<T>(v); });
        case Dtype::F64:
          return copy<double>(t, out, [](double v) { return static_cast<T>(v); });
        case Dtype::F16:
          return copy<std::uint16_t>(t, out, [](std::uint16_t v) { return static_cast<T>(half_to_float(v)); });
        case Dtype::BF16:
          return copy<std::uint16_t>(t, out, [](std::uint16_t v) { return static_cast<T>(bfloat16_to_float(v)); });
        default:
          fail(name_, ": tensor '", t.name, "' is ", name_of(t.dtype), ", expected F32, F64, F16 or BF16");
      }
    } else {
      fail(name_, ": tensor '", t.name, "' is ", name_of(t.dtype), ", expected ", name_of(dtype_of<T>()));
    }
  }
  // The same by name, the shape being checked too.
  template <Storable T>
  void read(std::string_view name, const Dims& shape, std::span<T> out) const {
    const TensorInfo& t = at(name);
    if (t.shape != shape)
      fail(name_, ": tensor '", t.name, "' has shape ", words(t.shape), ", expected ", words(shape));
    read(t, out);
  }
  // The same into a piece of an xtensor, which has to be one run in memory.
  template <Storable T, class X>
    requires(ctnet::detail::LaidOut<std::remove_cvref_t<X>> && std::is_convertible_v<X&, std::span<T>>)
  void read(std::string_view name, const Dims& shape, X&& out) const {
    read<T>(name, shape, std::span<T>{Run<T>{out}});
  }

 private:
  Safetensors() = default;

  template <class Stored, class T, class F>
  void copy(const TensorInfo& t, std::span<T> out, F convert) const {
    const unsigned char* from = data_.data() + t.begin;
    for (std::size_t i = 0; i < out.size(); ++i) {
      Stored v;
      std::memcpy(&v, from + i * sizeof(Stored), sizeof(Stored));
      out[i] = convert(v);
    }
  }

  [[gnu::cold]] void read_header() {
    if (bytes_.size() < 8) fail(name_, ": ", bytes_.size(), " bytes, a safetensors file has at least 8");
    std::uint64_t n = 0;
    std::memcpy(&n, bytes_.data(), 8);
    if (n > bytes_.size() - 8)
      fail(name_, ": its header is said to have ", n, " bytes, the file has ", bytes_.size() - 8, " after its first 8");
    if (n > max_header) fail(name_, ": a header of ", n, " bytes, at most ", max_header, " are allowed");
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + 8, static_cast<std::size_t>(n));
    data_ = bytes_.subspan(8 + static_cast<std::size_t>(n));

    const std::string where = name_ + ": the header";
    detail::JsonCursor json(text, where);
    if (text.empty() || text[0] != '{') json.wrong("expected '{'");
    bool has_metadata = false;
    json.object([&](const std::string& key) {
      if (key != "__metadata__") return read_tensor(json, key);
      if (std::exchange(has_metadata, true)) json.wrong("has __metadata__ twice");
      json.object([&](const std::string& k) {
        if (!metadata_.emplace(k, json.string()).second) json.wrong("has metadata '" + k + "' twice");
      });
    });
    json.end();
    check_layout();
  }

  [[gnu::cold]] void read_tensor(detail::JsonCursor& json, const std::string& name) {
    TensorInfo t;
    t.name = name;
    const std::string where = name_ + ": tensor '" + name + "'";
    bool has[3] = {};
    const auto once = [&](bool& seen, const char* what) {
      if (std::exchange(seen, true)) fail(where, " has ", what, " twice");
    };
    json.object([&](const std::string& key) {
      if (key == "dtype") {
        once(has[0], "dtype");
        const std::string dtype = json.string();
        const auto* it = std::find_if(std::begin(dtypes), std::end(dtypes), [&](auto& d) { return dtype == d.name; });
        if (it == std::end(dtypes)) fail(where, " is of the unknown type '", dtype, "'");
        t.dtype = static_cast<Dtype>(it - dtypes);
      } else if (key == "shape") {
        once(has[1], "shape");
        json.array([&] { t.shape.push_back(json.natural()); });
      } else if (key == "data_offsets") {
        once(has[2], "data_offsets");
        Dims offsets;
        json.array([&] { offsets.push_back(json.natural()); });
        if (offsets.size() != 2) fail(where, " has ", offsets.size(), " data_offsets, expected 2");
        t.begin = offsets[0], t.end = offsets[1];
      } else {
        json.skip();  // the format's own reader does so too
      }
    });
    if (!has[0] || !has[1] || !has[2]) fail(where, " has no ", !has[0] ? "dtype" : !has[1] ? "shape" : "data_offsets");
    if (t.begin > t.end || t.end > data_.size())
      fail(where, " has data_offsets [", t.begin, ", ", t.end, "], the file has ", data_.size(), " bytes of data");
    t.size = detail::elements(t.shape, where);
    std::size_t bytes = t.size;
    if (!detail::multiply(bytes, size_of(t.dtype)) || bytes != t.end - t.begin)
      fail(where, " has ", t.end - t.begin, " bytes, expected ", t.size, " x ", size_of(t.dtype), " for shape ",
           words(t.shape), " of ", name_of(t.dtype));
    if (t.begin % size_of(t.dtype) != 0)
      fail(where, " begins at byte ", t.begin, " of the data, expected a multiple of ", size_of(t.dtype), " for ",
           name_of(t.dtype));
    tensors_.push_back(std::move(t));
  }

  // The tensors' indices in the order of `before`. One sort for both orders, because each costs compilation.
  std::vector<std::size_t> ordered(bool (*before)(const TensorInfo&, const TensorInfo&)) const {
    std::vector<std::size_t> order(tensors_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return before(tensors_[a], tensors_[b]); });
    return order;
  }

  [[gnu::cold]] void check_layout() {
    std::vector<TensorInfo> as_they_lie;
    for (const std::size_t i : ordered([](const TensorInfo& a, const TensorInfo& b) {
           return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
         }))
      as_they_lie.push_back(std::move(tensors_[i]));
    tensors_ = std::move(as_they_lie);
    std::size_t covered = 0;
    for (const TensorInfo& t : tensors_) {
      if (t.begin != covered)
        fail(name_, ": tensor '", t.name, "' begins at byte ", t.begin, " of the data, expected ", covered,
             t.begin < covered ? ": it overlaps the one before" : ": there is a gap before it");
      covered = t.end;
    }
    if (covered != data_.size())
      fail(name_, ": ", data_.size(), " bytes of data, expected ", covered, ", the tensors' end");
    by_name_ = ordered([](const TensorInfo& a, const TensorInfo& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < by_name_.size(); ++i)
      if (tensors_[by_name_[i - 1]].name == tensors_[by_name_[i]].name)
        fail(name_, ": tensor '", tensors_[by_name_[i]].name, "' is there twice");
  }

  static constexpr std::uint64_t max_header = 100'000'000;  // the format's own limit

  std::string name_;
  Bytes owned_;
  ByteSpan bytes_, data_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::size_t> by_name_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace ctnet::io
