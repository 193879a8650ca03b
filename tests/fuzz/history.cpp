// SPDX-License-Identifier: MIT
// Any bytes as a history in JSON: an Error, or a history that is written and read again as it is.
#include <ctnet/report/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ctnet;
  try {
    const History history = history_from_json(std::string(reinterpret_cast<const char*>(data), size), "fuzz");
    const std::string written = to_json(history);
    if (to_json(history_from_json(written, "fuzz")) != written) std::abort();
  } catch (const Error& e) {
    if (std::string_view(e.what()).substr(0, 4) != "fuzz") std::abort();
  }
  return 0;
}
