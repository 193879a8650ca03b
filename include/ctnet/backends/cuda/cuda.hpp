// SPDX-License-Identifier: MIT
// The CUDA backend, a policy: Cuda<> or Cuda<float> (strict fp32), Cuda<tf32>, Cuda<bfloat16>, Cuda<double>, and
// further policies as trailing types in any order: Cuda<tf32, CublasLt>. Parameters, gradients, activations and the
// optimizer's state are float in memory (double for Cuda<double>); tf32 and bfloat16 say what the factors of large
// products are rounded to before tensor cores multiply them and add up in fp32. So parameters are master weights as
// they are, and no loss scaling is needed: bfloat16 has the exponents of float.
#pragma once

#include <type_traits>

#include "../cpu/bfloat16.hpp"
#include "../kernel.hpp"

namespace ctnet {

// TensorFloat-32, as a precision of the CUDA backend: 8 bits of exponent, 10 of fraction.
struct tf32 {};

// Every run gives the same bits: engines that measure or add up in any order are not asked. ctnet's own kernels always
// do.
struct Deterministic {};
// Products as large as pay go to cuBLASLt; include <ctnet/cublaslt.hpp>.
struct CublasLt {};
// Large convolutions go to cuDNN; include <ctnet/cudnn.hpp>.
struct Cudnn {};
// predict and steps of training run as one kernel each where all layers have phases for it, for networks and batches so
// small that starting kernels is what takes the time; include <ctnet/persistent.hpp>.
struct Persistent {};

namespace cuda {
enum class Compute : int { fp32, tf32, bf16, fp64 };

template <class P>
inline constexpr bool is_precision =
    std::is_same_v<P, float> || std::is_same_v<P, double> || std::is_same_v<P, tf32> || std::is_same_v<P, bfloat16>;
}  // namespace cuda

template <class Precision = float, class... Policies>
struct Cuda {
  static_assert(cuda::is_precision<Precision>, "Cuda: the precision is float, tf32, bfloat16 or double");

 private:
  template <class P>
  static constexpr int times = (0 + ... + std::is_same_v<P, Policies>);
  static_assert(((times<Policies> == 1) && ...), "Cuda: a policy is given twice");
  static_assert(((std::is_same_v<Policies, Deterministic> || std::is_same_v<Policies, CublasLt> ||
                  std::is_same_v<Policies, Cudnn> || std::is_same_v<Policies, Persistent>)&&...),
                "Cuda: an unknown policy; there are Deterministic, CublasLt, Cudnn and Persistent");

 public:
  using precision = Precision;
  using scalar = std::conditional_t<std::is_same_v<Precision, double>, double, float>;
  using fallback = NoBackend;
  static constexpr cuda::Compute compute = std::is_same_v<Precision, tf32>       ? cuda::Compute::tf32
                                           : std::is_same_v<Precision, bfloat16> ? cuda::Compute::bf16
                                           : std::is_same_v<Precision, double>   ? cuda::Compute::fp64
                                                                                 : cuda::Compute::fp32;
  static constexpr bool deterministic = times<Deterministic> > 0;
  static constexpr bool cublaslt = times<CublasLt> > 0;
  static constexpr bool cudnn = times<Cudnn> > 0;
  static constexpr bool persistent = times<Persistent> > 0;
  static constexpr bool on_device = true;  // its memory is not the host's
  static constexpr bool flush_denormals = false;
};

namespace cuda {
template <class B>
inline constexpr bool is_cuda = false;
template <class... P>
inline constexpr bool is_cuda<Cuda<P...>> = true;
}  // namespace cuda

}  // namespace ctnet
