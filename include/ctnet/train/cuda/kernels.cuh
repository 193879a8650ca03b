// SPDX-License-Identifier: MIT
// A table of which kernels a network runs on the GPU: for each layer the method that was chosen, and into which other
// layer's kernel it has gone, in training and in evaluation.
#pragma once

#include <cstdio>
#include <string>

#include "../../program/describe.hpp"
#include "../../report/table.hpp"
#include "program.cuh"

namespace ctnet {

namespace detail {
template <class Net, class Input, class B, int I>
constexpr const char* method_at() {
  using L = typename decltype(leaf_of<Net, I>())::type;
  using K = Kernel<typename L::Op, B>;
  if constexpr (L::traits.alias)
    return "none, a view";
  else if constexpr (requires(const typename L::Op& o) { K::method(o); })
    return K::method(unpack_op<typename L::Op>(graph<Net, Input>.op[I].op));
  else
    return "own";
}
// Of each kind of operation.
template <class Net, class Input, class B, int... R>
std::vector<const char*> methods(Ints<R...>) {
  return {method_at<Net, Input, B, distinct_ops<Net, Input>.first[R]>()...};
}

inline std::string taken(const Program& p, const Fused* fused, int i) {
  if (fused[i].pooled) return "by the layer before";
  if (!fused[i].gone) return p.op[i].traits.alias ? "" : "itself";
  return "within layer " + std::to_string(fused[i].into);
}
}  // namespace detail

template <class Net, class Input, class B>
std::string kernels_text() {
  const auto names = layer_names<Net>();
  const auto methods = detail::methods<Net, Input, B>(Iota<distinct_ops<Net, Input>.rows>{});
  const cuda::Passes& passes = cuda::passes<Net, Input, B>();
  report::Table table(
      {{"", report::Align::right}, {"path"}, {"layer"}, {"kernel"}, {"in training"}, {"in evaluation"}});
  for (int i = 0; i < passes.training.program.ops; ++i) {
    const auto at = static_cast<std::size_t>(i);
    table.row({std::to_string(i), names[at].path, names[at].type,
               methods[static_cast<std::size_t>(distinct_ops<Net, Input>.row[i])],
               detail::taken(passes.training.program, passes.training.fused, i),
               detail::taken(passes.inference.program, passes.inference.fused, i)});
  }
  return table.str();
}
template <class Net, class Input, class B>
void print_kernels(std::FILE* out = stdout) {
  std::fputs((kernels_text<Net, Input, B>()).c_str(), out);
}

}  // namespace ctnet
