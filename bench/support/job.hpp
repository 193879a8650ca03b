// SPDX-License-Identifier: MIT
// What a contender in C++ measures: a job does steps, always from the same start, and says what they came to. Requests:
//   describe | peak SECONDS | check KIND NET BATCH VARIANT STEPS | run KIND NET BATCH VARIANT SECONDS
// where KIND is deploy or train.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "nets.hpp"
#include "worker.hpp"

namespace bench {

class Job {
 public:
  virtual ~Job() = default;
  virtual void restart() = 0;
  virtual void step() = 0;
  virtual std::string result() = 0;  // of the last step, a JSON object
};

inline std::string outputs_object(const float* values, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; i += sample_step(count)) {
    char s[40];
    std::snprintf(s, sizeof s, "%s%.9g", text.empty() ? "" : ", ", static_cast<double>(values[i]));
    text += s;
  }
  return "{\"outputs\": [" + text + "]}";
}
inline std::string object(const char* name, double value, const char* second = nullptr, double other = 0) {
  char s[160];
  std::snprintf(s, sizeof s, "{\"%s\": %.9g%s%s%s", name, value, second ? ", \"" : "", second ? second : "",
                second ? "\": " : "}");
  std::string text = s;
  if (second) std::snprintf(s, sizeof s, "%.9g}", other), text += s;
  return text;
}

// Reads images of a net in turn.
class Images {
 public:
  Images(const std::string& net, std::size_t batch)
      : batch_(batch), batches_(batches_of(net)), values_(net_images(net_spec(net), batch * batches_)) {}
  std::size_t size() const { return values_.size() / batches_; }  // of a batch, in numbers
  std::size_t first() const { return at_ * batch_; }              // index of the batch's first image
  const float* data() const { return values_.data() + at_ * size(); }
  void next() { at_ = (at_ + 1) % batches_; }
  void restart() { at_ = 0; }
  std::size_t batches() const { return batches_; }

 private:
  std::size_t batch_, batches_, at_ = 0;
  std::vector<float> values_;
};

// make(kind, net, batch, variant) gives a job; extra(words) answers other requests.
template <class Make, class Extra>
int serve_jobs(const std::string& description, Make make, Extra extra) {
  std::map<std::string, std::unique_ptr<Job>> made;
  return serve([&](std::istringstream& words) -> std::string {
    std::string what, kind, net, variant;
    std::size_t batch = 0;
    words >> what;
    if (what == "describe") return description;
    if ((what != "check" && what != "run") || !(words >> kind >> net >> batch >> variant)) return extra(what, words);
    std::unique_ptr<Job>& job = made[kind + ' ' + net + ' ' + std::to_string(batch) + ' ' + variant];
    if (!job) job = make(kind, net, batch, variant);
    job->restart();
    if (int steps = 0; what == "check" && words >> steps) {
      for (int i = 0; i < steps; ++i) job->step();
      return job->result();
    }
    double seconds = 0;
    words >> seconds;
    const Rate rate = measure(seconds, [&] { job->step(); });
    return object("seconds", 1 / rate.per_second, "cpu_share", rate.cpu_share);
  });
}

}  // namespace bench
