// SPDX-License-Identifier: MIT
// How a batch is cut for threads: into chunks of whole images that go through many operations on their own, each with
// its own memory and its own gradients of the parameters, which are then added up as a tree. The cut depends on the
// batch and the network only, so that sums are of the same terms in the same order for any number of threads.
#pragma once

#include "../core/shape.hpp"

namespace ctnet {

// What one image costs. Of predict the parameters count as none: nothing is added up.
struct ImageCost {
  i64 work = 0;        // multiplications, forward and backward
  i64 memory = 0;      // elements of the arena
  i64 parameters = 0;  // elements of the gradients that each chunk adds
};

inline constexpr int max_chunks = 16;

// 1, 2, 4, 8 or 16. Many are good for many threads; for a single one each costs the writing and adding of its gradients
// and what kernels do once a call. LeNet on one thread, against the backend without threads: batch 128 in 8 chunks 1.06
// of the time, in 4 1.02; batch 32 in 2 1.02; batch 4 in 2 1.13 (Zen 4, 2026).
constexpr int chunks_of(i64 batch, const ImageCost& image) {
  constexpr i64 start = 500'000;           // work that pays a thread's waking
  constexpr i64 plenty = 1'000'000'000;    // work that nothing is noticed beside
  constexpr i64 sum = 60, sum_well = 240;  // work per parameter beside which adding gradients is bearable, and little
  constexpr i64 images = 32;               // enough of them, whatever their work
  const auto up = [](i64 a, i64 b) { return (a + b - 1) / b; };
  const auto most = [](i64 a, i64 b) { return a > b ? a : b; };
  const i64 work = most(image.work, 1), memory = most(image.memory, 1);
  const i64 least = most(most(up(start, work), up(sum * image.parameters, work)), up(image.parameters, 4 * memory));
  const i64 enough = up(plenty, work) < images ? up(plenty, work) : images;
  const i64 good = most(most(enough, least), up(sum_well * image.parameters, work));
  int chunks = 1;
  while (2 * chunks <= max_chunks && batch / (2 * chunks) >= good) chunks *= 2;
  return chunks == 1 && batch / 2 >= least ? 2 : chunks;
}

// A backend without threads does not cut: in chunks of 8 to 32 images that stay in the caches, the VGG-like network's
// training took 1.04 to 1.08 of the time, LeNet's 1.00 (Zen 4, 2026).

}  // namespace ctnet
