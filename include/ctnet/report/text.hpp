// SPDX-License-Identifier: MIT
// Text from outside (names of folders that became classes) made fit to be shown: bytes that are not UTF-8 and
// characters that steer a terminal, or that XML forbids, become what C would write for them, "\x1b".
#pragma once

#include <string>
#include <string_view>

#include "../core/utf8.hpp"

namespace ctnet::report {

enum class Keep { nothing, controls, lines };  // controls: all that is UTF-8; lines: line ends and tabs

[[gnu::cold]] inline std::string printable(std::string_view text, Keep keep = Keep::nothing) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const ctnet::detail::Utf8 c = ctnet::detail::utf8_at(text, i);
    const bool line = c.code == '\n' || c.code == '\t';
    const bool steers = c.code < 0x20 || (c.code >= 0x7F && c.code < 0xA0) ||
                        (c.code >= 0x202A && c.code <= 0x202E) ||  // those that turn the direction of writing
                        (c.code >= 0x2066 && c.code <= 0x2069) || c.code == 0x2028 || c.code == 0x2029 ||
                        c.code == 0xFFFE || c.code == 0xFFFF;
    const std::size_t n = c.bytes ? c.bytes : 1;
    if (c.bytes && (!steers || keep == Keep::controls || (line && keep == Keep::lines))) {
      out += text.substr(i, n);
    } else if (text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
      (out += '\\') += text[i] == '\n' ? 'n' : text[i] == '\t' ? 't' : 'r';
    } else {
      for (std::size_t k = i; k < i + n; ++k) {
        const auto byte = static_cast<unsigned char>(text[k]);
        for (const char d : {'\\', 'x', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]}) out += d;
      }
    }
    i += n;
  }
  return out;
}

}  // namespace ctnet::report
