// SPDX-License-Identifier: MIT
// A batch out of a data set that lies in the device's memory, with its transforms, in one launch:
//   out(k, c, y, x) = pipeline(images(order(first + k)))(c, y, x)      labels likewise
// Bound by memory: writes N C H W numbers, reads as many bytes. What is drawn for an image is a function of (seed,
// epoch, its place in the epoch), Philox counted from there; one thread of a block draws it, which costs as much as
// some twenty pixels. Few images are cut into parts, so that the GPU is full.
#pragma once

#include "../../backends/cuda/launch.cuh"
#include "../sampler.hpp"
#include "transforms.cuh"

namespace ctnet::cuda {

// Where a batch is.
struct GatherPlace {
  std::uint64_t seed = 0, epoch = 0;
  i64 first = 0;  // in the epoch
};

inline constexpr int gather_threads = 256;

template <class Drawn>
struct GatherShared {
  Drawn drawn;
};

// Block (k, part) makes a part of image k.
template <class Pipe, class V, class T>
__global__ void __launch_bounds__(gather_threads)
    gather_kernel(const __grid_constant__ Pipe pipe, const V* images, i64 image_size, const int* labels,
                  const unsigned* order, GatherPlace at, T* out, int* out_labels) {
  constexpr int size = Pipe::c * Pipe::h * Pipe::w;
  auto& here = shared<GatherShared<typename Pipe::Drawn>>();
  const i64 image = order[at.first + blockIdx.x];
  if (threadIdx.x == 0) {
    Random random = data::detail::image_random(at.seed, at.epoch, static_cast<std::uint64_t>(at.first + blockIdx.x));
    here.drawn = pipe.draw(random);
    if (out_labels && blockIdx.y == 0) out_labels[blockIdx.x] = labels[image];
  }
  sync_block();
  const auto drawn = here.drawn;
  const V* in = images + image * image_size;
  T* to = out + i64{blockIdx.x} * size;
  const int parts = static_cast<int>(gridDim.y);
  for (int i = static_cast<int>(blockIdx.y) * gather_threads + static_cast<int>(threadIdx.x); i < size;
       i += parts * gather_threads)
    to[i] = static_cast<T>(pipe.at(drawn, in, i / (Pipe::h * Pipe::w), i / Pipe::w % Pipe::h, i % Pipe::w));
}

// n images; the labels may be null.
template <class Pipe, class V, class T>
void queue_gather(const Queue& queue, const Pipe& pipe, const V* images, i64 image_size, const int* labels,
                  const unsigned* order, const GatherPlace& at, int n, T* out, int* out_labels) {
  constexpr int most_parts = static_cast<int>(ceil_div(Pipe::c * Pipe::h * Pipe::w, 4 * gather_threads));
  const int wanted = n > 0 ? 8 * 132 / n : 1;
  Grid grid;
  grid.blocks = dim3(static_cast<unsigned>(n), static_cast<unsigned>(wanted < 1            ? 1
                                                                     : wanted < most_parts ? wanted
                                                                                           : most_parts));
  grid.threads = gather_threads;
  launch(queue, "a batch of the data set", &gather_kernel<Pipe, V, T>, grid, pipe, images, image_size, labels, order,
         at, out, out_labels);
}

}  // namespace ctnet::cuda
