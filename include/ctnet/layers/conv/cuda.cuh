// SPDX-License-Identifier: MIT
// Convolution on the GPU: the choice between the kernels of this room, from the operation's numbers. Networks run what
// is chosen at compile time (KernelVariant); Kernel<ConvOp, Cuda<...>> itself is the implicit GEMM, for every size.
#pragma once

#include "cuda_choice.cuh"
#include "cuda_depthwise.cuh"
#include "cuda_direct.cuh"
#include "cuda_implicit.cuh"

namespace ctnet {

namespace cuda {

template <class B>
constexpr ConvChoice choose_conv(const ConvOp& o) {
  using T = typename B::scalar;
  ConvChoice c;
  if (direct_forward_fits(o) || direct_data_fits(o) || direct_weights_fits(o)) {
    c.number = direct_number(o);
    if (direct_forward_fits(o)) c.forward = ConvMethod::direct;
    if (direct_data_fits(o)) c.data = ConvMethod::direct;
    if (direct_weights_fits(o)) c.weights = ConvMethod::direct;
    return c;
  }
  if (depthwise_forward_fits(o) || depthwise_data_fits(o) || depthwise_weights_fits(o)) {
    c.number = depthwise_number(o);
    if (depthwise_forward_fits(o)) c.forward = ConvMethod::depthwise;
    if (depthwise_data_fits(o)) c.data = ConvMethod::depthwise;
    if (depthwise_weights_fits(o)) c.weights = ConvMethod::depthwise;
    return c;
  }
  if constexpr (B::cudnn) {
    static_assert(
        requires { sizeof(CudnnConv<T, B::compute, B::deterministic>); },
        "the policy Cudnn needs #include <ctnet/cudnn.hpp> before the first network");
    if (CudnnConv<T, B::compute, B::deterministic>::pays(o))
      return {ConvMethod::cudnn, ConvMethod::cudnn, ConvMethod::cudnn, 0};
  }
  if (pointwise(o)) return {ConvMethod::pointwise, ConvMethod::pointwise, ConvMethod::pointwise, 0};
  return c;
}

}  // namespace cuda

template <class P, class... Q, int V>
struct KernelVariant<ConvOp, Cuda<P, Q...>, V> {
  using B = Cuda<P, Q...>;
  using T = typename B::scalar;
  using Method = cuda::ConvMethod;
  static constexpr cuda::ConvChoice choice = cuda::ConvChoice::of(V);
  static constexpr cuda::Compute compute = B::compute;

  static constexpr unsigned takes(const ConvOp& o) {
    constexpr unsigned mask = takes_mask;
    if constexpr (choice.forward == Method::direct)
      return cuda::direct_takes(o) | mask;
    else if constexpr (choice.forward == Method::depthwise)
      return cuda::depthwise_takes(o) | mask;
    else if constexpr (choice.forward == Method::cudnn)
      return Library::takes(o);
    else
      return takes_act | takes_norm | takes_add | mask;
  }
  static constexpr i64 scratch(const ConvOp& o) {
    i64 most = cuda::implicit_scratch(o, gemm(choice.forward), gemm(choice.data), gemm(choice.weights));
    i64 own = 0;
    if constexpr (choice.has(Method::direct)) own = cuda::direct_scratch<T>(o);
    if constexpr (choice.has(Method::depthwise)) own = cuda::depthwise_scratch<T>(o);
    if constexpr (choice.has(Method::cudnn)) own = Library::scratch(o);
    return own > most ? own : most;
  }
  static void forward(const ConvOp& o, const cuda::Forward<T>& a) {
    if constexpr (choice.forward == Method::direct)
      cuda::direct_forward<choice.number, compute, T>(o, a);
    else if constexpr (choice.forward == Method::depthwise)
      cuda::depthwise_forward<choice.number, compute, T>(o, a);
    else if constexpr (choice.forward == Method::cudnn)
      Library::forward(o, a);
    else
      cuda::implicit_forward<choice.forward == Method::pointwise, compute, T>(o, a, scratch(o));
  }
  static void backward(const ConvOp& o, const cuda::Backward<T>& a) {
    if constexpr (choice.weights == Method::direct && choice.data == Method::direct) {
      cuda::direct_backward<choice.number, compute, T>(o, a);
      return;
    }
    if constexpr (choice.weights == Method::direct)
      cuda::direct_weights<choice.number, compute, T>(o, a);
    else if constexpr (choice.weights == Method::depthwise)
      cuda::depthwise_weights<choice.number, compute, T>(o, a);
    else if constexpr (choice.weights == Method::cudnn)
      Library::weights(o, a);
    else
      cuda::implicit_weights<choice.weights == Method::pointwise, compute, T>(o, a, scratch(o));
    if (!a.grad_in[0]) return;
    if constexpr (choice.data == Method::direct)
      cuda::direct_data<choice.number, compute, T>(o, a);
    else if constexpr (choice.data == Method::depthwise)
      cuda::depthwise_data<choice.number, compute, T>(o, a);
    else if constexpr (choice.data == Method::cudnn)
      Library::data(o, a);
    else
      cuda::implicit_data<choice.data == Method::pointwise, compute, T>(o, a, scratch(o));
  }

 private:
  using Library = cuda::CudnnConv<T, compute, B::deterministic>;
  static constexpr bool gemm(Method m) { return m == Method::implicit || m == Method::pointwise; }
};

template <class P, class... Q>
struct Kernel<ConvOp, Cuda<P, Q...>> : KernelVariant<ConvOp, Cuda<P, Q...>, 0> {
  using T = typename Cuda<P, Q...>::scalar;

  static constexpr int variant(const ConvOp& o) { return cuda::choose_conv<Cuda<P, Q...>>(o).code(); }
  // Of the variant that is chosen.
  static constexpr unsigned takes(const ConvOp& o) {
    const cuda::ConvMethod m = cuda::choose_conv<Cuda<P, Q...>>(o).forward;
    if (m == cuda::ConvMethod::direct) return cuda::direct_takes(o) | takes_mask;
    if (m == cuda::ConvMethod::depthwise) return cuda::depthwise_takes(o) | takes_mask;
    if constexpr (Cuda<P, Q...>::cudnn)
      if (m == cuda::ConvMethod::cudnn)
        return cuda::CudnnConv<T, Cuda<P, Q...>::compute, Cuda<P, Q...>::deterministic>::takes(o);
    return KernelVariant<ConvOp, Cuda<P, Q...>, 0>::takes(o);
  }
  static constexpr const char* method(const ConvOp& o) {
    return cuda::name_of(cuda::choose_conv<Cuda<P, Q...>>(o).forward);
  }
};

}  // namespace ctnet
