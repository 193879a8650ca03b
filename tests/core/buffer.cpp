// SPDX-License-Identifier: MIT
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <ctnet/core/buffer.hpp>
#include <ctnet/core/error.hpp>

using namespace ctnet;

TEST_CASE("a buffer is aligned, zeroed, grows and never shrinks") {
  Buffer<float> b;
  CHECK(b.size() == 0);
  for (const std::size_t n : {1u, 7u, 64u, 5000u}) {
    b.grow(n);
    CHECK(b.size() == n);
    CHECK(reinterpret_cast<std::uintptr_t>(b.data()) % 64 == 0);
    for (std::size_t i = 0; i < n; ++i) REQUIRE(b.data()[i] == 0);
    b.data()[n - 1] = 3;
  }
  const float* before = b.data();
  b.grow(10);
  CHECK(b.size() == 5000);
  CHECK(b.data() == before);
  CHECK(b.data()[4999] == 3);
}

TEST_CASE("memory that cannot be had is named") {
  const auto said = [](std::size_t n) {
    Buffer<double> b(3);
    b.data()[1] = 5;
    try {
      b.grow(n, "activations");
    } catch (const std::bad_alloc& e) {
      CHECK(b.size() == 3);
      CHECK(b.data()[1] == 5);
      return std::string(e.what());
    }
    return std::string();
  };
  CHECK(said(std::size_t{1} << 57) == "activations: 1152921504606846976 bytes of memory cannot be had");
  CHECK(said(std::size_t{1} << 62) == "activations: more memory than there are addresses");
  CHECK_THROWS_WITH_AS(detail::with_memory_for("x.bin", std::size_t{1} << 63, [] {}),
                       "x.bin: 9223372036854775808 bytes of memory cannot be had", OutOfMemory);
  CHECK_THROWS_WITH_AS(detail::with_memory_for("x.bin", 7, [] { throw std::bad_alloc(); }),
                       "x.bin: 7 bytes of memory cannot be had", OutOfMemory);
}

TEST_CASE("a buffer moves") {
  Buffer<double> a(5);
  a.data()[2] = 4;
  const double* at = a.data();
  Buffer<double> b = std::move(a);
  CHECK(b.data() == at);
  CHECK(b.size() == 5);
  Buffer<double> c(1);
  c = std::move(b);
  CHECK(c.data()[2] == 4);
  const std::span<const double> span = c;
  CHECK(span.size() == 5);
}

TEST_CASE("an error is the sentence of its parts") {
  try {
    fail("file.bin: ", 17, " bytes, expected ", std::size_t{1} << 40, std::string(" or more"));
  } catch (const Error& e) {
    CHECK(std::string(e.what()) == "file.bin: 17 bytes, expected 1099511627776 or more");
  }
  CHECK_THROWS_AS(fail("x"), std::runtime_error);
}
