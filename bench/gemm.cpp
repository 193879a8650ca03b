// SPDX-License-Identifier: MIT
// Our matrix products beside Eigen's in the shapes of LeNet's training and of larger convolutions: GFLOP/s of each on
// one thread, medians of rounds in which both run in turn, and the share of the peak measured in the same run. Eigen is
// built by the flags of this file, ours picks its target when the program starts. Build it with -O2 and with -O3
// -march=native.
#include <Eigen/Core>
#include <algorithm>
#include <cstdio>
#include <vector>

#include <ctnet/backends/cpu/gemm.hpp>
#include <ctnet/core/error.hpp>

#include "support/numbers.hpp"
#include "support/peak.hpp"
#include "support/worker.hpp"

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Case {
  const char* what;
  int m, n, k;
  bool dot;  // the second factor is given transposed
};

Matrix filled(int rows, int columns) {
  Matrix a(rows, columns);
  for (Eigen::Index i = 0; i < a.size(); ++i)
    a.data()[i] = bench::symmetric(bench::Stream::images, static_cast<std::size_t>(i));
  return a;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

}  // namespace

int main() {
  const Case cases[] = {
      {"LeNet conv 1, forward", 6, 784, 75, false},       {"LeNet conv 2, forward", 16, 100, 150, false},
      {"LeNet conv 2, dW", 16, 150, 100, true},           {"LeNet linear 1, batch 4", 4, 120, 400, true},
      {"LeNet linear 1, batch 128", 128, 120, 400, true}, {"conv 3x3 64-64 at 32", 64, 1024, 576, false},
      {"conv 3x3 128-128, dW", 128, 1152, 256, true},     {"256 x 256 x 256", 256, 256, 256, false}};
  const double peak = bench::peak_operations_per_second(0.3) * 1e-9;
  std::printf("target %s, peak %.0f GFLOP/s\n%-28s %8s %8s %7s %14s\n", ctnet::cpu::name(ctnet::cpu::target()), peak,
              "shape", "ours", "Eigen", "ratio", "ours of peak");
  for (const Case& c : cases) {
    const Matrix a = filled(c.m, c.k), b = c.dot ? filled(c.n, c.k) : filled(c.k, c.n);
    Matrix ours(c.m, c.n), eigen(c.m, c.n);
    const auto run_ours = [&] {
      if (c.dot)
        CTNET_PICK(gemm_dot<float>)(c.m, c.n, c.k, a.data(), c.k, b.data(), c.k, ours.data(), c.n, nullptr, false);
      else
        CTNET_PICK(gemm<float>)(c.m, c.n, c.k, a.data(), c.k, 1, b.data(), c.n, ours.data(), c.n, nullptr, false);
    };
    const auto run_eigen = [&] {
      if (c.dot)
        eigen.noalias() = a * b.transpose();
      else
        eigen.noalias() = a * b;
    };
    run_ours();
    run_eigen();
    if (!((ours - eigen).cwiseAbs().maxCoeff() <= 2e-5f * eigen.cwiseAbs().maxCoeff())) {
      std::printf("%s: the results differ\n", c.what);
      return 1;
    }
    const double work = 2e-9 * c.m * c.n * c.k;
    std::vector<double> a_rate, b_rate, ratio;
    for (int round = 0; round < 9; ++round) {
      a_rate.push_back(work * bench::measure(0.05, run_ours).per_second);
      b_rate.push_back(work * bench::measure(0.05, run_eigen).per_second);
      ratio.push_back(a_rate.back() / b_rate.back());
    }
    std::printf("%-28s %8.1f %8.1f %7.2f %12.0f %%\n", c.what, median(a_rate), median(b_rate), median(ratio),
                100 * median(a_rate) / peak);
  }
}
