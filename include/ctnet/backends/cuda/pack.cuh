// SPDX-License-Identifier: MIT
// V neighbouring values as one access to memory. Tensors are aligned to their values only: whether packs of them are,
// the host asks before it launches.
#pragma once

#include <cstdint>

#include "device.cuh"

namespace ctnet::cuda {

template <class T, int V>
struct alignas(V * sizeof(T)) Pack {
  T v[V];
};
template <class T>
inline constexpr int widest_pack = 16 / sizeof(T);

template <int V, class T>
__device__ Pack<T, V> load_pack(const T* p) {
  return *reinterpret_cast<const Pack<T, V>*>(p);
}
template <class T, int V>
__device__ void store_pack(T* p, const Pack<T, V>& pack) {
  *reinterpret_cast<Pack<T, V>*>(p) = pack;
}

// Whether the widest packs may start at all of these places, and at any multiple of `step` values from there. What is
// not there (null) fits.
template <class T, class... P>
bool packs_fit(long long step, const T* p, const P*... more) {
  if (step % widest_pack<T> != 0) return false;
  return (reinterpret_cast<std::uintptr_t>(p) | ... | reinterpret_cast<std::uintptr_t>(more)) % 16 == 0;
}

}  // namespace ctnet::cuda
