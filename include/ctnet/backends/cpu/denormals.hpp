// SPDX-License-Identifier: MIT
// Denormal numbers cost a hundred cycles each on many CPUs, and long training makes many of them: within a step they
// count as zeros (flush-to-zero for results, denormals-are-zero for operands). The bits of the CPU's control register
// belong to a thread; on machines other than x86 and aarch64 nothing is done.
#pragma once

#include <cstdint>
#include <type_traits>

namespace ctnet::cpu {

// While it lives, denormals are zero on this thread; then the register's bits are as before. Flags of exceptions that
// arithmetic raised stay raised.
class FlushDenormals {
 public:
#if defined(__SSE2__) && defined(__GNUC__)
  using Register = std::uint32_t;
  static constexpr Register bits = 0x8040;  // MXCSR: FTZ, DAZ
  static Register read() {
    Register r;
    __asm__ __volatile__("stmxcsr %0" : "=m"(r) : : "memory");
    return r;
  }
  static void write(Register r) { __asm__ __volatile__("ldmxcsr %0" : : "m"(r) : "memory"); }
#elif defined(__aarch64__) && defined(__GNUC__)
  using Register = std::uint64_t;
  static constexpr Register bits = Register{1} << 24;  // FPCR: FZ
  static Register read() {
    Register r;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(r) : : "memory");
    return r;
  }
  static void write(Register r) { __asm__ __volatile__("msr fpcr, %0" : : "r"(r) : "memory"); }
#else
  using Register = std::uint32_t;
  static constexpr Register bits = 0;
  static Register read() { return 0; }
  static void write(Register) {}
#endif

  FlushDenormals() : before_(read() & bits), changes_(before_ != bits) {
    if (!changes_) return;
    write(read() | bits);
    outside = before_;
  }
  ~FlushDenormals() {
    if (!changes_) return;
    write((read() & ~bits) | before_);
    outside = bits;
  }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  friend class DenormalsOutside;
  static inline constinit thread_local Register outside = bits;  // the bits before the one that changed them
  Register before_;
  bool changes_;
};

// While it lives, the register is as it was before the FlushDenormals around it: a thread inherits it from the thread
// that starts it, and threads that a step starts go on to serve the program.
class DenormalsOutside {
  using Flush = FlushDenormals;

 public:
  DenormalsOutside() : before_(Flush::read() & Flush::bits) { set(before_ & Flush::outside); }
  ~DenormalsOutside() { set(before_); }
  DenormalsOutside(const DenormalsOutside&) = delete;
  DenormalsOutside& operator=(const DenormalsOutside&) = delete;

 private:
  static void set(Flush::Register r) {
    if ((Flush::read() & Flush::bits) != r) Flush::write((Flush::read() & ~Flush::bits) | r);
  }
  Flush::Register before_;
};

// What a step on backend B puts around its work: nothing for backends that do not ask (Reference is by the book).
struct KeepDenormals {};
template <class B>
using DenormalsOf = std::conditional_t<requires { B::flush_denormals; }, FlushDenormals, KeepDenormals>;

}  // namespace ctnet::cpu
