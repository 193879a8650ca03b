// SPDX-License-Identifier: MIT
#include <ctnet/layers/dropout/cuda.cuh>

#include "../cuda_run.hpp"
#include "cases.hpp"

using namespace test;
using ctnet::Cuda;
using ctnet::Dropout;
using ctnet::DropoutOp;

TEST_CASE("dropout on the GPU against the plain loops in double, mask for mask") {
  conforms_on_gpu<Cuda<>>(dropout::cases());
  conforms_on_gpu<Cuda<double>>(dropout::cases(), {2});
}

// From `image` images behind the batch's first, with the number of the step in the arguments or in device memory.
template <class T>
static Doubles drawn(const DropoutOp& op, int batch, i64 image, std::uint64_t step, bool in_memory) {
  const auto n = static_cast<std::size_t>(batch) * static_cast<std::size_t>(op.size);
  const DeviceBlock<T> ones(Doubles(n, 1), Flush::start), out(n, Flush::start);
  const DeviceBlock<std::uint64_t> steps(std::vector<std::uint64_t>{step}, Flush::start);
  const TestStream stream;
  cuda::Forward<T> f;
  f.batch = batch;
  f.training = true;
  f.in[0] = ones.data();
  f.out = out.data();
  f.draw = {11, in_memory ? step + 1 : step, 5, image};
  f.draw_step = in_memory ? steps.data() : nullptr;
  f.queue = {stream.get(), "forward", 0};
  stream.run(in_memory, [&] { ctnet::Kernel<DropoutOp, Cuda<T>>::forward(op, f); });
  CHECK(out.intact());
  return out.template read<double>();
}
TEST_CASE("dropout on the GPU: the step's number in device memory, images from the middle of a batch") {
  for (const DropoutOp op : {Dropout<>::op({13}, {}), Dropout<25>::op({3, 4, 4}, {})}) {
    const Doubles whole = drawn<float>(op, 6, 0, 1234567890123, false);
    CHECK(drawn<float>(op, 6, 0, 1234567890123, true) == whole);
    CHECK(drawn<float>(op, 6, 0, 1234567890124, false) != whole);
    CHECK(drawn<double>(op, 6, 0, 1234567890123, false).size() == whole.size());
    for (const int first : {1, 3})
      CHECK(drawn<float>(op, 6 - first, first, 1234567890123, true) ==
            Doubles(whole.begin() + first * op.size, whole.end()));
  }
}
