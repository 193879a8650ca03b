// SPDX-License-Identifier: MIT
// Memory of a loss's gradient. A loop makes and drops one every step; so that this does not go to the heap each time,
// a thread keeps the last block that was dropped on it, and hands it out again.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

namespace ctnet::detail {

// n numbers, not initialised.
template <class T>
class LossMemory {
 public:
  LossMemory() = default;
  explicit LossMemory(std::size_t n) : size_(n) {
    Spare& spare = spare_block();
    if (n <= spare.room) {
      data_ = std::exchange(spare.data, nullptr);
      room_ = std::exchange(spare.room, std::size_t{0});
    } else {
      data_ = static_cast<T*>(::operator new(n * sizeof(T), align));
      room_ = n;
    }
  }
  LossMemory(const LossMemory& m) : LossMemory(m.size_) {
    if (size_ > 0) std::memcpy(data_, m.data_, size_ * sizeof(T));
  }
  LossMemory(LossMemory&& m) noexcept { swap(m); }
  LossMemory& operator=(LossMemory m) noexcept {
    swap(m);
    return *this;
  }
  ~LossMemory() {
    if (!data_) return;
    Spare& spare = spare_block();
    if (!spare.closed && room_ > spare.room) {
      std::swap(spare.data, data_);
      std::swap(spare.room, room_);
    }
    if (data_) ::operator delete(data_, align);
  }
  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::align_val_t align{64};
  // Without a destructor, so that it may be asked at any time, also when the thread ends.
  struct Spare {
    T* data = nullptr;
    std::size_t room = 0;
    bool closed = false;
  };
  struct Close {
    Spare& spare;
    ~Close() {
      if (spare.data) ::operator delete(spare.data, align);
      spare = {nullptr, 0, true};
    }
  };
  static Spare& spare_block() {
    static constinit thread_local Spare spare;
    static thread_local Close close{spare};
    return spare;
  }
  void swap(LossMemory& m) {
    std::swap(data_, m.data_);
    std::swap(size_, m.size_);
    std::swap(room_, m.room_);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0, room_ = 0;
};

}  // namespace ctnet::detail
