// SPDX-License-Identifier: MIT
// Included once per CPU target. Activations from one layout to another; borders and filled-up channels become zeros.
namespace ctnet::CTNET_TARGET {

// n pixels of `own` channels, at most 16: a[c * plane + pixel] -> b[pixel * 16 + c], the other channels left alone.
template <class T>
inline void planes_to_block(const T* a, i64 plane, int own, int n, T* b) {
  constexpr int B = cpu::channel_block, L = lanes<T>;
  int u = 0;
  if constexpr (L >= 4)
    for (; own == B && u + L <= n; u += L)
      for (int c = 0; c < B; c += L) {
        Vec<T> v[L];
        unroll<L>([&](auto i) __attribute__((always_inline)) { v[i] = load(a + (c + i) * plane + u); });
        transpose_square<T>(v);
        unroll<L>([&](auto i) __attribute__((always_inline)) { store(b + i64{u + i} * B + c, v[i]); });
      }
  for (; u < n; ++u)
    for (int c = 0; c < own; ++c) b[u * B + c] = a[c * plane + u];
}
// The other way.
template <class T>
inline void block_to_planes(const T* a, int own, int n, T* b, i64 plane) {
  constexpr int B = cpu::channel_block, L = lanes<T>;
  int u = 0;
  if constexpr (L >= 4)
    for (; u + L <= n; u += L)
      for (int c = 0; c < own; c += L) {
        Vec<T> v[L];
        unroll<L>([&](auto i) __attribute__((always_inline)) { v[i] = load(a + i64{u + i} * B + c); });
        transpose_square<T>(v);
        unroll<L>([&](auto i) __attribute__((always_inline)) {
          if (c + i < own) store(b + (c + i) * plane + u, v[i]);
        });
      }
  for (; u < n; ++u)
    for (int c = 0; c < own; ++c) b[c * plane + u] = a[u * B + c];
}

template <class T>
void reorder(const cpu::Layout& from, const cpu::Layout& to, const T* x, T* y) {
  constexpr int B = cpu::channel_block;
  if (to.pad_h > 0 || to.pad_w > 0 || to.c % to.block != 0)
    for (i64 i = 0; i < to.size(); ++i) y[i] = T(0);
  // A map without borders at the sides is one long row.
  const bool flat = from.pad_w == 0 && to.pad_w == 0;
  const int rows = flat ? 1 : to.h, columns = flat ? to.h * to.w : to.w, step = from.block == to.block ? from.block : B;
  for (int c = 0; c < to.c; c += step)
    for (int v = 0; v < rows; ++v) {
      const T* a = x + from.at(c, v, 0);
      T* b = y + to.at(c, v, 0);
      const int own = to.c - c < B ? to.c - c : B;
      if (from.block == to.block)
        for (i64 i = 0; i < i64{columns} * step; ++i) b[i] = a[i];
      else if (from.block == 1)
        planes_to_block(a, from.plane(), own, columns, b);
      else
        block_to_planes(a, own, columns, b, to.plane());
    }
}

}  // namespace ctnet::CTNET_TARGET
