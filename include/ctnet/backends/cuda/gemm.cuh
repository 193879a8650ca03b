// SPDX-License-Identifier: MIT
// Matrix products on the GPU: C(m, n) = sum over k of A(m, k) B(k, n), for a batch of products, where loaders and a
// store (gemm_operands.cuh) say what A, B and C are: matrices, windows of images, with what is to be done to the
// result. Small C with a deep k is cut along k too; the partial sums then go to scratch and a second kernel adds them
// up, always in the same order.
//
// Bounds, per tile of M x N and 16 words of k, on an H100 SM (per clock: 128 FMA; 1024 tf32 or 2048 bf16 multiply-adds
// by wgmma, about 0.6 of that by the mma used here; 128 bytes of shared memory; about 25 bytes of L2):
//   fp32, 128 x 128: 2048 clocks of FMA, 1024 of reading shared memory, 650 of L2: bound by FMA, about 80 % of peak.
//   tf32, 128 x 128: 426 clocks of mma, 384 of reading shared memory, 650 of L2 (where L1 does not help, as it does for
//     windows that overlap): bound by L2, about 40 % of the peak of wgmma; bf16 the same in words, twice in numbers.
//   64 x 128: two thirds of the arithmetic for the same bytes, for up to 64 rows; 32 x 32: a quarter, for what would
//     leave multiprocessors without work.
#pragma once

#include "gemm_tile.cuh"
#include "launch.cuh"

namespace ctnet::cuda {

inline constexpr int multiprocessors = 132;  // that work is cut for
// Blocks that partial sums are made by, at most, and the shallowest k of one.
inline constexpr int gemm_blocks = 2 * multiprocessors, gemm_least_k = 64;

struct GemmSizes {
  int m, n, k;
  int products = 1;
  int splits = 1;  // set by gemm()
};

// Loaders that compute much for a product of the batch (they say so) are read from shared memory.
template <class L>
inline constexpr bool in_shared = requires { L::much; };
template <class L>
__device__ const L& keep(const L& loader, unsigned char* to) {
  if constexpr (in_shared<L>) {
    if (threadIdx.x == 0) *reinterpret_cast<L*>(to) = loader;
    return *reinterpret_cast<const L*>(to);
  } else {
    return loader;
  }
}

template <class T, Compute C, class Tile, class A, class B, class S>
struct GemmBlock {
  using FeedA = Feed<T, C, Tile::rows, Tile::threads, A>;
  using FeedB = Feed<T, C, Tile::columns, Tile::threads, B>;
  using Sums = Multiply<T, Tile, FeedA, FeedB, Words<T, C>::tensor>;
  static constexpr int stage_step = Tile::columns + 8;
  struct Shared {
    union {
      struct {
        typename FeedA::Shared a;
        typename FeedB::Shared b;
      } slabs;
      alignas(16) T stage[Sums::slice_rows * stage_step];
    };
    typename FeedA::Table a;
    typename FeedB::Table b;
    alignas(16) unsigned char rows[Tile::rows * sizeof(typename S::Row)];
    alignas(16) unsigned char loader_a[in_shared<A> ? sizeof(A) : 1];
    alignas(16) unsigned char loader_b[in_shared<B> ? sizeof(B) : 1];
    // What the end needs, so that it takes no registers meanwhile.
    struct {
      int m, n, columns, z, split;
    } at;
  };
  static_assert(sizeof(Shared) <= 48 * 1024 && Tile::threads % Tile::columns == 0);
};

// Where the partial sums of C's row m of a product and a split lie; one column more for the sums of A's rows.
template <class S>
CTNET_HD i64 partial_row(const GemmSizes& size, int split, int z, int m) {
  return ((i64{split} * size.products + z) * size.m + m) * (size.n + (S::row_sums ? 1 : 0));
}

// Of a multiprocessor: what registers allow without spilling much.
template <class T, Compute C, class Tile>
inline constexpr int gemm_blocks_at_once = sizeof(T) == 8 || Tile::threads < 128           ? 1
                                           : Tile::threads == 128 && Words<T, C>::per == 1 ? 3
                                                                                           : 2;

template <class T, Compute C, class Tile, class A, class B, class S>
__global__ void __launch_bounds__(Tile::threads, gemm_blocks_at_once<T, C, Tile>)
    gemm_kernel(GemmSizes size, A entered_a, B entered_b, S s, T* partial) {
  using Block = GemmBlock<T, C, Tile, A, B, S>;
  using FeedA = typename Block::FeedA;
  using FeedB = typename Block::FeedB;
  auto& shared_memory = shared<typename Block::Shared>();
  const int thread = static_cast<int>(threadIdx.x);
  // Blocks that start together share columns of B, the larger operand.
  const unsigned tiles_m = static_cast<unsigned>((size.m - 1) / Tile::rows + 1),
                 tiles_n = static_cast<unsigned>((size.n - 1) / Tile::columns + 1);
  const int first_m = static_cast<int>(blockIdx.x % tiles_m) * Tile::rows,
            first_n = static_cast<int>(blockIdx.x / tiles_m % tiles_n) * Tile::columns,
            z = static_cast<int>(blockIdx.x / tiles_m / tiles_n), split = static_cast<int>(blockIdx.y);
  int columns = size.n, depth = size.k;
  if constexpr (requires { s.limit(z, columns, depth); }) s.limit(z, columns, depth);
  const int slabs = (depth + FeedA::depth - 1) / FeedA::depth, own = (slabs + size.splits - 1) / size.splits;
  const int k0 = split * own * FeedA::depth, end = depth - k0 < own * FeedA::depth ? depth : k0 + own * FeedA::depth;
  const int steps = end > k0 ? (end - k0 + FeedA::depth - 1) / FeedA::depth : 0;
  if (thread == 0) shared_memory.at = {first_m, first_n, columns, z, split};
  entered_a.enter(z);
  entered_b.enter(z);
  const A& a = keep(entered_a, shared_memory.loader_a);
  const B& b = keep(entered_b, shared_memory.loader_b);

  FeedA feed_a;
  FeedB feed_b;
  typename Block::Sums sums;
  bool sum_rows = false;
  if constexpr (S::row_sums) sum_rows = s.sums && first_n == 0 && thread < Tile::rows;
  T row_sum = T(0);
  feed_a.begin(entered_a, shared_memory.a, first_m, size.m, k0, end);
  feed_b.begin(entered_b, shared_memory.b, first_n, columns, k0, end);
  sync_block();
  if (steps > 0) {
    feed_a.load(a, shared_memory.a, 0, k0, end);
    feed_b.load(b, shared_memory.b, 0, k0, end);
    feed_a.store(shared_memory.slabs.a, 0);
    feed_b.store(shared_memory.slabs.b, 0);
  }
  sync_block();
  for (int i = 0; i < steps; ++i) {
    const int now = i % 2, next = 1 - now, k = k0 + (i + 1) * FeedA::depth;
    const bool more = i + 1 < steps;
    auto& slab_a = shared_memory.slabs.a.slab[now];
    auto& slab_b = shared_memory.slabs.b.slab[now];
    // What is under way takes registers. Half a slab's arithmetic is time enough for one operand; which of the two ways
    // ptxas fits into registers without spilling in the loop was found by trying.
    constexpr bool alike = A::along_k == B::along_k, one_at_a_time = alike && !Words<T, C>::tensor;
    if (more) {
      feed_a.load(a, shared_memory.a, next, k, end);
      if constexpr (!one_at_a_time) feed_b.load(b, shared_memory.b, next, k, end);
    }
    sums.template add<0, slab_depth / 2>(slab_a, slab_b);
    if constexpr (one_at_a_time)
      if (more) {
        feed_a.store(shared_memory.slabs.a, next);
        feed_b.load(b, shared_memory.b, next, k, end);
      }
    sums.template add<slab_depth / 2, slab_depth>(slab_a, slab_b);
    if constexpr (S::row_sums)
      if (sum_rows) row_sum += FeedA::row_sum(shared_memory.slabs.a, now, thread);
    if (more) {
      if constexpr (!one_at_a_time) feed_a.store(shared_memory.slabs.a, next);
      feed_b.store(shared_memory.slabs.b, next);
      feed_a.steps(a, shared_memory.a, now, k + FeedA::depth, end);
      feed_b.steps(b, shared_memory.b, now, k + FeedA::depth, end);
    }
    sync_block();
  }

  const auto at = shared_memory.at;
  s.enter(at.z);
  auto* const rows = reinterpret_cast<typename S::Row*>(shared_memory.rows);
  for (int r = thread; r < Tile::rows; r += Tile::threads)
    if (at.m + r < size.m) rows[r] = s.row(at.m + r);
  const int n = at.n + thread % Tile::columns;
  const bool inside = n < at.columns;
  const auto place = s.place(inside ? n : 0);
  for (int slice = 0; slice < Block::Sums::slices; ++slice) {
    sums.put(shared_memory.stage, Block::stage_step, slice);
    sync_block();
    for (int r = thread / Tile::columns; r < Block::Sums::slice_rows; r += Tile::threads / Tile::columns) {
      const int row = slice * Block::Sums::slice_rows + r, m = at.m + row;
      if (m >= size.m || !inside) continue;
      const T v = shared_memory.stage[r * Block::stage_step + thread % Tile::columns];
      if (size.splits > 1)
        partial[partial_row<S>(size, at.split, at.z, m) + n] = v;
      else
        s(rows[row], place, v);
    }
    sync_block();
  }
  if constexpr (S::row_sums)
    if (const int m = at.m + thread; sum_rows && m < size.m) {
      if (size.splits > 1)
        partial[partial_row<S>(size, at.split, at.z, m) + size.n] = row_sum;
      else
        s.sum(m, row_sum);
    }
}

// Adds up what the splits of gemm_kernel left, bound by reading it.
template <class T, class S>
__global__ void __launch_bounds__(256) gemm_reduce(GemmSizes size, S s, const T* partial) {
  const int row = size.n + (S::row_sums ? 1 : 0);
  const i64 of_product = i64{size.m} * row, all = of_product * size.products;
  const i64 stride = i64{gridDim.x} * blockDim.x;
  for (i64 i = i64{blockIdx.x} * blockDim.x + threadIdx.x; i < all; i += stride) {
    const int z = static_cast<int>(i / of_product), m = static_cast<int>(i % of_product / row),
              n = static_cast<int>(i % of_product % row);
    S own = s;
    own.enter(z);
    int columns = size.n, depth = size.k;
    if constexpr (requires { own.limit(z, columns, depth); }) own.limit(z, columns, depth);
    if (n < size.n && n >= columns) continue;
    if constexpr (S::row_sums)
      if (n == size.n && !own.sums) continue;
    T v = T(0);
    for (int split = 0; split < size.splits; ++split) v += partial[i + split * all];
    if constexpr (S::row_sums)
      if (n == size.n) {
        own.sum(m, v);
        continue;
      }
    own(own.row(m), own.place(n), v);
  }
}

using LargeTile = Tile<128, 128, 4, 2>;
using SmallTile = Tile<64, 128, 2, 2>;
using TinyTile = Tile<32, 32, 2, 1>;
using DoubleTile = Tile<64, 64, 2, 2>;

// How many parts k is cut into, such that there are about gemm_blocks blocks and the partial sums fit into scratch.
constexpr int gemm_splits(const GemmSizes& size, i64 blocks, i64 scratch) {
  const i64 of_one = (i64{size.n} + 1) * size.m * size.products;
  i64 splits = gemm_blocks / (blocks < 1 ? 1 : blocks);
  if (const i64 most = size.k / gemm_least_k; splits > most) splits = most;
  if (const i64 most = scratch / of_one; splits > most) splits = most;
  return splits < 1 ? 1 : static_cast<int>(splits);
}
// Scratch for products of which only k is known: 4 MB.
constexpr i64 gemm_scratch(int k) { return k < 2 * gemm_least_k ? 0 : i64{gemm_blocks} * 64 * (64 + 1); }
// For a product m x n whose k is not known yet.
constexpr i64 gemm_scratch(int m, int n, int products) {
  const i64 one = (i64{n} + 1) * m * products, most = i64{gemm_blocks} * 128 * 128, splits = most / one;
  return splits < 2 ? 0 : (splits > gemm_blocks ? gemm_blocks : splits) * one;
}

template <class Tile>
constexpr i64 gemm_tiles(const GemmSizes& size) {
  return ceil_div(size.m, Tile::rows) * ceil_div(size.n, Tile::columns) * size.products;
}

template <class Tile, Compute C, class T, class A, class B, class S>
void gemm_with(const Queue& queue, const char* name, GemmSizes size, A a, B b, S s, T* scratch, i64 elements) {
  const i64 blocks = gemm_tiles<Tile>(size);
  size.splits = gemm_splits(size, blocks, elements);
  launch(queue, name, &gemm_kernel<T, C, Tile, A, B, S>,
         Grid{dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(size.splits)), Tile::threads}, size, a, b, s,
         scratch);
  if (size.splits == 1) return;
  const i64 all = (i64{size.n} + 1) * size.m * size.products;
  launch(queue, name, &gemm_reduce<T, S>, Grid{blocks_for(all, 256), 256}, size, s, static_cast<const T*>(scratch));
}

// About how long a product takes in such tiles: the elements of its tiles, filled up, times what one costs where all
// multiprocessors have work (tiles of 128 x 128: 4), longer where some have none.
template <class Tile>
constexpr i64 gemm_cost(const GemmSizes& size, i64 scratch) {
  constexpr int area = Tile::rows * Tile::columns, of_element = area >= 128 * 128 ? 4 : area >= 64 * 128 ? 5 : 9;
  const i64 tiles = gemm_tiles<Tile>(size), blocks = tiles * gemm_splits(size, tiles, scratch);
  return tiles * area * of_element * multiprocessors / (blocks < multiprocessors ? blocks : multiprocessors);
}

// m, n, k, m n products: below 2^31 each. Only: the tile, where it is not to be chosen.
template <Compute C, class T, class Only = void, class A, class B, class S>
void gemm(const Queue& queue, const char* name, const GemmSizes& size, const A& a, const B& b, const S& s, T* scratch,
          i64 elements) {
  if (size.m < 1 || size.n < 1 || size.products < 1) return;
  if constexpr (!std::is_void_v<Only>) {
    gemm_with<Only, C>(queue, name, size, a, b, s, scratch, elements);
  } else if constexpr (sizeof(T) == 8) {
    gemm_with<DoubleTile, C>(queue, name, size, a, b, s, scratch, elements);
  } else {
    const i64 large = gemm_cost<LargeTile>(size, elements), small = gemm_cost<SmallTile>(size, elements),
              tiny = gemm_cost<TinyTile>(size, elements);
    if (large <= small && large <= tiny)
      gemm_with<LargeTile, C>(queue, name, size, a, b, s, scratch, elements);
    else if (small <= tiny)
      gemm_with<SmallTile, C>(queue, name, size, a, b, s, scratch, elements);
    else
      gemm_with<TinyTile, C>(queue, name, size, a, b, s, scratch, elements);
  }
}

}  // namespace ctnet::cuda
