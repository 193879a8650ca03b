// SPDX-License-Identifier: MIT
// What scores.hpp does for one row, for batches of scores, tensors of any kind: (N, C), or one score per class and
// place (N, C, H, W). An Eigen matrix is taken as elsewhere, column-major (C, N) or row-major (N, C).
//   const auto scores = net.predict(images);
//   argmax(scores)[i], softmax(scores), top_k(scores, 5)[i][0].label
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "scores.hpp"
#include "tensor.hpp"

namespace ctnet {

namespace detail {

struct ScoreDims {
  std::size_t n = 1, classes = 0, plane = 1;
};
template <class X>
ScoreDims score_dims(const X& t, const char* what) {
  std::vector<std::size_t> dims;
  if constexpr (LaidOut<X>) {
    const Layout l = layout_of(t);
    if (l.rank <= Layout::most) dims.assign(l.dims, l.dims + l.rank);
  } else if constexpr (HasShape<X>) {
    for (const auto d : shape_of(t)) dims.push_back(static_cast<std::size_t>(d));
  } else {
    dims = {static_cast<std::size_t>(t.size())};
  }
  if (dims.size() == 1) dims.insert(dims.begin(), 1);
  if (dims.size() < 2 || dims[1] == 0)
    fail(what, ": the scores have shape ", words_of(dims), ", expected N x C or N x C x H x W");
  ScoreDims d{dims[0], dims[1], 1};
  for (std::size_t i = 2; i < dims.size(); ++i) d.plane *= dims[i];
  return d;
}

}  // namespace detail

// The class of the largest score of each image (and place): N, or N x H x W of them. NaN as for one row.
template <TensorLike X>
  requires(!ScoreRow<X>)
std::vector<int> argmax(const X& scores) {
  const auto d = detail::score_dims(scores, "argmax");
  const auto numbers = dense(scores, "argmax: the scores");
  std::vector<int> classes;
  classes.reserve(d.n * d.plane);
  for (std::size_t i = 0; i < d.n; ++i)
    for (std::size_t p = 0; p < d.plane; ++p)
      classes.push_back(
          detail::largest(numbers.data() + i * d.classes * d.plane + p, static_cast<int>(d.classes), d.plane));
  return classes;
}
// Probabilities of the classes, in the scores' order and as many; of one row too.
template <TensorLike X>
std::vector<scalar_of<X>> softmax(const X& scores) {
  const auto d = detail::score_dims(scores, "softmax");
  const auto numbers = dense(scores, "softmax: the scores");
  std::vector<scalar_of<X>> p(numbers.data(), numbers.data() + numbers.size());
  for (std::size_t i = 0; i < d.n; ++i)
    for (std::size_t at = 0; at < d.plane; ++at) {
      auto* const row = p.data() + i * d.classes * d.plane + at;
      detail::softmax_of(row, row, d.classes, d.plane);
    }
  return p;
}
// The k best classes of each image with their scores, in order; fewer where there are fewer, NaN left out. Of (N, C) or
// (N, C, 1, 1). Throws Error where k is less than 1, or there are places.
template <TensorLike X>
std::vector<std::vector<ClassScore<scalar_of<X>>>> top_k(const X& scores, int k) {
  if (k < 1) fail("top_k: k is ", k, ", expected 1 or more");
  const auto d = detail::score_dims(scores, "top_k");
  if (d.plane != 1) fail("top_k: the scores have ", d.plane, " places an image, expected one");
  const auto numbers = dense(scores, "top_k: the scores");
  std::vector<std::vector<ClassScore<scalar_of<X>>>> best(d.n);
  for (std::size_t i = 0; i < d.n; ++i) {
    best[i].resize(std::min(d.classes, static_cast<std::size_t>(k)));
    best[i].resize(
        detail::first_of(numbers.data() + i * d.classes, static_cast<int>(d.classes), best[i].data(), best[i].size()));
  }
  return best;
}

}  // namespace ctnet
