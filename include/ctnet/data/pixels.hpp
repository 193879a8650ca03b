// SPDX-License-Identifier: MIT
// Pictures in memory. A Bitmap holds bytes as files and cameras give them, (H, W, C), interleaved; Planes hold floats
// as networks take them, (C, H, W). Both keep their memory when they change size, so a worker's buffers grow once.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "../core/out_of_memory.hpp"
#include "../core/shape.hpp"

namespace ctnet::data {

template <class T>
struct Pixels {
  static constexpr bool interleaved = std::is_same_v<T, unsigned char>;

  int c = 0, h = 0, w = 0;
  std::vector<T> values;

  void resize(int c_, int h_, int w_) {
    const std::size_t n = static_cast<std::size_t>(c_) * static_cast<std::size_t>(h_) * static_cast<std::size_t>(w_);
    ctnet::detail::with_memory_for("a picture", n * sizeof(T), [&] { values.resize(n); });
    c = c_, h = h_, w = w_;
  }
  T* data() { return values.data(); }
  const T* data() const { return values.data(); }
  std::size_t size() const { return values.size(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  Shape shape() const { return {c, h, w}; }

  // What geometry needs: planes() times h rows of w pixels of step() values.
  int planes() const { return interleaved ? 1 : c; }
  int step() const { return interleaved ? c : 1; }
  T* row(int plane, int y) { return data() + offset(plane, y); }
  const T* row(int plane, int y) const { return data() + offset(plane, y); }
  T& at(int channel, int y, int x) { return values[index(channel, y, x)]; }
  const T& at(int channel, int y, int x) const { return values[index(channel, y, x)]; }

 private:
  std::ptrdiff_t offset(int plane, int y) const {
    return (static_cast<std::ptrdiff_t>(plane) * h + y) * w * static_cast<std::ptrdiff_t>(step());
  }
  std::size_t index(int channel, int y, int x) const {
    const int plane = interleaved ? 0 : channel, inside = interleaved ? channel : 0;
    return static_cast<std::size_t>(offset(plane, y) + static_cast<std::ptrdiff_t>(x) * step() + inside);
  }
};

using Bitmap = Pixels<unsigned char>;  // (H, W, C), 0 .. 255
using Planes = Pixels<float>;          // (C, H, W)

// What flows between two transforms.
enum class Stage { bytes, floats };

}  // namespace ctnet::data
