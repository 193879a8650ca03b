// SPDX-License-Identifier: MIT
// What kernels call under emulation: barriers, collectives of a warp, shared memory, asynchronous copies, matrix
// instructions. Collectives that not all threads reach stop the program with a message.
#pragma once

#include <cstddef>
#include <cstring>
#include <type_traits>

namespace ctnet_device {

void sync_block();
void sync_warp();
void sync_grid();  // cooperative launches only
void fence();      // lets other blocks go on where the launch is cooperative: for loops that wait for them
unsigned atomic_add(unsigned* p, unsigned v);
unsigned load_acquire(const unsigned* p);  // gives way as fence does

namespace detail {

unsigned lane();
// One value of each lane to all: what lane `from` gave. From a lane that a partial last warp lacks: all bits set.
void exchange(void* value, std::size_t bytes, unsigned from);
std::size_t declare_shared(std::size_t bytes, std::size_t alignment);
void* shared_object(std::size_t slot);
void copy_late(void* shared, const void* global, std::size_t bytes);
void wait_copies(unsigned left);

}  // namespace detail

template <class V>
V shuffle(V v, int lane) {
  static_assert(std::is_trivially_copyable_v<V> && (sizeof(V) == 4 || sizeof(V) == 8));
  detail::exchange(&v, sizeof(V), static_cast<unsigned>(lane) % 32);
  return v;
}
template <class V>
V shuffle_xor(V v, int mask) {
  return shuffle(v, static_cast<int>(detail::lane() ^ static_cast<unsigned>(mask)));
}
template <class V>
V shuffle_down(V v, int delta) {
  const int from = static_cast<int>(detail::lane()) + delta;
  return shuffle(v, from < 32 ? from : static_cast<int>(detail::lane()));
}

// One object of each type for a block, NaN at the start.
template <class S>
S& shared() {
  static_assert(std::is_trivially_copyable_v<S> && sizeof(S) <= 48 * 1024);
  static const std::size_t slot = detail::declare_shared(sizeof(S), alignof(S));
  return *static_cast<S*>(detail::shared_object(slot));
}
// Aligned to 128 bytes, as large as the launch said, NaN at the start.
unsigned char* dynamic_shared();

// The data arrive when the issuing thread waits for their group; until then the destination is NaN.
inline void copy_async16(void* shared, const void* global) { detail::copy_late(shared, global, 16); }
inline void copy_async4(void* shared, const void* global) { detail::copy_late(shared, global, 4); }
void commit_copies();
template <int N>
void wait_copies() {
  detail::wait_copies(N);
}

// d += a b, as mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 and m16n8k16.row.col.f32.bf16.bf16.f32: products are
// exact, their sum with d is cut towards zero (Fasi et al., 2021, Numerical behavior of NVIDIA tensor cores).
void mma_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]);
void mma_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]);
unsigned to_tf32(float v);                  // cvt.rna.tf32.f32
unsigned pack_bf16(float low, float high);  // cvt.rn.bf16x2.f32

}  // namespace ctnet_device
