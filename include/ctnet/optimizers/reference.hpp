// SPDX-License-Identifier: MIT
// The update rules in plain loops, for any scalar. p: n parameters, g: their gradients, the rest: the optimizer's
// state, null where there is none.
#pragma once

#include <cstddef>

#include "update.hpp"

#include "../core/begin_precise.hpp"

namespace ctnet::reference {

template <class T>
void sgd(const SgdNumbers& k, T* p, const T* g, T* b, std::size_t n) {
  const SgdUpdate<T> update{k};
  for (std::size_t i = 0; i < n; ++i)
    if (b)
      update(p[i], g[i], b[i]);
    else
      update(p[i], g[i]);
}

template <class T>
void adam(const AdamNumbers& k, T* p, const T* g, T* m, T* v, T* largest, std::size_t n) {
  const AdamUpdate<T> update{k};
  for (std::size_t i = 0; i < n; ++i)
    if (largest)
      update(p[i], g[i], m[i], v[i], largest[i]);
    else
      update(p[i], g[i], m[i], v[i]);
}

}  // namespace ctnet::reference

#include "../core/end_precise.hpp"
