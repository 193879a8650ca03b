// SPDX-License-Identifier: MIT
// The progress meter on a terminal and in a file, and that it does not outrun its limits.
#include <doctest/doctest.h>
#include <ctnet/report/progress.hpp>

#include <thread>

using namespace ctnet;

namespace {

// What the meter writes while f drives it.
template <class F>
std::string written(bool on, bool terminal, F f) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file);
  {
    report::Progress meter(on, 12, file, terminal);
    f(meter);
  }
  std::string s(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  REQUIRE(std::fread(s.data(), 1, s.size(), file) == s.size());
  std::fclose(file);
  return s;
}
const EpochRecord record{.epoch = 3, .loss = 1.25, .seconds = 2, .images_per_second = 4321, .images = 8642};

}  // namespace

TEST_CASE("switched off it writes nothing") {
  CHECK(written(false, true, [](report::Progress& p) {
          p.begin_epoch(1, 2);
          p.step(4, 1);
          p.end_epoch(record);
        }).empty());
}

TEST_CASE("a log has one line per short epoch, with what was measured") {
  const std::string s = written(true, false, [](report::Progress& p) {
    p.begin_epoch(3, 100);
    for (int i = 0; i < 100; ++i) p.step(4, 1);
    p.end_epoch(record);
    EpochRecord all = record;
    all.epoch = 10, all.accuracy = 0.5, all.validation_loss = 1.5, all.validation_accuracy = 0.4321;
    p.end_epoch(all);
  });
  CHECK(
      s ==
      "epoch  3/12  loss 1.2500  4,321 images/s  2.0 s\n"
      "epoch 10/12  loss 1.2500  accuracy 50.0 %  validation loss 1.5000  validation accuracy 43.2 %  4,321 images/s  "
      "2.0 s\n");
}

TEST_CASE("a terminal is redrawn at most ten times a second, and the line is cleared at the end") {
  const auto start = std::chrono::steady_clock::now();
  const std::string s = written(true, true, [](report::Progress& p) {
    p.begin_epoch(1, 1000);
    for (int i = 0; i < 50; ++i) {
      p.step(4, 1);
      std::this_thread::sleep_for(std::chrono::milliseconds(7));
    }
    p.end_epoch(record);
  });
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::size_t drawn = 0;
  for (std::size_t at = 0; (at = s.find("\repoch", at)) != s.npos; ++at) ++drawn;
  CHECK(drawn >= 1);
  CHECK(static_cast<double>(drawn) <= 10 * seconds + 1);
  CHECK(s.find("\n") == s.size() - 1);
  CHECK(s.find("\repoch  3/12  loss") != s.npos);
}

TEST_CASE("the line says how far, how fast and how long, within the columns there are") {
  report::Progress p(true, 12, stderr, false);
  p.begin_epoch(2, 400);
  for (int i = 0; i < 100; ++i) p.step(4, 1);
  CHECK(p.line(10, 0.5, 0) == "epoch  2/12  100/400  40.0 images/s  loss 0.5000  30 s left");
  CHECK(p.line(10, not_measured, 0) == "epoch  2/12  100/400  40.0 images/s  loss -  30 s left");
  for (std::size_t columns = 2; columns < 200; ++columns) {
    CAPTURE(columns);
    CHECK(report::width_of(p.line(10, 0.5, columns)) < columns);
  }
  CHECK(p.line(10, 0.5, 120).find("\u2588\u2588\u2588\u2588\u2588\u2588\u00B7") != std::string::npos);

  p.begin_epoch(2, 400, 300);  // resumed: only what this run did counts for the time left
  p.step(4, 1);
  CHECK(p.line(1, 0.5, 0) == "epoch  2/12  301/400  4.0 images/s  loss 0.5000  1:39 min left");
  p.begin_epoch(2, 0);
  p.step(4, 1);
  CHECK(p.line(1, 0.5, 0) == "epoch  2/12  batch 1  4.0 images/s  loss 0.5000");
  CHECK(p.line(0, 0.5, 80).find("left") == std::string::npos);
}

TEST_CASE("a meter left in the middle of a line ends it") {
  const std::string s = written(true, true, [](report::Progress& p) {
    p.begin_epoch(1, 10);
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    p.step(4, 1);
  });
  CHECK(s.find("1/10") != s.npos);
  CHECK(s.back() == '\n');
}
