// SPDX-License-Identifier: MIT
// A deployed network of 64 MiB as a static object: it lies in .bss, so that the executable stays small (a test looks at
// its size), and it computes with one output per input that is 1.
#include <ctnet/infer.hpp>

using Net = ctnet::Sequential<ctnet::Linear<4096, 4096>>;
using Input = ctnet::Features<4096>;
static constinit ctnet::Deployed<Net, Input, ctnet::Cpu<float>> net;
static float state[ctnet::Analysis<Net, Input>::state_size];
static_assert(decltype(net)::weight_bytes > 64u << 20 && decltype(net)::arena_bytes < 1u << 17);

int main() {
  for (int i = 0; i < 4096; ++i) state[i * 4096 + i] = static_cast<float>(i);
  if (!net.load(state)) return 2;
  static float x[4096];
  for (float& v : x) v = 1;
  const auto y = net(x);
  for (int i = 0; i < 4096; ++i)
    if (y[static_cast<unsigned>(i)] != static_cast<float>(i)) return 1;
  return 0;
}
