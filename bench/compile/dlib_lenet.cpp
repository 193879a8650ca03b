// SPDX-License-Identifier: MIT
// The trainer of ctnet_lenet.cpp with dlib: same layers, batches of 4, SGD with momentum, flips and rotations drawn by
// two threads that run ahead, accuracy, save and load. dlib divides colours by 256 and its input layer knows no
// deviation. Usage: dlib_lenet DIR [EPOCHS]
#include <dlib/data_io.h>
#include <dlib/dnn.h>
#include <dlib/image_transforms.h>
#include <dlib/pipe.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

using Image = dlib::matrix<dlib::rgb_pixel>;
using Sample = std::pair<Image, unsigned long>;

// Without padding: dlib::con would pad.
template <long filters, class Below>
using conv5 = dlib::add_layer<dlib::con_<filters, 5, 5, 1, 1, 0, 0>, Below>;
template <class Below>
using pool2 = dlib::max_pool<2, 2, 2, 2, Below>;

using LeNet = dlib::loss_multiclass_log<dlib::fc<
    10,
    dlib::relu<dlib::fc<
        84, dlib::relu<dlib::fc<120,  //
                                pool2<dlib::relu<conv5<16, pool2<dlib::relu<conv5<6, dlib::input_rgb_image>>>>>>>>>>>>;

Image augmented(const Image& image, dlib::rand& random) {
  Image flipped, out;
  const bool flip = random.get_random_double() < 0.5;
  if (flip) dlib::flip_image_left_right(image, flipped);
  const double angle = random.get_double_in_range(-10, 10) * dlib::pi / 180;
  const dlib::chip_details whole(dlib::get_rect(image), dlib::chip_dims(32, 32), angle);
  dlib::extract_image_chip(flip ? flipped : image, whole, out, dlib::interpolate_nearest_neighbor());
  return out;
}

double accuracy(LeNet& net, const std::vector<Image>& images, const std::vector<unsigned long>& labels) {
  const std::vector<unsigned long> guess = net(images, 100);
  std::size_t right = 0;
  for (std::size_t i = 0; i < guess.size(); ++i) right += guess[i] == labels[i];
  return static_cast<double>(right) / static_cast<double>(guess.size());
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int epochs = argc > 2 ? std::atoi(argv[2]) : 2;

  std::vector<Image> images, test_images;
  std::vector<unsigned long> labels, test_labels;
  dlib::load_cifar_10_dataset(argv[1], images, labels, test_images, test_labels);

  LeNet net(dlib::input_rgb_image(127.5f, 127.5f, 127.5f));
  dlib::dnn_trainer<LeNet, dlib::sgd> trainer(net, dlib::sgd(0, 0.9f));
  trainer.set_learning_rate(0.001);

  for (int epoch = 0; epoch < epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::size_t> order(images.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    dlib::rand shuffle(epoch);
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[shuffle.get_random_64bit_number() % i]);

    dlib::pipe<Sample> samples(64);
    const auto run_ahead = [&](std::size_t worker) {
      dlib::rand random(2 * epoch + worker);
      for (std::size_t i = worker; i < order.size(); i += 2) {
        Sample s(augmented(images[order[i]], random), labels[order[i]]);
        if (!samples.enqueue(s)) return;
      }
    };
    std::thread first(run_ahead, 0), second(run_ahead, 1);
    std::vector<Image> batch;
    std::vector<unsigned long> truth;
    for (std::size_t i = 0; i < order.size();) {
      batch.clear();
      truth.clear();
      for (; batch.size() < 4 && i < order.size(); ++i) {
        Sample s;
        samples.dequeue(s);
        batch.push_back(std::move(s.first));
        truth.push_back(s.second);
      }
      trainer.train_one_step(batch, truth);
    }
    first.join();
    second.join();
    trainer.get_net();
    std::printf("epoch loss %.3f  %.1f s\n", trainer.get_average_loss(),
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  const double before = accuracy(net, test_images, test_labels);
  std::printf("accuracy %.2f %%\n", 100 * before);

  net.clean();
  dlib::serialize("lenet.dat") << net;
  LeNet again;
  dlib::deserialize("lenet.dat") >> again;
  return accuracy(again, test_images, test_labels) == before ? 0 : 1;
}
