// SPDX-License-Identifier: MIT
// Two units include everything and use the same network: what one defines the other must not define again.
#include "everything.hpp"

using Net = ctnet::Sequential<ctnet::Flatten, ctnet::Linear<4, 2>>;
float first_parameter();

int main() {
  ctnet::Network<Net, ctnet::Image<1, 2, 2>> net{ctnet::Seed{1}};
  return net.parameters()[0] == first_parameter() ? 0 : 1;
}
