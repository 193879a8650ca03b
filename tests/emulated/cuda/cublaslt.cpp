// SPDX-License-Identifier: MIT
// The functions of cuBLASLt that ctnet calls, in plain loops on the emulated device: float matrices of either order,
// transposed or not, bias and ReLU, factors rounded as the compute type says. It refuses what cuBLASLt refuses, and
// writes over the workspace that it asked for.
#include <cublasLt.h>

#include <cstdint>
#include <cstring>
#include <functional>

#include "emulation.hpp"

namespace {

struct MatrixOf {
  std::uint64_t rows, columns;
  std::int64_t step;
  cudaDataType_t type;
  cublasLtOrder_t order;
  std::int32_t batch;
};
struct ProductOf {
  cublasComputeType_t compute;
  cudaDataType_t scale;
  cublasOperation_t a, b;
  cublasLtEpilogue_t epilogue;
  const float* bias;
};
struct PreferenceOf {
  std::uint64_t workspace;
  std::uint32_t alignment[4];
};
// What a heuristic's answer was made for.
struct AlgorithmOf {
  std::uint64_t m, n, k, workspace;
  std::uint32_t alignment[4];
};
constexpr std::uint64_t wanted_workspace = 4096;

template <class T, class Opaque>
T read(const Opaque* o) {
  static_assert(sizeof(T) <= sizeof(Opaque));
  T v;
  std::memcpy(&v, o, sizeof v);
  return v;
}
template <class Opaque, class T>
void write(Opaque* o, const T& v) {
  static_assert(sizeof(T) <= sizeof(Opaque));
  std::memset(static_cast<void*>(o), 0, sizeof *o);
  std::memcpy(static_cast<void*>(o), &v, sizeof v);
}
template <class V>
bool copied(V& to, const void* from, std::size_t bytes) {
  if (bytes != sizeof to) return false;
  std::memcpy(&to, from, sizeof to);
  return true;
}
bool aligned(const void* p, std::uint32_t bytes) { return reinterpret_cast<std::uintptr_t>(p) % bytes == 0; }

float rounded(float v, cublasComputeType_t compute) {
  unsigned bits;
  if (compute == CUBLAS_COMPUTE_32F_FAST_TF32)
    bits = ctnet_device::to_tf32(v);
  else if (compute == CUBLAS_COMPUTE_32F_FAST_16BF)
    bits = ctnet_device::pack_bf16(0, v) & 0xFFFF0000u;
  else
    return v;
  std::memcpy(&v, &bits, sizeof v);
  return v;
}

bool supported(cublasLtEpilogue_t e) {
  return e == CUBLASLT_EPILOGUE_DEFAULT || e == CUBLASLT_EPILOGUE_RELU || e == CUBLASLT_EPILOGUE_BIAS ||
         e == CUBLASLT_EPILOGUE_RELU_BIAS;
}

struct Shape {
  std::uint64_t m = 0, n = 0, k = 0;
  bool valid = false;
};
Shape shape_of(const ProductOf& p, const MatrixOf& a, const MatrixOf& b, const MatrixOf& c, const MatrixOf& d) {
  Shape s;
  s.m = p.a == CUBLAS_OP_N ? a.rows : a.columns;
  s.k = p.a == CUBLAS_OP_N ? a.columns : a.rows;
  s.n = p.b == CUBLAS_OP_N ? b.columns : b.rows;
  s.valid = (p.b == CUBLAS_OP_N ? b.rows : b.columns) == s.k && c.rows == s.m && c.columns == s.n && d.rows == s.m &&
            d.columns == s.n && supported(p.epilogue) && p.a != CUBLAS_OP_C && p.b != CUBLAS_OP_C &&
            p.scale == CUDA_R_32F && s.m * s.n * s.k > 0;
  for (const MatrixOf& x : {a, b, c, d})
    s.valid = s.valid && x.type == CUDA_R_32F && x.batch == 1 &&
              x.step >= static_cast<std::int64_t>(x.order == CUBLASLT_ORDER_COL ? x.rows : x.columns);
  return s;
}
std::int64_t at(const MatrixOf& x, std::uint64_t row, std::uint64_t column) {
  const auto r = static_cast<std::int64_t>(row), c = static_cast<std::int64_t>(column);
  return x.order == CUBLASLT_ORDER_COL ? c * x.step + r : r * x.step + c;
}

}  // namespace

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  static int one;
  *handle = reinterpret_cast<cublasLtHandle_t>(&one);
  return CUBLAS_STATUS_SUCCESS;
}
const char* cublasLtGetStatusName(cublasStatus_t status) {
  return status == CUBLAS_STATUS_NOT_SUPPORTED   ? "CUBLAS_STATUS_NOT_SUPPORTED"
         : status == CUBLAS_STATUS_INVALID_VALUE ? "CUBLAS_STATUS_INVALID_VALUE"
                                                 : "CUBLAS_STATUS";
}
const char* cublasLtGetStatusString(cublasStatus_t) { return "emulated"; }

cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout, size_t, cudaDataType type,
                                                 uint64_t rows, uint64_t columns, int64_t step) {
  write(layout, MatrixOf{rows, columns, step, type, CUBLASLT_ORDER_COL, 1});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                                cublasLtMatrixLayoutAttribute_t attribute, const void* v,
                                                size_t bytes) {
  auto x = read<MatrixOf>(layout);
  const bool known = (attribute == CUBLASLT_MATRIX_LAYOUT_ORDER && copied(x.order, v, bytes)) ||
                     (attribute == CUBLASLT_MATRIX_LAYOUT_LD && copied(x.step, v, bytes));
  write(layout, x);
  return known ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}
cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t product, size_t, cublasComputeType_t compute,
                                               cudaDataType_t scale) {
  write(product, ProductOf{compute, scale, CUBLAS_OP_N, CUBLAS_OP_N, CUBLASLT_EPILOGUE_DEFAULT, nullptr});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t attribute,
                                              const void* v, size_t bytes) {
  auto p = read<ProductOf>(product);
  const bool known = (attribute == CUBLASLT_MATMUL_DESC_TRANSA && copied(p.a, v, bytes)) ||
                     (attribute == CUBLASLT_MATMUL_DESC_TRANSB && copied(p.b, v, bytes)) ||
                     (attribute == CUBLASLT_MATMUL_DESC_EPILOGUE && copied(p.epilogue, v, bytes)) ||
                     (attribute == CUBLASLT_MATMUL_DESC_BIAS_POINTER && copied(p.bias, v, bytes));
  write(product, p);
  return known ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}
cublasStatus_t cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t preference, size_t) {
  write(preference, PreferenceOf{0, {256, 256, 256, 256}});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void* v,
                                                    size_t bytes) {
  auto p = read<PreferenceOf>(preference);
  bool known = attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES && copied(p.workspace, v, bytes);
  for (int i = 0; i < 4; ++i)
    if (attribute == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES + i) known = copied(p.alignment[i], v, bytes);
  write(preference, p);
  return known ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t product,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int requested,
                                              cublasLtMatmulHeuristicResult_t results[], int* found) {
  *found = 0;
  const Shape s =
      shape_of(read<ProductOf>(product), read<MatrixOf>(a), read<MatrixOf>(b), read<MatrixOf>(c), read<MatrixOf>(d));
  if (!handle || requested < 1 || !s.valid) return CUBLAS_STATUS_INVALID_VALUE;
  const auto p = read<PreferenceOf>(preference);
  AlgorithmOf algorithm{s.m, s.n, s.k, p.workspace >= wanted_workspace ? wanted_workspace : 0, {}};
  std::memcpy(algorithm.alignment, p.alignment, sizeof p.alignment);
  write(&results[0].algo, algorithm);
  results[0].workspaceSize = algorithm.workspace;
  results[0].state = CUBLAS_STATUS_SUCCESS;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t product, const void* alpha, const void* a_,
                              cublasLtMatrixLayout_t a_layout, const void* b_, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c_, cublasLtMatrixLayout_t c_layout, void* d_,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algorithm_, void* workspace,
                              size_t bytes, cudaStream_t stream) {
  const auto p = read<ProductOf>(product);
  const auto a = read<MatrixOf>(a_layout), b = read<MatrixOf>(b_layout), c = read<MatrixOf>(c_layout),
             d = read<MatrixOf>(d_layout);
  const Shape s = shape_of(p, a, b, c, d);
  if (!handle || !s.valid || !algorithm_) return CUBLAS_STATUS_INVALID_VALUE;
  const auto algorithm = read<AlgorithmOf>(algorithm_);
  const bool with_bias = p.epilogue == CUBLASLT_EPILOGUE_BIAS || p.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
  const bool relu = p.epilogue == CUBLASLT_EPILOGUE_RELU || p.epilogue == CUBLASLT_EPILOGUE_RELU_BIAS;
  if (algorithm.m != s.m || algorithm.n != s.n || algorithm.k != s.k || bytes < algorithm.workspace ||
      !aligned(workspace, 256) || !aligned(a_, algorithm.alignment[0]) || !aligned(b_, algorithm.alignment[1]) ||
      !aligned(c_, algorithm.alignment[2]) || !aligned(d_, algorithm.alignment[3]) ||
      with_bias != (p.bias != nullptr) || (p.epilogue != CUBLASLT_EPILOGUE_DEFAULT && !with_bias && !relu))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  const float by = *static_cast<const float*>(alpha), plus = *static_cast<const float*>(beta);

  const std::function<void()> work = [=] {
    std::memset(workspace, 0xA5, algorithm.workspace);
    const auto* const fa = static_cast<const float*>(a_);
    const auto* const fb = static_cast<const float*>(b_);
    for (std::uint64_t i = 0; i < s.m; ++i)
      for (std::uint64_t j = 0; j < s.n; ++j) {
        float sum = 0;
        for (std::uint64_t k = 0; k < s.k; ++k)
          sum += rounded(fa[p.a == CUBLAS_OP_N ? at(a, i, k) : at(a, k, i)], p.compute) *
                 rounded(fb[p.b == CUBLAS_OP_N ? at(b, k, j) : at(b, j, k)], p.compute);
        float v = by * sum;
        if (plus != 0) v += plus * static_cast<const float*>(c_)[at(c, i, j)];
        if (with_bias) v += p.bias[i];
        static_cast<float*>(d_)[at(d, i, j)] = relu && v < 0 ? 0 : v;
      }
  };
  static const char kernel = 0;
  const ctnet_device::Launch launch{&kernel, "cublasLtMatmul", dim3(1), dim3(1), 0, false};
  return ctnet_device::enqueue(launch, work, stream) == cudaSuccess ? CUBLAS_STATUS_SUCCESS
                                                                    : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // extern "C"
