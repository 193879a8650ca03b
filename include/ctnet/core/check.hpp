// SPDX-License-Identifier: MIT
// Options that make no sense are an Error that names the option, what it is and what was expected.
#pragma once

#include <type_traits>

#include "error.hpp"
#include "finite.hpp"

namespace ctnet::detail {

// ok: whether it is in its range, to which neither NaN nor infinities belong.
template <class T>
void check_option(const char* owner, const char* option, T value, bool ok, const char* expected) {
  bool finite = true;
  if constexpr (std::is_floating_point_v<T>) finite = is_finite(static_cast<double>(value));
  if (ok && finite) return;
  fail(owner, ": ", option, " is ", value, ", expected ", expected, ok ? " and finite" : "");
}

}  // namespace ctnet::detail
