// SPDX-License-Identifier: MIT
// A list of phases as the kernel reads it, made once for a batch and its addresses: rows of words in the device's
// memory. The grid is chosen for the phase with most work, as small as does it, for each block makes meetings longer: a
// warp for each of the four schedulers of as many processors as there are, and two blocks on each where one would go
// round four times.
#pragma once

#include "../../backends/cuda/memory.cuh"
#include "../../backends/cuda/phase_list.cuh"
#include "persistent_kernel.cuh"

namespace ctnet::cuda {

// A kernel for certain types of phases, and the tags of those.
struct PersistentKernel {
  void (*run)(const unsigned*, int, int, unsigned*) = nullptr;
  std::vector<const char*> tags;
};
template <class... P>
PersistentKernel kernel_for(PhaseTypes<P...>) {
  return {&persistent_kernel<PhaseTypes<P...>>, {tag_of<P>()...}};
}

class PhaseTable {
 public:
  // Not while capturing. Where the list was refused, there is no table.
  void write(PhaseList& list, const PersistentKernel& kernel, const Queue& queue) {
    rows_ = 0;
    text_ = "a graph of kernels; " + list.refused() + "\n";
    if (!list.refused().empty()) return;
    const auto& items = list.sorted();
    i64 most = 1;
    std::size_t words = 0;
    for (const PhaseList::Item& item : items) {
      most = std::max(most, item.warps);
      words = std::max(words, item.words.size());
    }
    kernel_ = kernel.run;
    grid_ = grid_for(most);
    row_ = static_cast<int>(head_words + words);
    std::vector<unsigned> table(items.size() * static_cast<std::size_t>(row_) + 1);
    fill(items, kernel, table);
    device_.grow(table.size(), "the phases of a kernel");
    to_device(queue, device_.data(), table.data(), table.size(), "the phases of a kernel");
    CTNET_CUDA(cudaStreamSynchronize(queue.stream), "the phases of a kernel");
    rows_ = static_cast<int>(items.size());
  }
  explicit operator bool() const { return rows_ > 0; }
  void launch(const Queue& queue, const char* name) const {
    cuda::launch(queue, name, kernel_, Grid{static_cast<unsigned>(grid_), crew_threads, 0, true},
                 static_cast<const unsigned*>(device_.data()), row_, rows_, device_.data() + rows_ * row_);
  }
  const std::string& text() const { return text_; }

 private:
  static constexpr std::size_t head_words = sizeof(PhaseHead) / sizeof(unsigned);

  int grid_for(i64 warps) const {
    int device = 0, processors = 0, resident = 0;
    CTNET_CUDA(cudaGetDevice(&device), "the grid of a kernel");
    CTNET_CUDA(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device), "the grid of a kernel");
    CTNET_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, reinterpret_cast<const void*>(kernel_),
                                                             crew_threads, 0),
               "the grid of a kernel");
    const i64 wanted =
        warps > 4 * i64{crew_warps} * processors ? 2 * processors : std::min<i64>(processors, ceil_div(warps, 4));
    return static_cast<int>(std::min<i64>(wanted, i64{resident} * processors));
  }
  // Phases of one level begin with the block after the last one's.
  void fill(const std::vector<PhaseList::Item>& items, const PersistentKernel& kernel, std::vector<unsigned>& table) {
    int level = 0, first = 0;
    text_.clear();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const PhaseList::Item& item = items[i];
      PhaseHead head{0, item.level != level, 0, static_cast<int>(std::min<i64>(item.warps, grid_))};
      if (head.meet) first = 0;
      level = item.level;
      head.first = first;
      first = (first + head.blocks) % grid_;
      const auto tag = std::find(kernel.tags.begin(), kernel.tags.end(), item.tag);
      if (tag == kernel.tags.end()) fail("persistent kernel: it was made without the phase ", item.name);
      head.kind = static_cast<int>(tag - kernel.tags.begin());
      unsigned* row = table.data() + i * static_cast<std::size_t>(row_);
      std::memcpy(row, &head, sizeof head);
      std::copy(item.words.begin(), item.words.end(), row + head_words);
      say(item, head);
    }
    text_ += std::to_string(items.size()) + " phases, " + std::to_string(level) + " meetings of " +
             std::to_string(grid_) + " blocks of " + std::to_string(crew_threads) + " threads\n";
  }
  void say(const PhaseList::Item& item, const PhaseHead& head) {
    text_ += (head.meet ? "--\n" : "") + (item.leaf >= 0 ? "layer " + std::to_string(item.leaf) + ": " : "") +
             item.name + ", " + std::to_string(item.warps) + " warps from block " + std::to_string(head.first) + "\n";
  }

  DeviceBuffer<unsigned> device_;  // rows, and the word where blocks meet
  void (*kernel_)(const unsigned*, int, int, unsigned*) = nullptr;
  int row_ = 0, rows_ = 0, grid_ = 1;
  std::string text_;
};

}  // namespace ctnet::cuda
