// SPDX-License-Identifier: MIT
// The seam between layers and backends: what a kernel is given, and the template that a layer's room specialises per
// backend. A kernel learns a layer as a struct of a few integers (its op.hpp), never as the network's type.
#pragma once

#include <bit>
#include <cstdint>

#include "../core/shape.hpp"

namespace ctnet {

inline constexpr int max_inputs = 8;  // of one operation (Concat has the most)
inline constexpr int op_words = 24;   // integers that describe an operation to its kernel

// Any op struct, as the program stores it.
struct OpWords {
  int w[op_words] = {};
};
template <class Op>
constexpr OpWords pack_op(const Op& op) {
  static_assert(sizeof(Op) % sizeof(int) == 0 && sizeof(Op) <= sizeof(OpWords), "an op is a struct of at most 24 ints");
  struct Words {
    int w[sizeof(Op) / sizeof(int)];
  };
  const auto words = std::bit_cast<Words>(op);
  OpWords out;
  for (unsigned i = 0; i < sizeof(Op) / sizeof(int); ++i) out.w[i] = words.w[i];
  return out;
}
template <class Op>
constexpr Op unpack_op(const OpWords& words) {
  struct Words {
    int w[sizeof(Op) / sizeof(int)];
  } part{};
  for (unsigned i = 0; i < sizeof(Op) / sizeof(int); ++i) part.w[i] = words.w[i];
  return std::bit_cast<Op>(part);
}

// Names one draw of random numbers: dropout's mask is a function of these and of the element's index in the batch.
struct Draw {
  std::uint64_t seed = 0, step = 0;
  int leaf = 0;
  i64 image = 0;  // images of the batch before the first that the kernel is given
};

// Tensors are (N, C, H, W) or (N, F), row-major; pointers not needed by the operation are null.
template <class T>
struct Forward {
  int batch = 0;
  bool training = false;
  bool frozen = false;  // in training: statistics are read, not written
  const T* in[max_inputs] = {};
  T* out = nullptr;               // may be in[0], for operations that say `in_place`
  const T* parameters = nullptr;  // of this layer: its tensors one after the other
  T* statistics = nullptr;        // of this layer: written in training only
  T* saved = nullptr;             // forward's notes for backward
  T* scratch = nullptr;
  Draw draw{};
};

template <class T>
struct Backward {
  int batch = 0;
  const T* in[max_inputs] = {};  // only what the operation says it keeps
  const T* out = nullptr;        // likewise
  const T* grad_out = nullptr;
  T* grad_in[max_inputs] = {};  // overwritten; null where nobody wants it; may be grad_out for `in_place`
  const T* parameters = nullptr;
  T* grad_parameters = nullptr;
  bool frozen = false;      // as in forward
  bool accumulate = false;  // parameter gradients: add to what is there, or overwrite
  const T* saved = nullptr;
  T* scratch = nullptr;
  Draw draw{};
};

// What a backend's kernels are given: these, or what a backend derives from them.
template <class Backend>
struct Arguments {
  using Forward = ctnet::Forward<typename Backend::scalar>;
  using Backward = ctnet::Backward<typename Backend::scalar>;
};

// Kernel<Op, Backend> has
//   static void forward(const Op&, const Forward<T>&);
//   static void backward(const Op&, const Backward<T>&);   may be missing where nothing is ever trained
//   static constexpr i64 scratch(const Op&);            elements, whatever the batch (optional)
//   static constexpr unsigned takes(const Op&);         which neighbours' work it can take along, a Takes (optional)
// Where a backend has none of its own, its `fallback` backend's is taken.
template <class Op, class Backend>
struct Kernel : Kernel<Op, typename Backend::fallback> {};

// The end of every chain of fallbacks: there is no kernel.
struct NoBackend {};
template <class Op>
struct Kernel<Op, NoBackend> {
  using missing = Op;
};
template <class Op, class Backend>
concept HasKernel = !requires { typename Kernel<Op, Backend>::missing; };

// Kernels for some sizes of an operation: Kernel<Op, Backend>::variant(op), constexpr, chooses a number from the
// operation's cost, and KernelVariant<Op, Backend, number> is what runs. A network instantiates only what it chooses.
// Kernel<Op, Backend> itself serves every size, for operations that are not known to the compiler.
template <class Op, class Backend, int V>
struct KernelVariant : Kernel<Op, Backend> {};

// What a kernel may do beside its own operation, where the backend's arguments have room for it.
enum Takes : unsigned {
  takes_nothing = 0,
  takes_act = 1,   // forward: an activation behind it
  takes_norm = 2,  // forward: a normalization in evaluation mode behind it
  takes_add = 4,   // forward: a sum with another value
  takes_pool = 8,  // forward: a max pool of 2 x 2 behind all that
  takes_mask = 16  // backward: the derivative of the activation that made its input
};

template <class Op, class Backend>
constexpr int variant_of(const Op& op) {
  if constexpr (requires { Kernel<Op, Backend>::variant(op); })
    return Kernel<Op, Backend>::variant(op);
  else
    return 0;
}

}  // namespace ctnet
