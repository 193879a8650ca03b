// SPDX-License-Identifier: MIT
// What ctnet's programs here measure. They are built for one network and one precision: -DBENCH_NET=lenet
// -DBENCH_PRECISION=ctnet::tf32; with a policy, -DBENCH_POLICY=ctnet::Cudnn and the header that it needs,
// '-DBENCH_DOOR=<ctnet/cudnn.hpp>'.
#pragma once

#ifdef BENCH_DOOR
#  include BENCH_DOOR
#endif

#include <string>

#include "nets.hpp"
#include "timing.cuh"

#ifndef BENCH_NET
#  define BENCH_NET lenet
#endif
#ifndef BENCH_PRECISION
#  define BENCH_PRECISION float
#endif

namespace bench {

using Measured = measured::BENCH_NET;
#ifdef BENCH_POLICY
using Backend = ct::Cuda<BENCH_PRECISION, BENCH_POLICY>;
#else
using Backend = ct::Cuda<BENCH_PRECISION>;
#endif

class Job {
 public:
  virtual ~Job() = default;
  virtual void restart() = 0;
  virtual std::string check(int steps) = 0;  // JSON
  virtual std::string run(double seconds) = 0;
};

// Requests on stdin, or one on the command line.
template <class Answer>
int serve_gpu(int argc, char** argv, Answer answer) {
  if (argc == 1) return serve(answer);
  std::string request;
  for (int i = 1; i < argc; ++i) request += std::string(argv[i]) + ' ';
  std::istringstream words(request);
  std::printf("%s\n", answer(words).c_str());
  return 0;
}

}  // namespace bench
