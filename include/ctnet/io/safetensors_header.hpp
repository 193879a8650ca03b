// SPDX-License-Identifier: MIT
// A strict reader of the JSON that a safetensors header may hold: objects, strings, natural numbers, arrays of them,
// and whole values to skip. Our own, because nlohmann-json costs every includer 1.65 s of compilation, and because what
// a damaged file may do here (depth, overflow, encoding) must be bounded. RFC 8259; UTF-8 as in RFC 3629.
// Marked cold: what runs once per file is not worth inlining, and -O3 takes a third less time for a reader's includer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "../core/error.hpp"
#include "../core/utf8.hpp"

namespace ctnet::io::detail {

// The first byte that is no part of valid UTF-8; npos where none is.
[[gnu::cold]] inline std::size_t invalid_utf8(std::string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    const std::size_t n = ctnet::detail::utf8_at(s, i).bytes;
    if (n == 0) return i;
    i += n;
  }
  return std::string_view::npos;
}

[[gnu::cold]] inline void append_utf8(std::string& out, std::uint32_t c) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80u | (c >> shift & 0x3Fu)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0u | c >> 6), tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0u | c >> 12), tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0u | c >> 18), tail(12), tail(6), tail(0);
  }
}

[[gnu::cold]] inline void append_json_string(std::string& out, std::string_view s) {
  constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (const char c : s) {
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      ((out += "\\u00") += hex[c >> 4]) += hex[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

// Reads a text from left to right; every fault is an Error that begins with `where` and tells the position.
class JsonCursor {
 public:
  JsonCursor(std::string_view text, const std::string& where) : text_(text), where_(where) {
    if (const std::size_t bad = invalid_utf8(text); bad != text.npos) at_ = bad, wrong("is not valid UTF-8");
  }

  // The next character that is no blank, 0 at the end.
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c || c == '\0') return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) wrong("expected '" + std::string(1, c) + "'");
  }
  void end() {
    if (peek() != '\0' || at_ != text_.size()) wrong("expected the end");
  }

  // {"key": ..., "key": ...}: calls member(key), which reads the value.
  template <class F>
  void object(F member) {
    expect('{');
    if (take('}')) return;
    do {
      const std::string key = string();
      expect(':');
      member(key);
    } while (take(','));
    expect('}');
  }
  template <class F>
  void array(F element) {
    expect('[');
    if (take(']')) return;
    do element();
    while (take(','));
    expect(']');
  }

  [[gnu::cold]] std::string string() {
    expect('"');
    std::string s;
    for (;;) {
      if (at_ == text_.size()) wrong("ends inside a string");
      const char c = text_[at_++];
      if (c == '"') return s;
      if (static_cast<unsigned char>(c) < 0x20) --at_, wrong("has a control character in a string");
      c == '\\' ? escape(s) : void(s += c);
    }
  }

  [[gnu::cold]] std::uint64_t natural() {
    const char first = peek();
    if (first < '0' || first > '9') wrong("expected a natural number");
    std::uint64_t v = 0;
    const std::size_t from = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const auto digit = static_cast<unsigned>(text_[at_] - '0');
      if (v > (UINT64_MAX - digit) / 10) wrong("has a number above 2^64");
      v = 10 * v + digit;
    }
    if (first == '0' && at_ - from > 1) wrong("has a number with a leading zero");
    if (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E'))
      wrong("expected a natural number");
    return v;
  }

  // To the nearest double where it has at most 15 digits and is within 1e-22 .. 1e22, else nearly; whatever the locale.
  [[gnu::cold]] double real() {
    peek();
    const std::size_t from = at_;
    number();
    double value = 0, scale = 1;
    int exponent = 0, places = 0;
    bool fraction = false;
    std::size_t i = from;
    for (; i < at_ && text_[i] != 'e' && text_[i] != 'E'; ++i) {
      if (text_[i] == '.') fraction = true;
      if (text_[i] < '0' || text_[i] > '9') continue;
      value = 10 * value + (text_[i] - '0');
      places += fraction;
    }
    const bool down = i + 1 < at_ && text_[i + 1] == '-';
    for (; i < at_; ++i)
      if (text_[i] >= '0' && text_[i] <= '9' && exponent < 10'000) exponent = 10 * exponent + (text_[i] - '0');
    exponent = (down ? -exponent : exponent) - places;
    for (int k = exponent < 0 ? -exponent : exponent; k > 0 && scale < 1e300; --k) scale *= 10;
    value = exponent < 0 ? value / scale : value * scale;
    return text_[from] == '-' ? -value : value;
  }

  // Any value, unread. Nested no deeper than `depth`.
  [[gnu::cold]] void skip(int depth = 32) {
    const char c = peek();
    if (depth == 0) wrong("is nested too deeply");
    if (c == '{') return object([&](const std::string&) { skip(depth - 1); });
    if (c == '[') return array([&] { skip(depth - 1); });
    if (c == '"') return void(string());
    for (const std::string_view word : {"true", "false", "null"})
      if (text_.substr(at_, word.size()) == word) return void(at_ += word.size());
    number();
  }

  [[noreturn, gnu::cold]] void wrong(const std::string& what) const {
    fail(where_, " ", what, " at byte ", at_, " of ", text_.size());
  }

 private:
  [[gnu::cold]] void digits() {
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    if (at_ == from) wrong("expected a value");
  }
  [[gnu::cold]] void number() {
    take('-');
    digits();
    if (at_ < text_.size() && text_[at_] == '.') ++at_, digits();
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      digits();
    }
  }

  [[gnu::cold]] std::uint32_t hex4() {
    std::uint32_t v = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) wrong("has a bad \\u escape");
      v = v << 4 | static_cast<std::uint32_t>(digit);
      ++at_;
    }
    return v;
  }
  [[gnu::cold]] void escape(std::string& s) {
    const char c = at_ < text_.size() ? text_[at_++] : '\0';
    switch (c) {
      case '"':
      case '\\':
      case '/':
        s += c;
        return;
      case 'b':
        s += '\b';
        return;
      case 'f':
        s += '\f';
        return;
      case 'n':
        s += '\n';
        return;
      case 'r':
        s += '\r';
        return;
      case 't':
        s += '\t';
        return;
      case 'u':
        break;
      default:
        wrong("has an unknown escape");
    }
    std::uint32_t u = hex4();
    if (u >= 0xDC00 && u < 0xE000) wrong("has half a surrogate pair");
    if (u >= 0xD800 && u < 0xDC00) {
      if (text_.substr(at_, 2) != "\\u") wrong("has half a surrogate pair");
      at_ += 2;
      const std::uint32_t low = hex4();
      if (low < 0xDC00 || low >= 0xE000) wrong("has half a surrogate pair");
      u = 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(s, u);
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
};

}  // namespace ctnet::io::detail
