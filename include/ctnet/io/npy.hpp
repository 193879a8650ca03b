// SPDX-License-Identifier: MIT
// numpy's npy files (NEP 1: "\x93NUMPY", version, header length, a Python dict {'descr', 'fortran_order', 'shape'},
// data) and npz archives of them, as xtensor tensors. The header is read by our own strict reader, because xtensor's
// trusts it: its lengths and shape decide allocations. Includes xtensor and zlib (-lz), therefore outside the umbrella.
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>
#include <xtensor/xarray.hpp>
#include <xtensor/xnpy.hpp>
#include <xtensor/xtensor.hpp>

#include "file.hpp"
#include "half.hpp"
#include "npy_header.hpp"
#include "zip.hpp"

namespace ctnet::io {

namespace detail {

// One stored element as T. Floating types take any; integers what they can hold, of integer or bool files.
template <class T, class Stored>
T npy_element(const unsigned char* from, bool swap, const std::string& file_name) {
  unsigned char raw[sizeof(Stored)];
  for (std::size_t i = 0; i < sizeof raw; ++i) raw[i] = from[swap ? sizeof raw - 1 - i : i];
  Stored v;
  std::memcpy(&v, raw, sizeof v);
  if constexpr (std::integral<T> && !std::same_as<T, bool> && std::integral<Stored>) {
    if (!std::in_range<T>(v))
      fail(file_name, ": its value ", v, " does not fit into ", sizeof(T), " bytes ",
           std::signed_integral<T> ? "signed" : "unsigned");
  }
  return static_cast<T>(v);
}

template <class T, class Stored, std::size_t N>
void fill(xt::xtensor<T, N>& out, const NpyHeader& h, ByteSpan data, const std::string& file_name) {
  const auto element = [&](std::size_t i) {
    return npy_element<T, Stored>(data.data() + i * sizeof(Stored), h.swap, file_name);
  };
  if (!h.fortran_order) {
    for (std::size_t i = 0; i < out.size(); ++i) out.data()[i] = element(i);
    return;
  }
  std::size_t index[N + 1] = {};
  for (std::size_t i = 0; i < out.size(); ++i) {  // the first index runs fastest
    std::size_t at = 0;
    for (std::size_t k = 0; k < N; ++k) at = at * h.shape[k] + index[k];
    out.data()[at] = element(i);
    for (std::size_t k = 0; k < N && ++index[k] == h.shape[k]; ++k) index[k] = 0;
  }
}

}  // namespace detail

// The tensor in the bytes of an npy file. Converts any number into float and double (rounding where the file is wider)
// and integers into integers that hold them. Throws Error, beginning with `file_name`, where the file is malformed, has
// not N dimensions, or a value does not fit.
template <class T, std::size_t N>
  requires std::is_arithmetic_v<T>
xt::xtensor<T, N> parse_npy(ByteSpan bytes, const std::string& file_name) {
  const detail::NpyHeader h = detail::parse_npy_header(bytes, file_name);
  if (h.shape.size() != N) fail(file_name, ": shape ", detail::npy_words(h.shape), ", expected ", N, " dimensions");
  if constexpr (std::integral<T>) {
    if (h.kind == 'f') fail(file_name, ": holds floating-point numbers, expected integers");
  }
  std::array<std::size_t, N> shape{};
  for (std::size_t k = 0; k < N; ++k) shape[k] = h.shape[k];
  xt::xtensor<T, N> out(shape);
  const ByteSpan data = bytes.subspan(h.data);
  switch (h.kind << 4 | static_cast<int>(h.size)) {
    case 'b' << 4 | 1:
    case 'u' << 4 | 1:
      detail::fill<T, std::uint8_t>(out, h, data, file_name);
      break;
    case 'i' << 4 | 1:
      detail::fill<T, std::int8_t>(out, h, data, file_name);
      break;
    case 'u' << 4 | 2:
      detail::fill<T, std::uint16_t>(out, h, data, file_name);
      break;
    case 'i' << 4 | 2:
      detail::fill<T, std::int16_t>(out, h, data, file_name);
      break;
    case 'u' << 4 | 4:
      detail::fill<T, std::uint32_t>(out, h, data, file_name);
      break;
    case 'i' << 4 | 4:
      detail::fill<T, std::int32_t>(out, h, data, file_name);
      break;
    case 'u' << 4 | 8:
      detail::fill<T, std::uint64_t>(out, h, data, file_name);
      break;
    case 'i' << 4 | 8:
      detail::fill<T, std::int64_t>(out, h, data, file_name);
      break;
    case 'f' << 4 | 2:
      detail::fill<T, detail::Half>(out, h, data, file_name);
      break;
    case 'f' << 4 | 4:
      detail::fill<T, float>(out, h, data, file_name);
      break;
    case 'f' << 4 | 8:
      detail::fill<T, double>(out, h, data, file_name);
      break;
    default:
      fail(file_name, ": elements of kind '", std::string(1, h.kind), "' of ", h.size, " bytes are not known");
  }
  return out;
}

template <class T, std::size_t N>
xt::xtensor<T, N> load_npy(const std::string& path) {
  return parse_npy<T, N>(read_file(path), path);
}

namespace detail {
// The bytes of an npy file. xtensor's writer takes the numbers of a tensor with strides of its own as they lie.
template <class E>
std::string npy_text(const xt::xexpression<E>& tensor) {
  const E& e = tensor.derived_cast();
  if (e.layout() == xt::layout_type::row_major || e.layout() == xt::layout_type::column_major)
    return xt::dump_npy(tensor);
  const xt::xarray<typename E::value_type> dense = e;
  return xt::dump_npy(dense);
}
}  // namespace detail

// Any expression of xtensor. Replaces the file; see replace_file.
template <class E>
void save_npy(const std::string& path, const xt::xexpression<E>& tensor) {
  replace_file(path, detail::npy_text(tensor));
}

// The arrays of an npz archive, by the names given to numpy.savez.
class Npz {
 public:
  static Npz parse(Bytes bytes, std::string file_name) { return Npz(std::move(bytes), std::move(file_name)); }
  static Npz open(const std::string& path) { return Npz(read_file(path), path); }
  Npz(Npz&&) = default;
  Npz& operator=(Npz&&) = default;

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const ZipEntry& e : zip_.entries())
      if (e.name.ends_with(".npy")) all.push_back(e.name.substr(0, e.name.size() - 4));
    return all;
  }
  // Throws Error where there is none of that name, and as parse_npy does.
  template <class T, std::size_t N>
  xt::xtensor<T, N> read(const std::string& name) const {
    const ZipEntry* e = zip_.find(name + ".npy");
    if (!e) fail(file_name_, ": array '", name, "' is missing, the archive has ", zip_.entries().size(), " others");
    return parse_npy<T, N>(zip_.read(*e), file_name_ + ": array '" + name + "'");
  }

 private:
  Npz(Bytes bytes, std::string file_name)
      : bytes_(std::move(bytes)), file_name_(std::move(file_name)), zip_(bytes_, file_name_) {}

  Bytes bytes_;  // moving keeps the memory that zip_ borrows
  std::string file_name_;
  ZipReader zip_;
};

inline Npz load_npz(const std::string& path) { return Npz::open(path); }

// Writes an npz archive: NpzWriter w; w.add("x", x); w.write(path).
class NpzWriter {
 public:
  explicit NpzWriter(bool compressed = false) : compressed_(compressed) {}
  template <class E>
  void add(const std::string& name, const xt::xexpression<E>& tensor) {
    zip_.add(name + ".npy", bytes_of(detail::npy_text(tensor)), compressed_);
  }
  Bytes bytes() const { return zip_.bytes(); }
  void write(const std::string& path) const { replace_file(path, {zip_.bytes()}); }

 private:
  bool compressed_;
  ZipWriter zip_;
};

// save_npz(path, "images", images, "labels", labels, ...)
template <class... NamesAndTensors>
void save_npz(const std::string& path, const NamesAndTensors&... parts) {
  NpzWriter w;
  const auto add = [&w](const auto& self, const std::string& name, const auto& tensor, const auto&... rest) -> void {
    w.add(name, tensor);
    if constexpr (sizeof...(rest) > 0) self(self, rest...);
  };
  add(add, parts...);
  w.write(path);
}

}  // namespace ctnet::io
