// SPDX-License-Identifier: MIT
// Built several times, with CTNET_UNIT as the name of its function.
#include "units.hpp"

#include <span>

#ifdef __cpp_exceptions
#  include <ctnet/train/network.hpp>
#  include <vector>
#endif

Answer CTNET_UNIT() {
  using namespace ctnet;
  static float state[state_size], image[192];
  for (float& v : state) v = 0.01f;
  state[0] = 0.5f;
  for (float& v : image) v = 0.5f;
  static Deployed<Small, Picture, Cpu<float, OpenMP>, 8> deployed;
  Answer answer{get_num_threads(), cpu::workers_for(true, 8), cpu::name(cpu::target()), -1};
  if (!deployed.load(state)) return answer;
  answer.score = deployed(std::span<const float, 192>{image})[0];
#ifdef __cpp_exceptions
  Network<Small, Picture, Cpu<float, OpenMP>> net;
  const auto parameters = net.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] = i == 0 ? 0.5f : 0.01f;
  const float score = net.predict(std::vector<float>(image, image + 192))[0];
  if (score - answer.score > 1e-5f || answer.score - score > 1e-5f) answer.score = -2;
  try {
    net.predict(std::vector<float>(5));
    answer.score = -3;
  } catch (const Error&) {
  }
#endif
  return answer;
}
