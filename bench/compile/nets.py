# SPDX-License-Identifier: MIT
"""Programs with a network of n convolutions, for ctnet and for dlib: a training step and a prediction each."""


def _layers(n, kind):
    """(channels, whether a pool follows) of each convolution."""
    pools = {(i + 1) * n // 4 for i in range(4)}
    return [(32 if kind == "alike" else 16 + i, i + 1 in pools) for i in range(n)]


def ctnet(n, kind):
    layers, last = [], 3
    for channels, pool in _layers(n, kind):
        layers += [f"ct::Conv<{last}, {channels}, 3, ct::Pad<1>>", "ct::ReLU"] + ["ct::MaxPool<2>"] * pool
        last = channels
    layers += ["ct::Flatten", f"ct::Linear<{4 * last}, 10>"]
    return f"""#include <ctnet/ctnet.hpp>
#include <vector>
namespace ct = ctnet;
using Net = ct::Sequential<{", ".join(layers)}>;
int main() {{
  ct::Network<Net, ct::Image<3, 32, 32>> net{{ct::Seed{{1}}}};
  ct::Optimizer step{{net, ct::SGD{{.learning_rate = 0.001f, .momentum = 0.9}}}};
  const std::vector<float> images(4 * 3072);
  const std::vector<int> labels(4);
  const auto loss = ct::CrossEntropy{{}}(net.forward(images), labels);
  net.backward(loss.gradient);
  step();
  return net.predict(images)[0] > 0;
}}
"""


def dlib(n, kind):
    net = "dlib::input_rgb_image"
    for channels, pool in _layers(n, kind):
        net = f"dlib::relu<dlib::con<{channels}, 3, 3, 1, 1, {net}>>"
        if pool:
            net = f"dlib::max_pool<2, 2, 2, 2, {net}>"
    return f"""#include <dlib/dnn.h>
#include <vector>
using Net = dlib::loss_multiclass_log<dlib::fc<10, {net}>>;
int main() {{
  Net net;
  dlib::dnn_trainer<Net, dlib::sgd> trainer(net, dlib::sgd(0, 0.9f));
  trainer.set_learning_rate(0.001);
  const std::vector<dlib::matrix<dlib::rgb_pixel>> images(4, dlib::matrix<dlib::rgb_pixel>(32, 32));
  const std::vector<unsigned long> labels(4);
  trainer.train_one_step(images, labels);
  trainer.get_net();
  return net(images[0]) > 0;
}}
"""
