// SPDX-License-Identifier: MIT
// Compose{a, b, ...}: transforms in a row. Those before ToTensor work on bytes, those after it on floats, and the
// compiler checks it; shape() is what comes out, as a constant, with any_size where only the image knows.
#pragma once

#include <tuple>
#include <utility>

#include "../sample.hpp"
#include "to_tensor.hpp"
#include "workspace.hpp"

namespace ctnet::data {

namespace detail {

template <class T>
inline constexpr bool is_to_tensor = std::is_same_v<T, ToTensor>;

// The one place where a transform that does not fit speaks; its name stands in the compiler's note.
template <int Index, class T, Stage Gets>
struct InItsPlace {
  static_assert(Gets != Stage::bytes || is_to_tensor<T> || TransformOf<T, Bitmap>,
                "this transform works on floats: put it after ToTensor{}");
  static_assert(Gets != Stage::floats || is_to_tensor<T> || TransformOf<T, Planes>,
                "this transform works on bytes: put it before ToTensor{}");
  static_assert(Gets != Stage::floats || !is_to_tensor<T>,
                "ToTensor{} gets floats already: it is there twice, or the data set gives floats");
};
template <class T, int Channels>
struct Accepts {
  static constexpr bool ok() {
    if constexpr (requires { T::accepts(Shape{}); })
      return T::accepts(Shape{Channels, any_size, any_size});
    else
      return true;
  }
  static_assert(ok(), "this transform is made for images of another number of channels");
};

template <Stage Begin, int ToTensorAt, class Indices, class... T>
struct AllInPlace;
template <Stage Begin, int ToTensorAt, std::size_t... I, class... T>
struct AllInPlace<Begin, ToTensorAt, std::index_sequence<I...>, T...>
    : InItsPlace<static_cast<int>(I), T, static_cast<int>(I) <= ToTensorAt ? Begin : Stage::floats>... {};

}  // namespace detail

template <class... T>
class Compose {
 public:
  static constexpr int size = sizeof...(T);
  // Where ToTensor stands; `size` without one.
  static constexpr int to_tensor = [] {
    int at = size, i = 0;
    ((at = at == size && detail::is_to_tensor<T> ? i : at, ++i), ...);
    return at;
  }();
  static constexpr bool has_to_tensor = to_tensor < size;

  // Throws Error where a transform's options make no sense.
  constexpr explicit Compose(T... transforms) : transforms_(std::move(transforms)...) {
    std::apply([](const T&... t) { (check_options(t), ...); }, transforms_);
    if constexpr (has_to_tensor) static_cast<void>(sizeof(InPlace<Stage::bytes>));
  }

  // What comes out of an image of shape `in`.
  static constexpr Shape shape(Shape in) {
    ((in = shape_after_at<T>(in)), ...);
    return in;
  }
  // Does not compile where a transform cannot work on images of `Channels` channels that begin as Begin.
  template <Stage Begin, int Channels>
  static constexpr void check() {
    static_cast<void>(sizeof(InPlace<Begin>));
    accepted<Channels>(std::index_sequence_for<T...>{});
  }

  // Runs all on the sample: from sample.image, or from sample.tensor where Begin is floats, to sample.tensor.
  template <Stage Begin>
  void apply(Sample& sample, Workspace& workspace, Random& random) const {
    apply<Begin>(sample, workspace, random, std::index_sequence_for<T...>{});
  }

  // One picture as a Loader hands it to the network, for prediction: (C, H, W). Random transforms draw from `random`,
  // so the same picture gives the same numbers. Throws Error where a transform is made for another number of channels.
  Planes operator()(Bitmap image, Random random = Random{Seed{}}) const {
    static_assert(has_to_tensor, "a Compose on a picture gives floats: put ToTensor{} into it");
    Shape in = image.shape();
    (take<T>(in), ...);
    Sample sample;
    sample.image = std::move(image);
    Workspace workspace;
    apply<Stage::bytes>(sample, workspace, random);
    return std::move(sample.tensor);
  }

  const std::tuple<T...>& transforms() const { return transforms_; }

 private:
  template <class U>
  static constexpr void check_options(const U& transform) {
    if constexpr (requires { transform.check(); }) transform.check();
  }
  // Channels of what transform `at` gets, of an image of so many.
  static constexpr int channels_at(int at, int channels) {
    Shape s{channels, any_size, any_size};
    int i = 0;
    ((s = i++ < at ? shape_after_at<T>(s) : s), ...);
    return s.c();
  }
  template <int Channels, std::size_t... I>
  static constexpr void accepted(std::index_sequence<I...>) {
    (static_cast<void>(sizeof(detail::Accepts<T, channels_at(static_cast<int>(I), Channels)>)), ...);
  }
  template <class U>
  static void take(Shape& in) {
    if constexpr (requires { U::accepts(Shape{}); })
      if (!U::accepts(in)) fail("Compose: a transform is made for another number of channels than ", in.c());
    in = shape_after_at<U>(in);
  }
  template <class U>
  static constexpr Shape shape_after_at(Shape in) {
    if constexpr (requires { U::shape(in); })
      return U::shape(in);
    else
      return in;
  }
  template <Stage Begin>
  using InPlace = detail::AllInPlace<Begin, to_tensor, std::index_sequence_for<T...>, T...>;

  template <Stage Begin, std::size_t... I>
  void apply(Sample& sample, Workspace& workspace, Random& random, std::index_sequence<I...>) const {
    (one<Begin, static_cast<int>(I)>(std::get<I>(transforms_), sample, workspace, random), ...);
  }
  template <Stage Begin, int I, class U>
  static void one(const U& transform, Sample& sample, Workspace& workspace, Random& random) {
    if constexpr (I == to_tensor)
      transform(sample.image, sample.tensor);
    else if constexpr (Begin == Stage::bytes && I < to_tensor)
      transform(sample.image, workspace, random);
    else
      transform(sample.tensor, workspace, random);
  }

  std::tuple<T...> transforms_;
};

template <class T>
inline constexpr bool is_compose = false;
template <class... T>
inline constexpr bool is_compose<Compose<T...>> = true;

}  // namespace ctnet::data
