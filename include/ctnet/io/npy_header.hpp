// SPDX-License-Identifier: MIT
// The header of an npy file, strictly: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }, keys in any order.
// Versions 1, 2 and 3 of the format. Structured types, strings and objects are refused.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "file.hpp"
#include "half.hpp"

namespace ctnet::io::detail {

struct Half {
  std::uint16_t bits;
  template <class T>
  explicit operator T() const {
    return static_cast<T>(half_to_float(bits));
  }
};

struct NpyHeader {
  char kind = 0;         // b, i, u or f
  std::size_t size = 0;  // bytes of an element
  bool swap = false;     // big-endian
  bool fortran_order = false;
  std::vector<std::size_t> shape;
  std::size_t data = 0;  // where it begins
};

inline std::string npy_words(const std::vector<std::size_t>& shape) {
  std::string s = "(";
  for (const std::size_t d : shape) s += (s.size() > 1 ? ", " : "") + std::to_string(d);
  return s + ")";
}

class NpyCursor {
 public:
  NpyCursor(std::string_view text, const std::string& file_name) : text_(text), file_name_(file_name) {}

  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool take(char c) {
    blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) wrong("expected " + std::string(1, c));
  }
  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }
  std::string string() {
    const char quote = take('\'') ? '\'' : '"';
    if (quote == '"') expect('"');
    const std::size_t end = text_.find(quote, at_);
    if (end == text_.npos) wrong("ends inside a string");
    std::string s(text_.substr(at_, end - at_));
    at_ = end + 1;
    return s;
  }
  bool boolean() {
    blanks();
    if (word("True")) return true;
    if (!word("False")) wrong("expected True or False");
    return false;
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> all;
    expect('(');
    while (!take(')')) {
      all.push_back(natural());
      if (take(')')) {
        if (all.size() == 1) wrong("expected a comma");
        break;
      }
      expect(',');
    }
    return all;
  }
  void end() {
    blanks();
    if (at_ != text_.size()) wrong("expected the end");
  }
  [[noreturn]] void wrong(const std::string& what) const {
    fail(file_name_, ": the header ", what, " at byte ", at_, " of ", text_.size());
  }

 private:
  std::size_t natural() {
    blanks();
    std::size_t v = 0;
    const std::size_t from = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      if (__builtin_mul_overflow(v, std::size_t{10}, &v) ||
          __builtin_add_overflow(v, static_cast<std::size_t>(text_[at_] - '0'), &v))
        wrong("has a number above 2^64");
    if (at_ == from) wrong("expected a natural number");
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long integers so
    return v;
  }

  std::string_view text_;
  const std::string& file_name_;
  std::size_t at_ = 0;
};

inline void parse_npy_type(NpyHeader& h, const std::string& descr, const std::string& file_name) {
  const bool known = descr.size() == 3 && std::string_view("<>|=").find(descr[0]) != std::string_view::npos &&
                     std::string_view("biuf").find(descr[1]) != std::string_view::npos && descr[2] > '0' &&
                     descr[2] < '9';
  if (!known) fail(file_name, ": elements of type '", descr, "', expected a bool, integer or floating-point type");
  h.kind = descr[1];
  h.size = static_cast<std::size_t>(descr[2] - '0');
  h.swap = descr[0] == '>' && h.size > 1;
}

// Checks all that the header says, and that the data have exactly the bytes that its shape needs.
inline NpyHeader parse_npy_header(ByteSpan bytes, const std::string& file_name) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0)
    fail(file_name, ": does not begin like an npy file (", bytes.size(), " bytes)");
  const int version = bytes[6];
  if (version < 1 || version > 3) fail(file_name, ": npy version ", version, ", expected 1 to 3");
  const std::size_t start = version == 1 ? 10 : 12;
  if (bytes.size() < start) fail(file_name, ": ", bytes.size(), " bytes, its header starts at ", start);
  std::uint32_t n = 0;
  std::memcpy(&n, bytes.data() + 8, start - 8);
  if (n > bytes.size() - start)
    fail(file_name, ": its header is said to have ", n, " bytes, the file has ", bytes.size() - start, " after byte ",
         start);

  NpyHeader h;
  h.data = start + n;
  NpyCursor in({reinterpret_cast<const char*>(bytes.data()) + start, n}, file_name);
  bool has[3] = {};
  in.expect('{');
  while (!in.take('}')) {
    const std::string key = in.string();
    in.expect(':');
    const int i = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
    if (i < 0) in.wrong("has the unknown key '" + key + "'");
    if (has[i]) in.wrong("has '" + key + "' twice");
    has[i] = true;
    if (i == 0) parse_npy_type(h, in.string(), file_name);
    if (i == 1) h.fortran_order = in.boolean();
    if (i == 2) h.shape = in.tuple();
    if (in.take('}')) break;
    in.expect(',');
  }
  in.end();
  if (!has[0] || !has[1] || !has[2])
    fail(file_name, ": the header has no '", !has[0] ? "descr" : !has[1] ? "fortran_order" : "shape", "'");

  // Strides are products too: those of an array without elements must be numbers as well.
  std::ptrdiff_t largest = static_cast<std::ptrdiff_t>(h.size);
  bool none = false;
  for (const std::size_t d : h.shape) {
    none = none || d == 0;
    if (d != 0 && __builtin_mul_overflow(largest, d, &largest))
      fail(file_name, ": shape ", npy_words(h.shape), " is too large");
  }
  const std::size_t expected = none ? 0 : static_cast<std::size_t>(largest);
  if (expected != bytes.size() - h.data)
    fail(file_name, ": ", bytes.size() - h.data, " bytes of data, expected ", expected, " for shape ",
         npy_words(h.shape));
  return h;
}

}  // namespace ctnet::io::detail
