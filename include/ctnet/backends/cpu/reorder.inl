// SPDX-License-Identifier: MIT
// Included once per CPU target. Activations from one layout to another; borders and filled-up channels become zeros.
namespace ctnet::CTNET_TARGET {

template <class T>
void reorder(const cpu::Layout& from, const cpu::Layout& to, const T* x, T* y) {
  constexpr int B = cpu::channel_block;
  if (to.pad_h > 0 || to.pad_w > 0 || to.c % to.block != 0)
    for (i64 i = 0; i < to.size(); ++i) y[i] = T(0);
  // A map without borders at the sides is one long row.
  const bool flat = from.pad_w == 0 && to.pad_w == 0;
  const int rows = flat ? 1 : to.h, columns = flat ? to.h * to.w : to.w;
  if (from.block == to.block) {
    const int planes = from.block == 1 ? from.c : from.blocks();
    for (int c = 0; c < planes; ++c)
      for (int v = 0; v < rows; ++v) {
        const T* a = x + from.at(c * from.block, v, 0);
        T* b = y + to.at(c * to.block, v, 0);
        for (i64 i = 0; i < i64{columns} * from.block; ++i) b[i] = a[i];
      }
    return;
  }
  for (int c0 = 0; c0 < to.c; c0 += B) {
    const int own = to.c - c0 < B ? to.c - c0 : B;
    for (int v = 0; v < rows; ++v) {
      if (from.block == 1) {
        const T* a = x + from.at(c0, v, 0);
        T* b = y + to.at(c0, v, 0);
        const i64 plane = from.plane();
        int u = 0;
        if (own == B)
          for (; u + 4 <= columns; u += 4)
            for (int c = 0; c < B; ++c)
#pragma GCC unroll 4
              for (int j = 0; j < 4; ++j) b[(u + j) * B + c] = a[c * plane + u + j];
        for (; u < columns; ++u)
          for (int c = 0; c < own; ++c) b[u * B + c] = a[c * plane + u];
      } else {
        const T* a = x + from.at(c0, v, 0);
        T* b = y + to.at(c0, v, 0);
        const i64 plane = to.plane();
        for (int c = 0; c < own; ++c)
          for (int u = 0; u < columns; ++u) b[c * plane + u] = a[u * B + c];
      }
    }
  }
}

}  // namespace ctnet::CTNET_TARGET
