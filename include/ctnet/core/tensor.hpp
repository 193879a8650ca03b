// SPDX-License-Identifier: MIT
// Tensors at the door: taken by concept (xtensor, Eigen, std::span, std::vector, View), given as View, which converts
// to any of them. Rows are images: element (n, c, h, w) or (n, f) of a tensor with a shape, wherever it lies (slices,
// transposes, column-major). An Eigen matrix counts as it lies in memory: column-major (F, N) or row-major (N, F).
// Neither xtensor nor Eigen is included here.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "buffer.hpp"
#include "error.hpp"
#include "layout.hpp"
#include "shape.hpp"

namespace ctnet {

namespace detail {
template <class X>
concept HasShape = EigenTensor<X> || requires(const X& t) {
  t.shape().size();
  { *t.shape().begin() } -> std::convertible_to<std::ptrdiff_t>;
};
template <HasShape X>
decltype(auto) shape_of(const X& t) {
  if constexpr (EigenTensor<X>)
    return t.dimensions();
  else
    return t.shape();
}
template <class X, class T>
concept FromShape = requires(X& t, const std::array<std::size_t, 4>& s) {  // xtensor
  typename X::shape_type;
  t.resize(typename X::shape_type{});
  { t.data() } -> std::convertible_to<const T*>;
} && HasShape<X>;
template <class X, class T>
concept EigenLike = requires(X& t) {
  { X::IsRowMajor } -> std::convertible_to<bool>;
  { X::RowsAtCompileTime } -> std::convertible_to<int>;
  t.resize(1, 1);
  { t.data() } -> std::convertible_to<const T*>;
};
template <class X, class T>
concept VectorLike = !FromShape<X, T> && !EigenLike<X, T> && requires(const T* p) {
  X(p, p);
} && std::same_as<typename X::value_type, std::remove_const_t<T>> && requires(X& t) { t.push_back(T{}); };

// copy(i, place) for every element of a layout, the last index running fastest: i counts from 0, place is where it
// lies.
template <class Copy>
void each_element(const Layout& l, const Copy& copy) {
  const std::size_t n = l.size();
  const int last = l.rank - 1;
  const std::size_t run = l.rank > 0 ? l.dims[last] : 1;
  const std::ptrdiff_t step = l.rank > 0 ? l.strides[last] : 0;
  std::size_t index[Layout::most] = {};
  std::ptrdiff_t from = l.offset;
  for (std::size_t at = 0; at < n;) {
    for (std::size_t i = 0; i < run; ++i, ++at) copy(at, from + static_cast<std::ptrdiff_t>(i) * step);
    for (int k = last - 1; k >= 0; --k) {
      from += l.strides[k];
      if (++index[k] < l.dims[k]) break;
      from -= static_cast<std::ptrdiff_t>(l.dims[k]) * l.strides[k];
      index[k] = 0;
    }
  }
}
template <class T>
void gather(const T* spread, const Layout& l, T* dense) {
  each_element(l, [&](std::size_t at, std::ptrdiff_t from) { dense[at] = spread[from]; });
}
template <class T>
void scatter(const T* dense, const Layout& l, T* spread) {
  each_element(l, [&](std::size_t at, std::ptrdiff_t to) { spread[to] = dense[at]; });
}
}  // namespace detail

// A view of somebody's memory, row-major, up to four dimensions. A network's views live until its next call.
template <class T>
class View {
 public:
  using value_type = std::remove_const_t<T>;
  using Dims = std::array<std::size_t, 4>;

  constexpr View() = default;
  constexpr View(T* data, int rank, const Dims& dims) : data_(data), rank_(rank), dims_(dims) {}
  // n images of the given shape: (n, C, H, W) or (n, F).
  constexpr View(T* data, std::size_t n, const Shape& s)
      : data_(data),
        rank_(s.rank + 1),
        dims_{n, static_cast<std::size_t>(s.d[0]), static_cast<std::size_t>(s.d[1]), static_cast<std::size_t>(s.d[2])} {
  }
  // A view to read from a view to write to.
  template <class U>
    requires(std::is_const_v<T> && std::is_same_v<U, value_type>)
  constexpr View(const View<U>& v) : data_(v.data()), rank_(v.rank()) {
    for (int i = 0; i < rank_; ++i) dims_[static_cast<std::size_t>(i)] = v.shape(i);
  }

  constexpr T* data() const { return data_; }
  constexpr int rank() const { return rank_; }
  constexpr std::span<const std::size_t> shape() const { return {dims_.data(), static_cast<std::size_t>(rank_)}; }
  constexpr std::size_t shape(int i) const { return dims_[static_cast<std::size_t>(i)]; }
  constexpr std::size_t size() const {
    std::size_t n = rank_ > 0 ? 1 : 0;
    for (int i = 0; i < rank_; ++i) n *= dims_[static_cast<std::size_t>(i)];
    return n;
  }
  constexpr T* begin() const { return data_; }
  constexpr T* end() const { return data_ + size(); }
  constexpr T& operator[](std::size_t i) const { return data_[i]; }
  // v(n, f), v(n, c, h, w)
  template <class... I>
  constexpr T& operator()(I... i) const {
    const std::size_t index[] = {static_cast<std::size_t>(i)...};
    std::size_t at = 0;
    for (std::size_t k = 0; k < sizeof...(I); ++k) at = at * dims_[k] + index[k];
    return data_[at];
  }
  constexpr operator std::span<T>() const { return {data_, size()}; }

  template <class X>
    requires detail::FromShape<X, value_type>
  operator X() const {
    typename X::shape_type s{};
    if constexpr (requires { s.resize(std::size_t{1}); }) s.resize(static_cast<std::size_t>(rank_));
    if (s.size() != static_cast<std::size_t>(rank_))
      fail("a view of rank ", rank_, " cannot become a tensor of rank ", s.size());
    for (std::size_t i = 0; i < s.size(); ++i) s[i] = static_cast<typename X::shape_type::value_type>(dims_[i]);
    X out;
    out.resize(s);
    if constexpr (detail::StridedTensor<X>)  // row-major or not
      detail::scatter(data_, detail::layout_of(out), out.data());
    else
      std::copy(begin(), end(), out.data());
    return out;
  }
  // A matrix's runs are the images; a vector holds all. Throws where it is of another fixed size.
  template <class X>
    requires detail::EigenLike<X, value_type>
  operator X() const {
    const bool flat = X::IsVectorAtCompileTime;
    const auto n = static_cast<std::ptrdiff_t>(rank_ > 1 && !flat ? dims_[0] : 1),
               f = static_cast<std::ptrdiff_t>(size()) / (n ? n : 1), rows = X::IsRowMajor ? n : f,
               columns = X::IsRowMajor ? f : n;
    constexpr auto fixed_rows = static_cast<std::ptrdiff_t>(X::RowsAtCompileTime),
                   fixed_columns = static_cast<std::ptrdiff_t>(X::ColsAtCompileTime);
    if ((fixed_rows >= 0 && fixed_rows != rows) || (fixed_columns >= 0 && fixed_columns != columns))
      fail("a view of ", rows, " x ", columns, " values cannot become an Eigen matrix of ",
           fixed_rows >= 0 ? std::to_string(fixed_rows) : "any", " x ",
           fixed_columns >= 0 ? std::to_string(fixed_columns) : "any");
    X out;
    out.resize(rows, columns);
    std::copy(begin(), end(), out.data());
    return out;
  }
  template <class X>
    requires detail::VectorLike<X, value_type>
  operator X() const {
    return X(begin(), end());
  }

 private:
  T* data_ = nullptr;
  int rank_ = 0;
  Dims dims_{};
};

namespace detail {
inline std::string words(const Shape& s) {
  std::string t = std::to_string(s.d[0]);
  for (int i = 1; i < s.rank; ++i) t += " x " + (s.d[i] < 0 ? std::string("any") : std::to_string(s.d[i]));
  return t;
}
template <class Range>
std::string words_of(const Range& dims) {
  std::string t;
  for (auto v : dims) t += (t.empty() ? "" : " x ") + std::to_string(v);
  return t;
}
}  // namespace detail

// The numbers of a tensor, one after the other, row-major: where they lie, or a copy of them.
template <class T>
class Dense {
 public:
  Dense(const T* numbers, std::size_t size) : numbers_(numbers), size_(size) {}

  const T* data() const { return numbers_; }
  std::size_t size() const { return size_; }
  operator std::span<const T>() const { return {numbers_, size_}; }

  // From now on a copy.
  void keep() {
    if (copy_.size() > 0 || size_ == 0) return;
    copy_.grow(size_, "a copy of a tensor");
    std::memcpy(copy_.data(), numbers_, size_ * sizeof(T));
    numbers_ = copy_.data();
  }
  void keep(const detail::Layout& l) {
    copy_.grow(size_, "a copy of a tensor");
    detail::gather(numbers_, l, copy_.data());
    numbers_ = copy_.data();
  }

 private:
  const T* numbers_;
  std::size_t size_;
  Buffer<T> copy_;
};

// The one door for tensors: whoever takes one reads its numbers through this. Nothing is copied where they lie one
// after the other. Throws Error where it has more than eight dimensions; `what` names it.
template <TensorLike X>
Dense<scalar_of<X>> dense(const X& t, const char* what) {
  const auto size = static_cast<std::size_t>(t.size());
  if constexpr (detail::LaidOut<X>) {
    const detail::Layout l = detail::layout_of(t);
    if (l.rank > detail::Layout::most)
      fail(what, " has ", l.rank, " dimensions, at most ", detail::Layout::most, " are taken");
    if (l.dense()) return {t.data() + l.offset, size};
    Dense<scalar_of<X>> d{t.data(), size};
    d.keep(l);
    return d;
  } else {
    return {t.data(), size};
  }
}

namespace detail {
// An Eigen matrix of several rows and columns lies in memory as runs, which have to be whole images or their channels
// or rows: of an (N, F) matrix that is column-major they are not.
template <class Dims>
bool runs_fit(const Layout& l, const Dims& one) {
  if (l.dims[0] <= 1 || l.dims[1] <= 1) return true;  // a vector
  std::size_t inner = 1;
  for (std::size_t i = one.size(); i-- > 0;) {
    inner *= static_cast<std::size_t>(one[i]);
    if (inner == l.dims[1]) return true;
  }
  return false;
}
template <class X, class Dims>
void check_runs(const X& t, const Dims& one, const char* what) {
  if constexpr (EigenMatrix<X>) {
    const Layout l = layout_of(t);
    if (!runs_fit(l, one))
      fail(what, " is a ", X::IsRowMajor ? "row" : "column", "-major Eigen matrix of ", t.rows(), " x ", t.cols(),
           ", which lies in memory as ", l.dims[0], " runs of ", l.dims[1], ", expected runs of ", words_of(one),
           " (N x F row-major or F x N column-major)");
  }
}
}  // namespace detail

// How many images of shape `s` the tensor holds; throws where its size or its own shape says otherwise. `what` names
// it.
template <TensorLike X>
std::size_t batch_of(const X& t, const Shape& s, const char* what) {
  if (s.open() || s.size() <= 0) fail(what, " is of images of ", detail::words(s), ", which have no values");
  const auto size = static_cast<std::size_t>(t.size()), one = static_cast<std::size_t>(s.size());
  bool fits = size % one == 0;
  if constexpr (detail::HasShape<X>) {
    const auto& dims = detail::shape_of(t);
    // (N, F) or (N, C, H, W); one image without its batch dimension is taken as a batch of one
    const auto rank = static_cast<int>(dims.size());
    if (rank == s.rank + 1 || rank == s.rank) {
      auto it = dims.begin();
      if (rank == s.rank + 1) ++it;
      for (int i = 0; i < s.rank; ++i, ++it) fits = fits && static_cast<i64>(*it) == s.d[i];
    } else {
      fits = false;
    }
    if (!fits) fail(what, " has shape ", detail::words_of(dims), ", expected N x ", detail::words(s));
  }
  if (!fits) fail(what, " has ", size, " elements, expected a multiple of ", detail::words(s), " = ", one);
  detail::check_runs(t, std::span{s.d, static_cast<std::size_t>(s.rank)}, what);
  return size / one;
}

}  // namespace ctnet
