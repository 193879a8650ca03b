// SPDX-License-Identifier: MIT
// A progress meter on stderr: on a terminal one line, redrawn at most ten times a second; elsewhere (a log file, a
// pipe) a plain line every ten seconds and one at each epoch's end. Switched off it costs one branch a step.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "../core/finite.hpp"
#include "../io/system.hpp"
#include "history.hpp"
#include "number.hpp"

namespace ctnet::report {

//   Progress meter(options.progress, epochs);
//   meter.begin_epoch(e, batches);  per step: meter.step(images, loss);  meter.end_epoch(record);
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  // Writes to `out`, as to a terminal where it is one.
  explicit Progress(bool on, int epochs = 1, std::FILE* out = stderr)
      : Progress(on, epochs, out, on && io::detail::is_terminal(out)) {}
  Progress(bool on, int epochs, std::FILE* out, bool terminal)
      : on_(on), terminal_(terminal), epochs_(epochs), out_(out) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  // An exception in the middle of an epoch leaves the line as it stands, ended.
  ~Progress() {
    if (drawn_ > 0) std::fputc('\n', out_);
  }

  // `epoch` counts from 1; `batches` of this epoch, 0 where unknown; `done` of them before a resumed run.
  void begin_epoch(int epoch, long long batches, long long done = 0) {
    if (!on_) return;
    epoch_ = epoch, batches_ = batches, done_ = first_ = done, images_ = 0;
    start_ = Clock::now();
    next_ = start_ + (terminal_ ? Clock::duration(draw_every) : Clock::duration(log_every));
  }
  void step(long long images, double loss) {
    if (!on_) return;
    ++done_, images_ += images;
    const auto now = Clock::now();
    if (now < next_) return;
    next_ = now + (terminal_ ? Clock::duration(draw_every) : Clock::duration(log_every));
    const std::string text = line(std::chrono::duration<double>(now - start_).count(), loss,
                                  terminal_ ? io::detail::terminal_columns(out_) : 0);
    terminal_ ? draw(text) : print(text);
  }
  void end_epoch(const EpochRecord& e) {
    if (!on_) return;
    if (terminal_) draw("");
    print(summary(e));
  }

  // What stands on the line `seconds` into the epoch: at most `columns` wide, the bar taking what the rest leaves; with
  // 0 columns there is no bar. Public to be tested.
  std::string line(double seconds, double loss, std::size_t columns) const {
    std::string right;
    if (batches_ > 0) {
      right = "  " + std::to_string(done_) + "/" + std::to_string(batches_);
    } else {
      right = "  batch " + std::to_string(done_);
    }
    right += "  " + rate(seconds > 0 ? static_cast<double>(images_) / seconds : 0) + "  loss " + figure(loss, 4);
    if (batches_ > 0 && done_ > first_ && done_ <= batches_) {
      const double each = seconds / static_cast<double>(done_ - first_);
      right += "  " + duration(each * static_cast<double>(batches_ - done_)) + " left";
    }
    std::string left = head(epoch_);
    if (columns == 0) return left + right;
    const std::size_t text = left.size() + right.size() + 3,
                      room = columns > text ? std::min<std::size_t>(columns - text, 24) : 0;
    if (batches_ > 0 && room >= 6)
      left += "  " + bar(static_cast<double>(done_) / static_cast<double>(batches_), static_cast<int>(room));
    return shortened(left + right, columns - 1);
  }
  std::string summary(const EpochRecord& e) const {
    std::string s = head(e.epoch) + "  loss " + figure(e.loss, 4);
    if (is_finite(e.accuracy)) s += "  accuracy " + percent(e.accuracy);
    if (measured(e.validation_loss)) s += "  validation loss " + figure(e.validation_loss, 4);
    if (is_finite(e.validation_accuracy)) s += "  validation accuracy " + percent(e.validation_accuracy);
    return s + "  " + rate(e.images_per_second) + "  " + fixed(e.seconds, 1) + " s";
  }

 private:
  static constexpr std::chrono::milliseconds draw_every{100};
  static constexpr std::chrono::seconds log_every{10};

  std::string head(int epoch) const {
    const std::string all = std::to_string(epochs_), one = std::to_string(epoch);
    return "epoch " + std::string(all.size() > one.size() ? all.size() - one.size() : 0, ' ') + one + "/" + all;
  }
  static std::string rate(double v) {
    return (v < 100 ? fixed(v, 1) : grouped(static_cast<long long>(std::min(v, 1e15) + 0.5))) + " images/s";
  }
  // U+258F .. U+2588 are blocks of one to eight eighths of a cell.
  static std::string bar(double part, int cells) {
    const int eighths = static_cast<int>(8 * cells * std::clamp(part, 0.0, 1.0));
    std::string s;
    for (int cell = 0; cell < cells; ++cell) {
      const int fill = std::clamp(eighths - 8 * cell, 0, 8);
      if (fill == 0) {
        s += "\u00B7";
      } else {
        (s += "\xE2\x96") += static_cast<char>(0x90 - fill);
      }
    }
    return s;
  }

  // Over what was drawn before, and no more than that.
  void draw(const std::string& text) {
    const std::size_t width = width_of(text);
    const std::string blanks(drawn_ > width ? drawn_ - width : 0, ' ');
    std::fprintf(out_, "\r%s%s%s", text.c_str(), blanks.c_str(), text.empty() ? "\r" : "");
    std::fflush(out_);
    drawn_ = width;
  }
  void print(const std::string& text) {
    std::fprintf(out_, "%s\n", text.c_str());
    std::fflush(out_);
  }

  bool on_, terminal_;
  int epochs_;
  std::FILE* out_;
  int epoch_ = 0;
  long long batches_ = 0, done_ = 0, first_ = 0, images_ = 0;
  Clock::time_point start_{}, next_{};
  std::size_t drawn_ = 0;
};

}  // namespace ctnet::report
