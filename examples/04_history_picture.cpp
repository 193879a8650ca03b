// SPDX-License-Identifier: MIT
// Reads a history (JSON, as 02 writes it), tells its best epoch and draws it again:  04_history_picture IN.json OUT.svg
#include <ctnet/report.hpp>

#include <cstdio>

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fputs("04_history_picture HISTORY.json PICTURE.svg\n", stderr);
    return 2;
  }
  const ctnet::History history = ctnet::read_json(argv[1]);
  if (history.empty()) ctnet::fail(argv[1], ": no epochs");

  const ctnet::EpochRecord* best = &history.front();
  for (const auto& epoch : history)
    if (epoch.validation_accuracy > best->validation_accuracy) best = &epoch;
  std::printf("%zu epochs, the best was %d: accuracy %.2f %% on data not trained on, loss %.4f in training\n",
              history.size(), best->epoch, 100 * best->validation_accuracy, best->loss);

  ctnet::write_svg(history, argv[2], {.title = "A training run", .width = 1000, .height = 480});
  std::printf("drawn: %s\n", argv[2]);
} catch (const ctnet::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
