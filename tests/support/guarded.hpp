// SPDX-License-Identifier: MIT
// Memory between two inaccessible pages. Elements lie flush with the end (a read or write beyond the last traps) or
// flush with the start (one before the first traps); the rest of the pages holds a pattern that intact() looks for.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>

namespace test {

enum class Flush { end, start };

template <class T>
class Guarded {
 public:
  // n elements, all NaN.
  Guarded(std::size_t n, Flush flush) : n_(n), page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    room_ = (n * sizeof(T) + page_ - 1) / page_ * page_;
    if (room_ == 0) room_ = page_;
    void* all = mmap(nullptr, room_ + 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED) std::abort();
    begin_ = static_cast<unsigned char*>(all) + page_;
    std::memset(begin_, pattern, room_);
    mprotect(begin_ - page_, page_, PROT_NONE);
    mprotect(begin_ + room_, page_, PROT_NONE);
    data_ = reinterpret_cast<T*>(flush == Flush::end ? begin_ + room_ - n * sizeof(T) : begin_);
    fill(std::numeric_limits<T>::quiet_NaN());
  }
  template <class V>
  Guarded(const V& values, Flush flush)
    requires requires { values.begin(); }
      : Guarded(static_cast<std::size_t>(values.size()), flush) {
    assign(values);
  }
  Guarded(Guarded&& g) noexcept : n_(g.n_), page_(g.page_), room_(g.room_), begin_(g.begin_), data_(g.data_) {
    g.begin_ = nullptr;
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() {
    if (begin_) munmap(begin_ - page_, room_ + 2 * page_);
  }

  T* data() const { return data_; }
  std::size_t size() const { return n_; }
  T* begin() const { return data_; }
  T* end() const { return data_ + n_; }
  T& operator[](std::size_t i) const { return data_[i]; }
  void fill(T v) {
    for (std::size_t i = 0; i < n_; ++i) data_[i] = v;
  }
  template <class V>
  void assign(const V& values) {
    for (std::size_t i = 0; i < n_; ++i) data_[i] = static_cast<T>(values[i]);
  }
  // Nobody wrote beside the elements.
  bool intact() const {
    for (const unsigned char* p = begin_; p < begin_ + room_; ++p) {
      if (p == reinterpret_cast<unsigned char*>(data_)) p += n_ * sizeof(T);
      if (p < begin_ + room_ && *p != pattern) return false;
    }
    return true;
  }

 private:
  static constexpr unsigned char pattern = 0xA5;
  std::size_t n_, page_, room_ = 0;
  unsigned char* begin_ = nullptr;
  T* data_ = nullptr;
};

// An address that nobody may read or write.
template <class T>
T* forbidden() {
  static const Guarded<T> none{0, Flush::end};
  return none.data();
}

}  // namespace test
