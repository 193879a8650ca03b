// SPDX-License-Identifier: MIT
// Included once per CPU target. An image's patches as a matrix: row (c,r,s), column (p,q) for rows first <= p < last of
// the output. gather writes col from x, scatter_add adds col to x. c counts the channels of one group.
namespace ctnet::CTNET_TARGET {

// The columns q whose tap s lies inside the image: from .. to - 1.
struct Inside {
  int from, to;
};
inline Inside inside(const ConvOp& o, int s) {
  const int shift = s * o.dilation_w - o.pad_w;  // x = q * stride + shift
  int from = shift >= 0 ? 0 : (-shift + o.stride_w - 1) / o.stride_w;
  int to = o.w - shift <= 0 ? 0 : (o.w - shift - 1) / o.stride_w + 1;
  to = to < o.q ? to : o.q;
  from = from < to ? from : to;
  return {from, to};
}

// Before the values of a vector are copied as a row, n is compared with their number (rows.inl); with sanitizers g++
// does not see it, and believes that pieces longer than the vector are copied.
#if defined(__GNUC__) && !defined(__clang__)
#  pragma GCC diagnostic push
#  pragma GCC diagnostic ignored "-Warray-bounds"
#  pragma GCC diagnostic ignored "-Wstringop-overread"
#  pragma GCC diagnostic ignored "-Wstringop-overflow"
#endif
// Rows are short: n values in pieces of a fixed size, the last of which overlaps the one before.
template <int Piece, class T>
[[gnu::always_inline]] inline void copy_pieces(T* to, const T* from, int n) {
  for (int i = 0; i < n - Piece; i += Piece) __builtin_memcpy(to + i, from + i, Piece * sizeof(T));
  __builtin_memcpy(to + n - Piece, from + n - Piece, Piece * sizeof(T));
}
#if defined(__GNUC__) && !defined(__clang__)
#  pragma GCC diagnostic pop
#endif
template <class T>
[[gnu::always_inline]] inline void copy_row(T* to, const T* from, int n) {
  if (n >= 16)
    copy_pieces<16>(to, from, n);
  else if (n >= 8)
    copy_pieces<8>(to, from, n);
  else if (n >= 4)
    copy_pieces<4>(to, from, n);
  else
    for (int i = 0; i < n; ++i) to[i] = from[i];
}
template <int Piece, class T>
[[gnu::always_inline]] inline void add_piece(T* to, const T* a, const T* b) {
  T sum[Piece];
#pragma GCC unroll 16
  for (int i = 0; i < Piece; ++i) sum[i] = a[i] + b[i];
  __builtin_memcpy(to, sum, sizeof sum);
}
template <int Piece, class T>
[[gnu::always_inline]] inline void add_pieces(T* to, const T* from, int n) {
  T last[Piece];
  add_piece<Piece>(last, to + n - Piece, from + n - Piece);  // before its overlap is written
  for (int i = 0; i < n - Piece; i += Piece) add_piece<Piece>(to + i, to + i, from + i);
  __builtin_memcpy(to + n - Piece, last, sizeof last);
}
template <class T>
[[gnu::always_inline]] inline void add_row(T* to, const T* from, int n) {
  if (n >= 16)
    add_pieces<16>(to, from, n);
  else if (n >= 8)
    add_pieces<8>(to, from, n);
  else if (n >= 4)
    add_pieces<4>(to, from, n);
  else
    for (int i = 0; i < n; ++i) to[i] += from[i];
}

template <class T>
void im2col_gather(const ConvOp& o, const T* x, T* col, int first, int last) {
  for (int c = 0; c < o.group_c(); ++c)
    for (int r = 0; r < o.r; ++r)
      for (int s = 0; s < o.s; ++s) {
        const Inside in = inside(o, s);
        for (int p = first; p < last; ++p, col += o.q) {
          const int y = p * o.stride_h + r * o.dilation_h - o.pad_h;
          if (y < 0 || y >= o.h) {
            for (int q = 0; q < o.q; ++q) col[q] = T(0);
            continue;
          }
          const T* row = x + (i64{c} * o.h + y) * o.w + s * o.dilation_w - o.pad_w;
          for (int q = 0; q < in.from; ++q) col[q] = T(0);
          if (o.stride_w == 1)
            copy_row(col + in.from, row + in.from, in.to - in.from);
          else
            for (int q = in.from; q < in.to; ++q) col[q] = row[q * o.stride_w];
          for (int q = in.to; q < o.q; ++q) col[q] = T(0);
        }
      }
}

template <class T>
void im2col_scatter_add(const ConvOp& o, const T* col, T* x, int first, int last) {
  for (int c = 0; c < o.group_c(); ++c)
    for (int r = 0; r < o.r; ++r)
      for (int s = 0; s < o.s; ++s) {
        const Inside in = inside(o, s);
        for (int p = first; p < last; ++p, col += o.q) {
          const int y = p * o.stride_h + r * o.dilation_h - o.pad_h;
          if (y < 0 || y >= o.h) continue;
          T* row = x + (i64{c} * o.h + y) * o.w + s * o.dilation_w - o.pad_w;
          if (o.stride_w == 1)
            add_row(row + in.from, col + in.from, in.to - in.from);
          else
            for (int q = in.from; q < in.to; ++q) row[q * o.stride_w] += col[q];
        }
      }
}

}  // namespace ctnet::CTNET_TARGET
