// SPDX-License-Identifier: MIT
// Types and shapes of a safetensors file's tensors.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../core/error.hpp"

namespace ctnet::io {

static_assert(std::endian::native == std::endian::little, "files are little-endian and read as they lie");

// The names are those written in files.
enum class Dtype { BOOL, U8, I8, F8_E5M2, F8_E4M3, F8_E8M0, I16, U16, F16, BF16, I32, U32, F32, I64, U64, F64, C64 };

struct DtypeInfo {
  const char* name;
  std::size_t size;  // bytes
};
inline constexpr DtypeInfo dtypes[] = {{"BOOL", 1},    {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1},
                                       {"F8_E8M0", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},     {"BF16", 2},
                                       {"I32", 4},     {"U32", 4}, {"F32", 4}, {"I64", 8},     {"U64", 8},
                                       {"F64", 8},     {"C64", 8}};
constexpr const char* name_of(Dtype d) { return dtypes[static_cast<int>(d)].name; }
constexpr std::size_t size_of(Dtype d) { return dtypes[static_cast<int>(d)].size; }

template <class T>
concept Storable = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, std::uint8_t> ||
                   std::same_as<T, std::int32_t> || std::same_as<T, std::uint32_t> || std::same_as<T, std::int64_t> ||
                   std::same_as<T, std::uint64_t>;
template <Storable T>
constexpr Dtype dtype_of() {
  if constexpr (std::same_as<T, float>) return Dtype::F32;
  if constexpr (std::same_as<T, double>) return Dtype::F64;
  if constexpr (std::same_as<T, std::uint8_t>) return Dtype::U8;
  if constexpr (std::same_as<T, std::int32_t>) return Dtype::I32;
  if constexpr (std::same_as<T, std::uint32_t>) return Dtype::U32;
  if constexpr (std::same_as<T, std::int64_t>) return Dtype::I64;
  if constexpr (std::same_as<T, std::uint64_t>) return Dtype::U64;
}

using Dims = std::vector<std::size_t>;

// "[6, 3, 5, 5]"
inline std::string words(const Dims& dims) {
  std::string s = "[";
  for (const std::size_t d : dims) s += (s.size() > 1 ? ", " : "") + std::to_string(d);
  return s + "]";
}

namespace detail {
// a * b, or false where that is 2^64 or more.
inline bool multiply(std::size_t& a, std::size_t b) { return !__builtin_mul_overflow(a, b, &a); }
// Elements of a shape; an Error where there are 2^64 or more, of the dimensions that are not 0 too. A shape of no
// dimensions is a scalar.
inline std::size_t elements(const Dims& dims, const std::string& where) {
  std::size_t n = 1;
  bool none = false;
  for (const std::size_t d : dims) {
    none = none || d == 0;
    if (d != 0 && !multiply(n, d)) fail(where, ": shape ", words(dims), " has 2^64 elements or more");
  }
  return none ? 0 : n;
}
}  // namespace detail

}  // namespace ctnet::io
