// SPDX-License-Identifier: MIT
// Any bytes as JSON, the reader of safetensors headers and of their metadata: an Error or a value. Strings that were
// read are written and read again, and are the same.
#include <ctnet/io/safetensors_header.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using Cursor = ctnet::io::detail::JsonCursor;
const std::string where = "fuzz:";

void again(const std::string& s) {
  std::string written;
  ctnet::io::detail::append_json_string(written, s);
  Cursor in(written, where);
  if (in.string() != s) std::abort();
  in.end();
}

void value(Cursor& in, int depth) {
  const char c = in.peek();
  if (c == '{' && depth > 0) {
    in.object([&](const std::string& key) { again(key), value(in, depth - 1); });
  } else if (c == '[' && depth > 0) {
    in.array([&] { value(in, depth - 1); });
  } else if (c == '"') {
    again(in.string());
  } else {
    in.skip();
  }
}

template <class F>
void tried(std::string_view text, F read) {
  try {
    Cursor in(text, where);
    read(in);
    in.end();
  } catch (const ctnet::Error& e) {
    if (std::string_view(e.what()).substr(0, 6) != "fuzz: ") std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  tried(text, [](Cursor& in) { value(in, 8); });
  tried(text, [](Cursor& in) { in.skip(); });
  tried(text, [](Cursor& in) { (void)in.natural(); });
  tried(text, [](Cursor& in) { (void)in.real(); });
  return 0;
}
