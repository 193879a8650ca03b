// SPDX-License-Identifier: MIT
// Names and words of the errors that the emulator gives, or tests inject.
#include <cuda_runtime_api.h>

namespace {

struct Error {
  cudaError_t code;
  const char *name, *text;
};
#define CTNET_ERROR(name, text) \
  { name, #name, text }
constexpr Error errors[] = {
    CTNET_ERROR(cudaSuccess, "no error"),
    CTNET_ERROR(cudaErrorInvalidValue, "invalid argument"),
    CTNET_ERROR(cudaErrorMemoryAllocation, "out of memory"),
    CTNET_ERROR(cudaErrorInitializationError, "initialization error"),
    CTNET_ERROR(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    CTNET_ERROR(cudaErrorInvalidPitchValue, "invalid pitch argument"),
    CTNET_ERROR(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    CTNET_ERROR(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version"),
    CTNET_ERROR(cudaErrorInvalidDeviceFunction, "invalid device function"),
    CTNET_ERROR(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    CTNET_ERROR(cudaErrorInvalidDevice, "invalid device ordinal"),
    CTNET_ERROR(cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device"),
    CTNET_ERROR(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    CTNET_ERROR(cudaErrorIllegalState, "the operation cannot be performed in the present state"),
    CTNET_ERROR(cudaErrorNotReady, "device not ready"),
    CTNET_ERROR(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    CTNET_ERROR(cudaErrorLaunchOutOfResources, "too many resources requested for launch"),
    CTNET_ERROR(cudaErrorLaunchFailure, "unspecified launch failure"),
    CTNET_ERROR(cudaErrorCooperativeLaunchTooLarge, "too many blocks in cooperative launch"),
    CTNET_ERROR(cudaErrorNotSupported, "operation not supported"),
    CTNET_ERROR(cudaErrorStreamCaptureUnsupported, "operation not permitted when stream is capturing"),
    CTNET_ERROR(cudaErrorStreamCaptureInvalidated, "operation failed due to a previous error during capture"),
    CTNET_ERROR(cudaErrorStreamCaptureMerge, "operation would result in a merge of separate capture sequences"),
    CTNET_ERROR(cudaErrorStreamCaptureUnmatched, "capture was not ended in the same stream as it began"),
    CTNET_ERROR(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work"),
    CTNET_ERROR(cudaErrorStreamCaptureIsolation, "dependency created on uncaptured work in another stream"),
    CTNET_ERROR(cudaErrorStreamCaptureImplicit,
                "operation would make the legacy stream depend on a capturing blocking stream"),
    CTNET_ERROR(cudaErrorCapturedEvent, "operation not permitted on an event last recorded in a capturing stream"),
    CTNET_ERROR(cudaErrorUnknown, "unknown error"),
};
#undef CTNET_ERROR

const Error* find(cudaError_t code) {
  for (const Error& e : errors)
    if (e.code == code) return &e;
  return nullptr;
}

}  // namespace

extern "C" {

const char* cudaGetErrorName(cudaError_t code) {
  const Error* e = find(code);
  return e ? e->name : "an error that the emulator does not name";
}
const char* cudaGetErrorString(cudaError_t code) {
  const Error* e = find(code);
  return e ? e->text : "unrecognized error code";
}

}  // extern "C"
