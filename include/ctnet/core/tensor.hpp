// SPDX-License-Identifier: MIT
// Tensors at the door: taken by concept (xtensor, Eigen, std::span, std::vector, View), given as View, which converts
// to any of them. Rows are images: memory is (N, C, H, W) or (N, F), row-major. An Eigen matrix counts as it lies in
// memory: column-major (F, N) or row-major (N, F). Neither xtensor nor Eigen is included here.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "error.hpp"
#include "shape.hpp"

namespace ctnet {

// Anything contiguous with data() and size().
template <class X>
concept TensorLike = requires(const X& t) {
  { *t.data() } -> std::convertible_to<double>;
  { t.size() } -> std::convertible_to<std::size_t>;
};

template <class X>
using scalar_of = std::remove_cvref_t<decltype(*std::declval<const X&>().data())>;

namespace detail {
template <class X>
concept HasShape = requires(const X& t) {
  t.shape().size();
  { *t.shape().begin() } -> std::convertible_to<std::ptrdiff_t>;
};
template <class X, class T>
concept FromShape = requires(X& t, const std::array<std::size_t, 4>& s) {  // xtensor
  typename X::shape_type;
  t.resize(typename X::shape_type{});
  { t.data() } -> std::convertible_to<const T*>;
} && HasShape<X>;
template <class X, class T>
concept EigenLike = requires(X& t) {
  { X::IsRowMajor } -> std::convertible_to<bool>;
  t.resize(1, 1);
  { t.data() } -> std::convertible_to<const T*>;
};
template <class X, class T>
concept VectorLike = !FromShape<X, T> && !EigenLike<X, T> && requires(const T* p) {
  X(p, p);
} && std::same_as<typename X::value_type, std::remove_const_t<T>> && requires(X& t) { t.push_back(T{}); };
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
    std::copy(begin(), end(), out.data());
    return out;
  }
  template <class X>
    requires detail::EigenLike<X, value_type>
  operator X() const {
    const auto n = static_cast<std::ptrdiff_t>(rank_ > 1 ? dims_[0] : 1),
               f = static_cast<std::ptrdiff_t>(size()) / (n ? n : 1);
    X out;
    X::IsRowMajor ? out.resize(n, f) : out.resize(f, n);
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

// How many images of shape `s` the tensor holds; throws where its size or its own shape says otherwise. `what` names
// it.
template <TensorLike X>
std::size_t batch_of(const X& t, const Shape& s, const char* what) {
  const auto size = static_cast<std::size_t>(t.size()), one = static_cast<std::size_t>(s.size());
  bool fits = size % one == 0;
  if constexpr (detail::HasShape<X>) {
    const auto& dims = t.shape();
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
  return size / one;
}

}  // namespace ctnet
