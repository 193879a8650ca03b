// SPDX-License-Identifier: MIT
// How the numbers of somebody's tensor lie in memory, as far as its type can tell: xtensor's offsets and strides,
// Eigen's inner and outer strides, the order of Eigen's Tensor. What tells nothing (std::vector, std::span, View) lies
// one number after the other. Neither xtensor nor Eigen is included; nothing here allocates or throws.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

namespace ctnet {
namespace detail {

// shape() and strides() as ranges, data_offset(): xtensor's containers, adaptors and views.
template <class X>
concept StridedTensor = requires(const X& t) {
  t.shape().size();
  { *t.shape().begin() } -> std::convertible_to<std::ptrdiff_t>;
  t.strides().size();
  { *t.strides().begin() } -> std::convertible_to<std::ptrdiff_t>;
};
// Eigen's matrices, arrays, blocks, maps, transposes.
template <class X>
concept EigenMatrix = requires(const X& t) {
  { X::IsRowMajor } -> std::convertible_to<bool>;
  { t.innerStride() } -> std::convertible_to<std::ptrdiff_t>;
  { t.outerStride() } -> std::convertible_to<std::ptrdiff_t>;
  { t.innerSize() } -> std::convertible_to<std::ptrdiff_t>;
  { t.outerSize() } -> std::convertible_to<std::ptrdiff_t>;
};
// Eigen::Tensor, TensorMap: column-major unless told otherwise.
template <class X>
concept EigenTensor = requires(const X& t) {
  { X::Layout } -> std::convertible_to<int>;
  t.dimensions().size();
  { *t.dimensions().begin() } -> std::convertible_to<std::ptrdiff_t>;
};
// Types that have strides, padding or an offset which the above cannot read (boost::multi_array, pybind11::array,
// blaze), and pictures whose channels alternate.
template <class X>
concept LaidOutElseHow = !StridedTensor<X> && !EigenMatrix<X> && !EigenTensor<X> &&
                         (
                             requires(const X& t) { t.strides(); } || requires(const X& t) { t.stride(); } ||
                             requires(const X& t) { t.spacing(); } || requires(const X& t) { t.data_offset(); } ||
                             requires(const X& t) { t.num_elements(); } || requires(const X& t) { t.dimensions(); } ||
                             requires(const X& t) { t.innerStride(); } || requires { requires X::interleaved; });
template <class X>
concept LaidOut = StridedTensor<X> || EigenMatrix<X> || EigenTensor<X>;

}  // namespace detail

// Anything with data(), a pointer to numbers, size(), and a layout that can be read.
template <class X>
concept TensorLike = requires(const X& t) {
  { *t.data() } -> std::convertible_to<double>;
  { t.size() } -> std::convertible_to<std::size_t>;
} && std::is_pointer_v<decltype(std::declval<const X&>().data())> && !detail::LaidOutElseHow<X>;

namespace detail {
// False for what is no tensor, beside the one error that says so.
template <class X>
constexpr bool expect_tensor() {
  static_assert(TensorLike<X> || LaidOutElseHow<X>,
                "this is no tensor, which has data(), a pointer to its numbers, and size(), as std::vector, std::span, "
                "std::array, View, xtensor and Eigen have; evaluate an expression first (xt::eval, .eval()), copy a "
                "list, a deque or a std::vector<bool> into a std::vector of numbers");
  static_assert(TensorLike<X> || !LaidOutElseHow<X>,
                "this type has strides, padding or an offset that ctnet cannot read; pass a std::span of its numbers "
                "where they lie one after the other, row-major, (N, C, H, W), else a copy that does");
  return TensorLike<X>;
}
}  // namespace detail

template <class X>
using scalar_of = std::remove_cvref_t<decltype(*std::declval<const X&>().data())>;

namespace detail {

// Where the numbers of a tensor are: element (i, j, ...) at data()[offset + i * strides[0] + j * strides[1] + ...].
struct Layout {
  static constexpr int most = 8;  // dimensions

  int rank = 0;
  std::size_t dims[most] = {};
  std::ptrdiff_t strides[most] = {};  // in elements
  std::ptrdiff_t offset = 0;

  constexpr std::size_t size() const {
    std::size_t n = 1;
    for (int i = 0; i < rank; ++i) n *= dims[i];
    return n;
  }
  // One number after the other, the last index running fastest. A dimension of one has any stride.
  constexpr bool dense() const {
    std::ptrdiff_t step = 1;
    for (int i = rank - 1; i >= 0; --i) {
      if (dims[i] != 1 && strides[i] != step) return size() == 0;
      step *= static_cast<std::ptrdiff_t>(dims[i]);
    }
    return true;
  }
};

// The layout of a tensor; of more than Layout::most dimensions, its rank alone. An Eigen matrix counts as it lies in
// memory: its runs (columns, or rows if row-major) are the first dimension.
template <LaidOut X>
constexpr Layout layout_of(const X& t) {
  Layout l;
  const auto dimension = [&](int i, auto size, auto stride) {
    l.dims[i] = static_cast<std::size_t>(size);
    l.strides[i] = static_cast<std::ptrdiff_t>(stride);
  };
  if constexpr (EigenMatrix<X>) {
    l.rank = 2;
    dimension(0, t.outerSize(), t.outerStride());
    dimension(1, t.innerSize(), t.innerStride());
  } else if constexpr (EigenTensor<X>) {
    constexpr bool row_major = static_cast<int>(X::Layout) != 0;
    const auto& dims = t.dimensions();
    l.rank = static_cast<int>(dims.size());
    if (l.rank > Layout::most) return l;
    std::ptrdiff_t step = 1;
    for (int k = 0; k < l.rank; ++k) {
      const int i = row_major ? l.rank - 1 - k : k;
      dimension(i, *(dims.begin() + i), step);
      step *= static_cast<std::ptrdiff_t>(l.dims[i]);
    }
  } else {
    const auto& dims = t.shape();
    const auto& strides = t.strides();
    l.rank = static_cast<int>(dims.size());
    if (l.rank > Layout::most) return l;
    auto stride = strides.begin();
    int i = 0;
    for (auto d = dims.begin(); i < l.rank; ++d, ++stride, ++i) dimension(i, *d, *stride);
    if constexpr (requires { t.data_offset(); }) l.offset = static_cast<std::ptrdiff_t>(t.data_offset());
  }
  return l;
}

}  // namespace detail

// A parameter for numbers that are one run in memory, to read (const T) or to write: all that std::span takes. The span
// that std::span makes of a view of an xtensor begins with the first number of the tensor; this one with the view's.
// Where the numbers of such a view are not one run, it is empty.
template <class T>
struct Run : std::span<T> {
  template <class X>
    requires(!std::is_same_v<std::remove_cvref_t<X>, Run> && std::is_convertible_v<X, std::span<T>>)
  // NOLINTNEXTLINE(bugprone-forwarding-reference-overload): the constraint leaves out Run itself
  constexpr Run(X&& numbers) noexcept : std::span<T>(of(std::forward<X>(numbers))) {}
  constexpr Run(T* numbers, std::size_t size) noexcept : std::span<T>(numbers, size) {}

 private:
  template <class X>
  static constexpr std::span<T> of(X&& numbers) noexcept {
    if constexpr (detail::LaidOut<std::remove_cvref_t<X>>) {
      const detail::Layout l = detail::layout_of(numbers);
      if (l.rank > detail::Layout::most || !l.dense()) return {};
      return {numbers.data() + l.offset, static_cast<std::size_t>(numbers.size())};
    } else {
      return std::forward<X>(numbers);
    }
  }
};

}  // namespace ctnet
