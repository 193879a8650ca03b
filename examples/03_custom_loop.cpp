// SPDX-License-Identifier: MIT
// Somebody else's loop: the caller owns data, loop and step. A network takes any contiguous tensor (std::vector,
// std::span, Eigen, xtensor) and gives views that convert to any of them.
#include <ctnet/ctnet.hpp>

#include <Eigen/Core>
#include <xtensor/xtensor.hpp>

#include <cmath>
#include <cstdio>
#include <span>
#include <vector>

namespace ct = ctnet;

// Which of three angles a striped 8 x 8 picture has.
using Net = ct::Sequential<ct::Conv<1, 8, 3, ct::Pad<1>>, ct::ReLU, ct::MaxPool<2>, ct::Flatten, ct::Linear<128, 3>>;

xt::xtensor<float, 4> stripes(const std::vector<int>& labels, ct::Random& random) {
  xt::xtensor<float, 4> images({labels.size(), 1, 8, 8});
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const double angle = labels[n] * std::acos(-1.0) / 3, phase = random.uniform(0, 6.28);
    for (std::size_t y = 0; y < 8; ++y)
      for (std::size_t x = 0; x < 8; ++x) {
        const double along = std::cos(angle) * static_cast<double>(x) + std::sin(angle) * static_cast<double>(y);
        images(n, 0, y, x) = static_cast<float>(std::sin(2 * along + phase) + random.uniform(-0.5, 0.5));
      }
  }
  return images;
}

int main() {
  ct::Network<Net, ct::Image<1, 8, 8>> net{ct::Seed{1}};
  ct::Optimizer step{net, ct::AdamW{.learning_rate = 5e-3f}};
  const ct::CrossEntropy cross_entropy{.label_smoothing = 0.05};
  ct::Random random{ct::Seed{7}};

  for (int i = 1; i <= 200; ++i) {
    std::vector<int> labels(32);
    for (int& label : labels) label = static_cast<int>(random.below(3));
    const xt::xtensor<float, 4> images = stripes(labels, random);

    const auto logits = net.forward(images);  // (32, 3), a view that lives until the network's next call
    const auto loss = cross_entropy(logits, labels);
    net.backward(loss.gradient);
    const double norm = step.clip_grad_norm(1.0);
    step();  // applies and clears the gradients
    if (i % 50 == 0) std::printf("step %3d  loss %.4f  norm of the gradients %.3f\n", i, loss.value, norm);
  }

  const std::vector<int> truth{0, 1, 2};
  const xt::xtensor<float, 4> pictures = stripes(truth, random);
  // The same numbers by xtensor, by span, and as an Eigen matrix with a picture per row: the same answer.
  const xt::xtensor<float, 2> scores = net.predict(pictures);
  const std::vector<float> by_span = net.predict(std::span<const float>{pictures.data(), pictures.size()});
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Rows rows = Eigen::Map<const Rows>(pictures.data(), 3, 64);
  const Rows by_eigen = net.predict(rows);

  int wrong = 0;
  for (Eigen::Index n = 0; n < 3; ++n) {
    Eigen::Index best = 0;
    by_eigen.row(n).maxCoeff(&best);
    const auto at = static_cast<std::size_t>(n);
    std::printf("picture %zu: class %d, predicted %td\n", at, truth[at], best);
    wrong += best != truth[at] || scores(at, 0) != by_eigen(n, 0) || by_span[3 * at] != by_eigen(n, 0);
  }
  return wrong == 0 ? 0 : 1;
}
