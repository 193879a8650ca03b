// SPDX-License-Identifier: MIT
// The whole program: LeNet learns CIFAR-10, or the embedded shapes where no folder is given. It shows the network,
// trains with augmentation, evaluates, draws curves and confusion matrix, and keeps a checkpoint: stopped at any moment
// and started again, it goes on and ends with the same bits.
#include <ctnet/ctnet.hpp>
#include <ctnet/report.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

namespace ct = ctnet;
namespace data = ctnet::data;

// clang-format off
using LeNet = ct::Sequential<
    ct::Conv<3, 6, 5>, ct::ReLU, ct::MaxPool<2>,
    ct::Conv<6, 16, 5>, ct::ReLU, ct::MaxPool<2>,
    ct::Flatten,
    ct::Linear<400, 120>, ct::ReLU,
    ct::Linear<120, 84>, ct::ReLU,
    ct::Linear<84, 10>>;
// clang-format on
using Input = ct::Image<3, 32, 32>;

struct Settings {
  std::string data;  // a folder with data_batch_1.bin to data_batch_5.bin and test_batch.bin
  std::string out = "lenet";
  int epochs = 8, batch = 16, workers = 2, images = 0, seed = 42;
};

constexpr const char* usage =
    "02_lenet_cifar10 [--data DIR] [--out DIR] [--epochs N] [--batch N] [--workers N] [--seed N] [--images N]\n"
    "  --data DIR    CIFAR-10 in its binary format; without it, shapes drawn by the program\n"
    "  --out DIR     weights, checkpoint, history and pictures (lenet); a run found there is continued\n"
    "  --images N    how many shapes are drawn to train on (20000)\n";

Settings parse(int argc, char** argv) {
  Settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--help" || name == "-h") std::fputs(usage, stdout), std::exit(0);
    if (i + 1 == argc) ct::fail(argv[i], ": unknown, or its value is missing; try --help");
    const char* value = argv[++i];
    const auto number = [&] {
      char* end = nullptr;
      const long n = std::strtol(value, &end, 10);
      if (end == value || *end || n < 0 || n > 1'000'000) ct::fail(argv[i - 1], " ", value, ": expected a number");
      return static_cast<int>(n);
    };
    if (name == "--data")
      s.data = value;
    else if (name == "--out")
      s.out = value;
    else if (name == "--epochs")
      s.epochs = number();
    else if (name == "--batch")
      s.batch = number();
    else if (name == "--workers")
      s.workers = number();
    else if (name == "--images")
      s.images = number();
    else if (name == "--seed")
      s.seed = number();
    else
      ct::fail(argv[i - 1], ": unknown; try --help");
  }
  return s;
}

template <class Set>
void train_and_report(const Set& train_set, const Set& test_set, const char* what, const Settings& s) {
  std::printf("LeNet learns %s: %zu images to train, %zu to test\n\n", what, train_set.size(), test_set.size());
  ct::summary<LeNet, Input>();

  const data::Normalize to_unit{{0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}};
  const data::Compose augment{data::RandomHorizontalFlip{}, data::RandomRotation{.degrees = 10}, data::ToTensor{},
                              to_unit};
  const data::Compose plain{data::ToTensor{}, to_unit};
  const auto seed = static_cast<std::uint64_t>(s.seed);
  data::Loader train{train_set, augment, {.batch_size = s.batch, .shuffle = true, .workers = s.workers, .seed = seed}};
  data::Loader test{test_set, plain, {.batch_size = 100, .workers = s.workers}};

  std::filesystem::create_directories(s.out);
  const std::string out = s.out + "/", checkpoint = out + "checkpoint.safetensors";
  if (std::filesystem::exists(checkpoint)) std::printf("\ngoing on from %s\n", checkpoint.c_str());
  std::fflush(stdout);

  ct::Network<LeNet, Input> net{ct::Seed{seed}};
  const ct::History history = ct::fit(net, train, ct::SGD{.learning_rate = 0.01f, .momentum = 0.9}, ct::CrossEntropy{},
                                      {.epochs = s.epochs,
                                       .progress = true,
                                       .schedule = ct::CosineAnnealing{},
                                       .record_steps = true,
                                       .checkpoint = checkpoint,
                                       .checkpoint_every = 1000},
                                      test);
  const ct::Evaluation result = ct::evaluate(net, test);
  std::printf("\n%sthe right class among the first five: %.2f %%, loss %.4f\n", result.confusion.str().c_str(),
              100 * result.top5, result.loss);

  const auto classes = train_set.classes();  // with these and the normalization the file is all that a user needs
  ct::save(net, out + "lenet.safetensors",
           {.classes = {classes.begin(), classes.end()}, .mean = {0.5f, 0.5f, 0.5f}, .std = {0.5f, 0.5f, 0.5f}});
  ct::write_csv(history, out + "history.csv");
  ct::write_json(history, out + "history.json");
  ct::write_svg(history, out + "curves.svg", {.title = std::string("LeNet on ") + what});
  ct::write_svg(result.confusion, out + "confusion.svg");
  const std::string note = "SGD with momentum 0.9, batches of " + std::to_string(s.batch) +
                           ", learning rate 0.01 along a cosine, seed " + std::to_string(s.seed) + ".";
  ct::write_html(history, out + "report.html", &result.confusion,
                 {.title = std::string("LeNet on ") + what, .note = note});
  std::printf("\nin %s: report.html, curves.svg, confusion.svg, history.csv, history.json, lenet.safetensors\n",
              out.c_str());
}

int main(int argc, char** argv) try {
  const Settings s = parse(argc, argv);
  if (s.data.empty()) {
    const auto images = static_cast<std::size_t>(s.images);
    train_and_report(data::Shapes<32>{data::Split::train, {.size = images}},
                     data::Shapes<32>{data::Split::test, {.size = images / 5}}, "embedded shapes", s);
  } else {
    train_and_report(data::Cifar10{s.data, data::Split::train}, data::Cifar10{s.data, data::Split::test}, "CIFAR-10",
                     s);
  }
} catch (const ct::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
