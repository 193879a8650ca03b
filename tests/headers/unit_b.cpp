// SPDX-License-Identifier: MIT
// The second unit.
#include "everything.hpp"

using Net = ctnet::Sequential<ctnet::Flatten, ctnet::Linear<4, 2>>;
float first_parameter();

float first_parameter() {
  ctnet::Network<Net, ctnet::Image<1, 2, 2>> net{ctnet::Seed{1}};
  return net.parameters()[0];
}
