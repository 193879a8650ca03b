// SPDX-License-Identifier: MIT
// The test programs' main.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
