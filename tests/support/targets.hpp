// SPDX-License-Identifier: MIT
// Runs a test once per instruction set that this CPU has, for backends that choose between them; once for the others.
#pragma once

#include <string>

#include <ctnet/backends/cpu/machine.hpp>

namespace test {

template <class Backend, class F>
void on_every_target(F f) {
  const std::string type = sizeof(typename Backend::scalar) == 8 ? "<double>" : "<float>";
  if constexpr (!requires { typename Backend::fallback; }) {
    f("Reference" + type);
  } else {
    using ctnet::cpu::Target;
    struct Restore {
      ~Restore() { ctnet::cpu::limit_target(Target::avx512); }
    } restore;
    for (const Target t : {Target::base, Target::avx2, Target::avx512}) {
      ctnet::cpu::limit_target(t);
      if (ctnet::cpu::target() == t) f("Cpu" + type + " on " + ctnet::cpu::name(t));
    }
  }
}

}  // namespace test
