// SPDX-License-Identifier: MIT
// Deployed networks on threads give the bits of one thread, whether threads share a batch or an image.
#include <ctnet/backends/cpu/threads.hpp>
#include <ctnet/deploy.hpp>
#include <ctnet/layers.hpp>

#include <doctest/doctest.h>
#ifdef __unix__
#  include <sys/wait.h>
#  include <unistd.h>
#endif

#include <thread>

#include "../support/sanitizers.hpp"
#include "../support/values.hpp"

namespace {
using namespace ctnet;

template <int I, int O>
using Block = Sequential<Conv<I, O, 3, Pad<1>, NoBias>, BatchNorm<O>, ReLU>;
using Net =
    Sequential<Conv<3, 6, 5>, ReLU, MaxPool<2>, Block<6, 48>, Residual<Block<48, 48>>, MaxPool<2>,
               Conv<48, 48, 3, Groups<48>>, GELU, GlobalAvgPool, Flatten, Linear<48, 300>, ReLU, Linear<300, 10>>;
using In = Image<3, 40, 44>;

std::vector<float> floats(const char* name, std::size_t n, double scale) {
  const auto v = test::values(name, n, scale, scale);  // variances are positive
  return {v.begin(), v.end()};
}
}  // namespace

TEST_CASE("deploy: the same bits on any number of threads") {
  constexpr int capacity = 37;
  const auto state = floats("state", static_cast<std::size_t>(Analysis<Net, In>::state_size), 0.2);
  const auto x = floats("x", static_cast<std::size_t>(capacity * In::shape.size()), 1);
  const auto plain = make_deployed<Net, In, Cpu<float>, capacity>();
  const auto threaded = make_deployed<Net, In, Cpu<float, OpenMP>, capacity>();
  REQUIRE(plain->load(state));
  REQUIRE(threaded->load(state));
  const int before = get_num_threads();
  for (const int batch : {1, 2, 3, 16, capacity}) {
    const auto y = (*plain)(x, batch);
    const std::vector<float> want(y.begin(), y.end());
    for (const int threads : {1, 2, 3, 5, 20}) {
      set_num_threads(threads);
      const auto got = (*threaded)(x, batch);
      CHECK_MESSAGE(std::vector<float>(got.begin(), got.end()) == want, batch, " images on ", threads, " threads");
    }
  }
  set_num_threads(before);
}

#ifdef _OPENMP
TEST_CASE("deploy: OpenMP's threads are left as they were, denormals included") {
  const auto state = floats("state", static_cast<std::size_t>(Analysis<Net, In>::state_size), 0.2);
  const auto x = floats("x", static_cast<std::size_t>(16 * In::shape.size()), 1);
  const auto deployed = make_deployed<Net, In, Cpu<float, OpenMP>, 16>();
  REQUIRE(deployed->load(state));
  const int before = get_num_threads();
  set_num_threads(4);
  int changed = 0;
  std::thread([&] {  // its threads are its own: they start within the call
    (*deployed)(x, 16);
#  pragma omp parallel num_threads(4) reduction(+ : changed)
    changed += (cpu::FlushDenormals::read() & cpu::FlushDenormals::bits) != 0;
  })
      .join();
  set_num_threads(before);
  CHECK(changed == 0);
}
#endif

// ThreadSanitizer does not follow a program with threads into its child.
#if defined(_OPENMP) && defined(__unix__) && !CTNET_TEST_TSAN
TEST_CASE("deploy, train: a forked process does not wait for its parent's threads") {
  const auto state = floats("state", static_cast<std::size_t>(Analysis<Net, In>::state_size), 0.2);
  const auto x = floats("x", static_cast<std::size_t>(16 * In::shape.size()), 1);
  const auto deployed = make_deployed<Net, In, Cpu<float, OpenMP>, 16>();
  REQUIRE(deployed->load(state));
  using Head = Sequential<Conv<3, 4, 3>, ReLU, GlobalAvgPool, Flatten, Linear<4, 2>>;
  Network<Head, In, Cpu<float, OpenMP>> net{Seed{1}};
  const int before = get_num_threads();
  set_num_threads(2);
  const auto run = [&] {
    const auto y = (*deployed)(x, 16);
    std::vector<float> all(y.begin(), y.end());
    const std::vector<float> logits = net.forward(x);
    net.zero_grad();
    net.backward(logits);
    all.insert(all.end(), logits.begin(), logits.end());
    all.insert(all.end(), net.gradients().begin(), net.gradients().end());
    return all;
  };
  const std::vector<float> here = run();
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    alarm(30);  // a child that hangs is killed
    _exit(run() == here && cpu::workers_for(true, 8) == 1 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(cpu::workers_for(true, 8) == 2);
  set_num_threads(before);
}
#endif
