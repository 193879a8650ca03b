// SPDX-License-Identifier: MIT
// What an Error says, to be looked at by a test.
#pragma once

#include <ctnet/core/error.hpp>
#include <string>

namespace test {

// What the Error says that f() throws; empty where it throws none.
template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const ctnet::Error& e) {
    return e.what();
  }
  return {};
}

}  // namespace test
