// SPDX-License-Identifier: MIT
// Included once per CPU target. What the direct kernels share: copies of images with their border, and transposition
// of pixels and channels.
namespace ctnet::CTNET_TARGET {

// v is read once, into a register: g++ otherwise puts the load, which may cross a cache line, into each of its uses.
template <class V>
[[gnu::always_inline]] inline void in_register([[maybe_unused]] V& v) {
#if defined(__x86_64__) && CTNET_VECTOR_BYTES == 64
  asm("" : "+v"(v));
#elif defined(__x86_64__)
  asm("" : "+x"(v));
#endif
}

// to(column j, lane i) = from(row i, column j) for `rows` <= lanes rows and n columns; the other lanes become 0.
template <class T>
[[gnu::noinline]] void gather_lanes(const T* from, i64 from_row, int rows, int n, T* to) {
  constexpr int L = lanes<T>;
  int j = 0;
  while (n >= L) {
    Vec<T> v[L];
    if (rows == L) {
      unroll<L>([&](auto i) __attribute__((always_inline)) { v[i] = load(from + i * from_row + j); });
    } else {
      unroll<L>([&](auto i)
                    __attribute__((always_inline)) { v[i] = i < rows ? load(from + i * from_row + j) : Vec<T>{}; });
    }
    transpose_square<T>(v);
    unroll<L>([&](auto i) __attribute__((always_inline)) { store(to + (j + i) * L, v[i]); });
    if (j + L == n) return;
    j = j + 2 * L <= n ? j + L : n - L;  // the last square ends with the last column
  }
  for (; j < n; ++j)
    for (int i = 0; i < L; ++i) to[j * L + i] = i < rows ? from[i * from_row + j] : T(0);
}

// to(row i, column j) = from(column j, lane i) for `rows` <= lanes rows and n columns.
template <class T>
[[gnu::noinline]] void scatter_lanes(const T* from, T* to, i64 to_row, int rows, int n) {
  constexpr int L = lanes<T>;
  int j = 0;
  while (n >= L) {
    Vec<T> v[L];
    unroll<L>([&](auto i) __attribute__((always_inline)) { v[i] = load(from + (j + i) * L); });
    transpose_square<T>(v);
    if (rows == L) {
      unroll<L>([&](auto i) __attribute__((always_inline)) { store(to + i * to_row + j, v[i]); });
    } else {
      unroll<L>([&](auto i) __attribute__((always_inline)) {
        if (i < rows) store(to + i * to_row + j, v[i]);
      });
    }
    if (j + L == n) return;
    j = j + 2 * L <= n ? j + L : n - L;
  }
  for (; j < n; ++j)
    for (int i = 0; i < rows; ++i) to[i * to_row + j] = from[j * L + i];
}

// The copy's border, once; then each image's pixels.
template <class T>
inline void clear_planes(T* to, i64 n) {
  for (i64 i = 0; i < n; ++i) to[i] = T(0);
}
template <class T>
inline const T* fill_planes(const ConvOp& o, const cpu::Planes& g, const T* x, T* to) {
  if (!g.copied) return x;
  for (int c = 0; c < o.c; ++c) {
    T* row = to + c * g.plane + o.pad_h * g.row + o.pad_w;
    for (int y = 0; y < o.h; ++y, row += g.row, x += o.w) copy_row(row, x, o.w);
  }
  return to;
}

// to(k) += the sum of dY's plane k, while the image is near.
template <class T>
[[gnu::noinline]] void add_plane_sums(const ConvOp& o, const T* dy, T* to) {
  const i64 plane = i64{o.p} * o.q;
  for (int k = 0; k < o.k; ++k) to[k] += sum_of(dy + k * plane, plane);
}

// The taps r, from .. to - 1, that meet the image in any of the output rows first .. last.
struct TapRows {
  int from, to;
};
inline TapRows tap_rows(const ConvOp& o, int first, int last) {
  const int from = o.pad_h - last, to = o.h + o.pad_h - first;  // 0 <= p + r - pad < h
  return {from > 0 ? from : 0, to < o.r ? to : o.r};
}

}  // namespace ctnet::CTNET_TARGET
