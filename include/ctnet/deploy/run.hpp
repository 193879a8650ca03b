// SPDX-License-Identifier: MIT
// The walk over a deployed network's stages. Images go through in groups that fit L2 together, so that weights are read
// once a group; threads take groups, or where there is only one, the pieces of each stage.
#pragma once

#include "../backends/cpu/denormals.hpp"
#include "../backends/cpu/num_threads.hpp"
#include "kernels.hpp"

namespace ctnet::deployment {

// How a context's memory is cut: `slots` threads, each with an arena for `group` images and its scratch.
struct Room {
  i64 arena = 0, scratch = 0;  // elements: one image's arena, one thread's scratch
  int group = 1, slots = 1;

  constexpr i64 slot() const { return arena * group + scratch; }
  constexpr i64 total() const { return slot() * slots > 0 ? slot() * slots : 16; }
};
inline constexpr int most_slots = 16;
constexpr Room room_for(i64 arena, i64 scratch, int capacity, bool threads) {
  constexpr i64 fit = 96 * 1024;  // elements: 384 KiB of floats beside the weights in L2
  Room r{arena, scratch, 1, 1};
  const i64 images = arena > 0 ? fit / arena : 16;
  r.group = static_cast<int>(images < 1 ? 1 : images > 16 ? 16 : images);
  if (r.group > capacity) r.group = capacity;
  if (threads) {  // a call that fills few groups still feeds several threads
    while (r.group > 4 && capacity / r.group < 4) r.group = (r.group + 1) / 2;
    const int groups = (capacity + r.group - 1) / r.group;
    r.slots = groups > most_slots ? most_slots : groups;
    if (r.slots < 4) r.slots = 4;  // one image: its stages' pieces, each thread with its scratch
  }
  return r;
}

template <class T>
struct Call {
  const Stage* stage;
  int stages;
  const Map* map;
  const StageFn<T>* run;
  const T* weights;
  const T* input;
  i64 input_step;
  T* output;
  i64 output_step;
  T* arena;
  Room room;

  T* slot_arena(int slot) const { return arena + room.slot() * slot; }
  T* slot_scratch(int slot) const { return slot_arena(slot) + room.arena * room.group; }
};

// Stage i of `images` images, whose maps lie in `arena`.
template <class T>
StageIo<T> stage_io(const Call<T>& c, int i, const T* input, T* output, int images, T* arena, T* scratch) noexcept {
  const Stage& s = c.stage[i];
  StageIo<T> io;
  const auto place = [&](int m) { return arena + c.map[m].offset * c.room.group; };
  io.stage = &s;
  io.map = c.map;
  for (int j = 0; j < s.inputs; ++j) {
    const int m = s.in[j];
    io.in[j] = m == 0 ? input : place(m);
    io.in_step[j] = m == 0 ? c.input_step : c.map[m].size;
  }
  const bool last = i + 1 == c.stages;
  io.out = last ? output : place(s.out);
  io.out_step = last ? c.output_step : c.map[s.out].size;
  if (s.add >= 0) io.add = place(s.add), io.add_step = c.map[s.add].size;
  io.weights = c.weights + s.weights;
  io.scratch = scratch;
  io.images = images;
  io.last = s.units;
  return io;
}

// The same for the images of group g of a batch.
template <class T>
StageIo<T> group_io(const Call<T>& c, int i, int g, int batch, T* arena, T* scratch) noexcept {
  const int first = g * c.room.group, left = batch - first;
  return stage_io(c, i, c.input + first * c.input_step, c.output + first * c.output_step,
                  left < c.room.group ? left : c.room.group, arena, scratch);
}

template <class T>
void run_group(const Call<T>& c, int g, int batch, int slot) noexcept {
  for (int i = 0; i < c.stages; ++i) c.run[i](group_io(c, i, g, batch, c.slot_arena(slot), c.slot_scratch(slot)));
}

template <class T>
CTNET_BY_THREADS void run_batch(const Call<T>& c, int batch) noexcept {
  const int groups = (batch + c.room.group - 1) / c.room.group;
#ifdef _OPENMP
  if (const int workers = cpu::workers_for(true, c.room.slots); workers > 1) {
    const cpu::DenormalsOutside outside;
#  pragma omp parallel num_threads(workers)
    {
      const cpu::FlushDenormals flush;
      const int worker = omp_get_thread_num(), team = omp_get_num_threads();
      if (groups >= team) {
#  pragma omp for schedule(dynamic, 1)
        for (int g = 0; g < groups; ++g) run_group(c, g, batch, worker);
      } else {
        for (int g = 0; g < groups; ++g)
          for (int i = 0; i < c.stages; ++i) {
            StageIo<T> io = group_io(c, i, g, batch, c.slot_arena(0), c.slot_scratch(worker));
            const int units = io.last;
            io.first = units * worker / team;
            io.last = units * (worker + 1) / team;
            if (io.first < io.last) c.run[i](io);
#  pragma omp barrier
          }
      }
    }
    return;
  }
#endif
  for (int g = 0; g < groups; ++g) run_group(c, g, batch, 0);
}

}  // namespace ctnet::deployment
