// SPDX-License-Identifier: MIT
// Memory of the host: one block, aligned to a cache line, zeroed, grown but never shrunk. Elements are plain numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <utility>

#include "out_of_memory.hpp"

namespace ctnet {

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t n, const char* what = "a buffer") { grow(n, what); }
  Buffer(Buffer&& b) noexcept : data_(std::exchange(b.data_, nullptr)), size_(std::exchange(b.size_, 0)) {}
  Buffer& operator=(Buffer&& b) noexcept {
    std::swap(data_, b.data_);
    std::swap(size_, b.size_);
    return *this;
  }
  ~Buffer() {
    if (data_) ::operator delete(data_, std::align_val_t{64});
  }

  // At least n elements from now on; contents are lost (and zero) when it had fewer. Throws OutOfMemory, which says how
  // much it was of what.
  void grow(std::size_t n, const char* what = "a buffer") {
    if (n <= size_) return;
    T* fresh = nullptr;
    if (n <= static_cast<std::size_t>(-1) / 2 / sizeof(T))
      fresh = static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t{64}, std::nothrow));
    if (!fresh) detail::fail_memory(what, n, sizeof(T));
    std::memset(fresh, 0, n * sizeof(T));
    if (data_) ::operator delete(data_, std::align_val_t{64});
    data_ = fresh;
    size_ = n;
  }
  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  operator std::span<T>() { return {data_, size_}; }
  operator std::span<const T>() const { return {data_, size_}; }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

// Whether any of these bytes lie in one of the buffers.
template <class... Buffers>
bool overlap(const void* at, std::size_t bytes, const Buffers&... buffers) {
  const auto first = reinterpret_cast<std::uintptr_t>(at);
  const auto in = [&](const auto& b) {
    const auto begin = reinterpret_cast<std::uintptr_t>(b.data());
    return first < begin + b.size() * sizeof(*b.data()) && begin < first + bytes;
  };
  return (in(buffers) || ...);
}

}  // namespace ctnet
