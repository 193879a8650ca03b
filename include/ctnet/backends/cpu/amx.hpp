// SPDX-License-Identifier: MIT
// Intel's matrix tiles, eight registers of 16 rows of 64 bytes, and whether CPU and kernel grant them. In assembly, as
// the intrinsics want flags or headers. What the kernels need of tiles is this interface, so that tests run them on an
// emulation; the instructions below are compiled everywhere and have not been executed on every machine that builds
// them. Tiles take denormals for zeros.
#pragma once

#include "../../core/shape.hpp"
#include "machine.hpp"

namespace ctnet::cpu {

#if CTNET_HAS_AVX512

struct CpuId {
  unsigned a, b, c, d;
};
inline CpuId cpuid(unsigned leaf, unsigned subleaf) {
  CpuId r{};
  asm volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "0"(leaf), "2"(subleaf));
  return r;
}

// Whether this process may use tiles of bfloat16. Asks Linux for them: it grants them to all threads of the process.
inline bool may_use_tiles() {
#  if defined(__linux__)
  if (cpuid(0, 0).a < 7) return false;
  const CpuId features = cpuid(7, 0);
  const bool amx = (features.d >> 22 & 1) != 0 && (features.d >> 24 & 1) != 0;  // AMX-BF16, AMX-TILE
  if (!amx || (cpuid(1, 0).c >> 27 & 1) == 0) return false;                     // OSXSAVE
  unsigned low = 0;
  asm volatile("xgetbv" : "=a"(low) : "c"(0) : "rdx");
  if ((low >> 17 & 3) != 3) return false;  // the kernel saves tiles and their configuration
  long answer = 158;                       // arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)
  asm volatile("syscall" : "+a"(answer) : "D"(0x1023L), "S"(18L) : "rcx", "r11", "memory");
  return answer == 0;
#  else
  return false;
#  endif
}

class AmxTiles {
 public:
  // Between begin() and end() a thread owns its tiles.
  void begin() {
    struct Config {
      unsigned char palette = 1, start_row = 0, reserved[14] = {};
      unsigned short row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      unsigned char rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    };
    static_assert(sizeof(Config) == 64);
    const Config config;
    asm volatile("ldtilecfg %0" : : "m"(config));
  }
  void end() { asm volatile("tilerelease"); }

  template <int I>
  [[gnu::always_inline]] void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(I));
  }
  // Row n from p + n * step; p points to pairs of bfloat16, 16 to a row.
  template <int I>
  [[gnu::always_inline]] void load(const int* p, i64 step) {
    asm volatile("tileloadd (%1,%2,1), %%tmm%c0" : : "i"(I), "r"(p), "r"(step * 4) : "memory");
  }
  // Sums(n, k) += over pairs i, j = 0, 1 of  A(n, i)[j] B(i, k)[j]
  template <int Sums, int A, int B>
  [[gnu::always_inline]] void dot() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sums), "i"(A), "i"(B));
  }
  template <int I>
  [[gnu::always_inline]] void store(float* p) {
    asm volatile("tilestored %%tmm%c0, (%1,%2,1)" : : "i"(I), "r"(p), "r"(i64{64}) : "memory");
  }
};

#endif

}  // namespace ctnet::cpu
