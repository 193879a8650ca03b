// SPDX-License-Identifier: MIT
// No include guard: includes the file CTNET_TARGET_FILE once per CPU target, each time with CTNET_TARGET as the name of
// its namespace and CTNET_VECTOR_BYTES as the width of its vectors. Every hot loop of the library passes through here,
// so its speed does not depend on the user's flags. In such a file: no includes, no `static`, code only inside
// `namespace ctnet::CTNET_TARGET`, lambdas marked __attribute__((always_inline)), no vectors by value across calls that
// are not inlined. Use:
//   #define CTNET_TARGET_FILE "ctnet/layers/pool/hot.inl"
//   #include "ctnet/backends/cpu/foreach_target.hpp"
#include "machine.hpp"

// Vectors are reinterpreted by C's cast, which is their only one, and the bounds of arrays are ints.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wsign-conversion"

#include "begin_base.hpp"
#include CTNET_TARGET_FILE
#include "end_target.hpp"

#if CTNET_HAS_AVX2
#  include "begin_avx2.hpp"
#  include CTNET_TARGET_FILE
#  include "end_target.hpp"
#endif

#if CTNET_HAS_AVX512
#  include "begin_avx512.hpp"
#  include CTNET_TARGET_FILE
#  include "end_target.hpp"
#endif

#pragma GCC diagnostic pop
#undef CTNET_TARGET_FILE
