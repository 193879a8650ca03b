// SPDX-License-Identifier: MIT
// `using namespace ctnet` leaves plain words to the program, and std's names beside it.
#include <any>
#include <vector>

#include <ctnet/ctnet.hpp>

using namespace std;
using namespace ctnet;

static any x;  // std's
static int layer = 1, channels = 2, window = 3, pad = 4, groups = 5, features = 6, option = 7, loader = 8, network = 9,
           input = 10, branch = 11, stride = 12, weight = 13, momentum = 14, probability = 15, at = 16;
int sum_of_names();

int sum_of_names() {
  x = Network<Sequential<Linear<4, 2>>, Features<4>>::tensors().size();
  return layer + channels + window + pad + groups + features + option + loader + network + input + branch + stride +
         weight + momentum + probability + at;
}
