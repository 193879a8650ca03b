// SPDX-License-Identifier: MIT
// Which sanitizers the tests are built with: g++ and clang say so in different ways.
#pragma once

#if defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define CTNET_TEST_ASAN 1
#  endif
#  if __has_feature(thread_sanitizer)
#    define CTNET_TEST_TSAN 1
#  endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(CTNET_TEST_ASAN)
#  define CTNET_TEST_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(CTNET_TEST_TSAN)
#  define CTNET_TEST_TSAN 1
#endif
#ifndef CTNET_TEST_ASAN
#  define CTNET_TEST_ASAN 0
#endif
#ifndef CTNET_TEST_TSAN
#  define CTNET_TEST_TSAN 0
#endif
