// SPDX-License-Identifier: MIT
// Matrix products by cuBLASLt, column by column as it sees matrices: D (m, n) = op(A) op(B) + beta D. Which of its
// kernels serves a shape is asked once for each and kept; asking concerns the host alone, so products can be captured.
#pragma once

#include <cublasLt.h>

#include <mutex>
#include <vector>

#include "arguments.cuh"

namespace ctnet::cuda::lt {

// Bytes that products may work in, and the elements to ask for: the room starts at a multiple of 256 bytes.
inline constexpr std::size_t workspace = 8u << 20;
template <class T>
inline constexpr i64 scratch = static_cast<i64>((workspace + 256) / sizeof(T));

// A is (rows, columns) = (m, k), or (k, m) where transposed; B is (k, n), or (n, k).
struct Product {
  int m, n, k;
  bool transpose_a, transpose_b;
  const float *a, *b;
  float* d;
  bool accumulate = false;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const float* bias = nullptr;  // (m)
};

[[noreturn, gnu::cold]] inline void fail_call(cublasStatus_t status, const char* call, const char* purpose,
                                              const Queue& queue, const Product& p) {
  fail("CUDA: ", call, " for ", purpose, " (layer ", queue.leaf, ", ", queue.phase, "), a product of ", p.m, " x ", p.k,
       " and ", p.k, " x ", p.n, ": ", cublasLtGetStatusName(status), ", ", cublasLtGetStatusString(status));
}

constexpr cublasComputeType_t compute_type(Compute c) {
  return c == Compute::tf32   ? CUBLAS_COMPUTE_32F_FAST_TF32
         : c == Compute::bf16 ? CUBLAS_COMPUTE_32F_FAST_16BF
                              : CUBLAS_COMPUTE_32F;
}

// What decides which kernel serves a product.
struct Shape {
  int device, m, n, k;
  bool transpose_a, transpose_b;
  int compute, epilogue;
  unsigned align_a, align_b, align_d, align_bias;

  bool operator==(const Shape&) const = default;
};
inline unsigned alignment(const void* p) {
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  const std::uintptr_t lowest = at & (~at + 1);
  return lowest == 0 || lowest > 256 ? 256 : static_cast<unsigned>(lowest);
}

// One per process. It lives as long as that, for the driver may be gone when other objects end.
struct Library {
  struct Known {
    Shape shape;
    cublasLtMatmulAlgo_t algorithm;
    std::size_t workspace;
  };
  std::mutex mutex;
  cublasLtHandle_t handle = nullptr;
  std::vector<Known> known;

  static Library& get() {
    static Library* const library = new Library;
    return *library;
  }
  // Before anything is captured: it allocates.
  void open() {
    const std::lock_guard lock(mutex);
    if (handle) return;
    if (const cublasStatus_t status = cublasLtCreate(&handle); status != CUBLAS_STATUS_SUCCESS)
      fail("CUDA: cublasLtCreate: ", cublasLtGetStatusName(status), ", ", cublasLtGetStatusString(status));
  }
};

// A call's descriptors.
class Description {
 public:
  Description(const Queue& queue, const char* purpose, const Product& p, Compute c)
      : queue_(queue), purpose_(purpose), p_(p) {
    check(cublasLtMatmulDescInit(&product, compute_type(c), CUDA_R_32F), "cublasLtMatmulDescInit");
    set(CUBLASLT_MATMUL_DESC_TRANSA, p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, p.epilogue);
    if (p.bias) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
    matrix(a, p.m, p.k, p.transpose_a);
    matrix(b, p.k, p.n, p.transpose_b);
    matrix(d, p.m, p.n, false);
  }

  cublasLtMatmulDescOpaque_t product;
  cublasLtMatrixLayoutOpaque_t a, b, d;

  void check(cublasStatus_t status, const char* call) const {
    if (status != CUBLAS_STATUS_SUCCESS) [[unlikely]]
      fail_call(status, call, purpose_, queue_, p_);
  }
  Library::Known ask(cublasLtHandle_t handle, const Shape& shape) {
    cublasLtMatmulPreferenceOpaque_t preference;
    check(cublasLtMatmulPreferenceInit(&preference), "cublasLtMatmulPreferenceInit");
    auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& v) {
      check(cublasLtMatmulPreferenceSetAttribute(&preference, attribute, &v, sizeof v),
            "cublasLtMatmulPreferenceSetAttribute");
    };
    prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{workspace});
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, std::uint32_t{shape.align_a});
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, std::uint32_t{shape.align_b});
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, std::uint32_t{shape.align_d});
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, std::uint32_t{shape.align_d});
    cublasLtMatmulHeuristicResult_t result{};
    int found = 0;
    check(cublasLtMatmulAlgoGetHeuristic(handle, &product, &a, &b, &d, &d, &preference, 1, &result, &found),
          "cublasLtMatmulAlgoGetHeuristic");
    check(found == 0 ? CUBLAS_STATUS_NOT_SUPPORTED : result.state, "cublasLtMatmulAlgoGetHeuristic");
    return {shape, result.algo, result.workspaceSize};
  }

 private:
  template <class V>
  void set(cublasLtMatmulDescAttributes_t attribute, V v) {
    check(cublasLtMatmulDescSetAttribute(&product, attribute, &v, sizeof v), "cublasLtMatmulDescSetAttribute");
  }
  void matrix(cublasLtMatrixLayoutOpaque_t& layout, int rows, int columns, bool transposed) const {
    if (transposed) std::swap(rows, columns);
    check(cublasLtMatrixLayoutInit(&layout, CUDA_R_32F, static_cast<std::uint64_t>(rows),
                                   static_cast<std::uint64_t>(columns), rows),
          "cublasLtMatrixLayoutInit");
  }

  const Queue& queue_;
  const char* purpose_;
  const Product& p_;
};

// `scratch`: lt::scratch elements.
inline void multiply(const Queue& queue, const char* purpose, const Product& p, Compute c, float* scratch_) {
  Library& library = Library::get();
  library.open();
  Description description(queue, purpose, p, c);
  Shape shape{0,
              p.m,
              p.n,
              p.k,
              p.transpose_a,
              p.transpose_b,
              static_cast<int>(c),
              static_cast<int>(p.epilogue),
              alignment(p.a),
              alignment(p.b),
              alignment(p.d),
              alignment(p.bias)};
  CTNET_CUDA(cudaGetDevice(&shape.device), "cuBLASLt");
  Library::Known known{};
  {
    const std::lock_guard lock(library.mutex);
    bool found = false;
    for (const Library::Known& k : library.known)
      if (k.shape == shape) known = k, found = true;
    if (!found) library.known.push_back(known = description.ask(library.handle, shape));
  }
  auto* const room = reinterpret_cast<void*>((reinterpret_cast<std::uintptr_t>(scratch_) + 255) / 256 * 256);
  const float one = 1, beta = p.accumulate ? 1.0f : 0.0f;
  description.check(
      cublasLtMatmul(library.handle, &description.product, &one, p.a, &description.a, p.b, &description.b, &beta, p.d,
                     &description.d, p.d, &description.d, &known.algorithm, room, known.workspace, queue.stream),
      "cublasLtMatmul");
}

}  // namespace ctnet::cuda::lt
