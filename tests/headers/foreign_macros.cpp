// SPDX-License-Identifier: MIT
// Macros that other headers define do not reach the library's headers, and are there again behind its doors.
#define I (__extension__ 1.0iF)
#define N 1
#define R 2
#define S 3
#define B 4
#define A 5
#define T 6
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define abs(x) ((x) > 0 ? (x) : -(x))
#define round(x) ((x) >= 0 ? (long)((x) + 0.5) : (long)((x)-0.5))
#define None 0L
#define Success 0

#include <ctnet/ctnet.hpp>
#include <ctnet/data.hpp>
#include <ctnet/deploy.hpp>
#include <ctnet/infer.hpp>
#include <ctnet/infer_file.hpp>
#include <ctnet/io.hpp>
#include <ctnet/layers.hpp>
#include <ctnet/losses.hpp>
#include <ctnet/optimizers.hpp>
#include <ctnet/report.hpp>

#if !defined(I) || N + R + S + B + A + T != 21 || max(min(1, 2), 0) != 1 || !defined(abs) || !defined(round)
#  error "a macro did not come back"
#endif

float first_of_four();
float first_of_four() {
  ctnet::Network<ctnet::Sequential<ctnet::Linear<4, 2>, ctnet::Softmax>, ctnet::Features<4>> net;
  return net.predict(std::vector<float>(4))[0];
}
