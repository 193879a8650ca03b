// SPDX-License-Identifier: MIT
// ctnet as a contender on the GPU; requests as of peers.py:
//   describe | check KIND NET BATCH VARIANT STEPS | run KIND NET BATCH VARIANT SECONDS
#include <map>
#include <memory>

#include "deploy.cuh"
#include "train.cuh"

namespace bench {

std::unique_ptr<Job> make(const std::string& kind, int batch) {
  if (kind == "train" || kind == "fed") return std::make_unique<Training>(kind == "fed", batch);
  if (kind != "deploy" && kind != "latency" && kind != "host") return nullptr;
  if (batch == 1) return std::make_unique<Inference<1>>(kind);
  if (batch == 64) return std::make_unique<Inference<64>>(kind);
  if (batch == 1024) return std::make_unique<Inference<1024>>(kind);
  return nullptr;
}

}  // namespace bench

int main(int argc, char** argv) {
  using namespace bench;
  std::map<std::string, std::unique_ptr<Job>> made;
  return serve_gpu(argc, argv, [&](std::istringstream& words) -> std::string {
    std::string what, kind, net, variant;
    int batch = 0;
    double last = 0;
    words >> what;
    if (what == "describe") return "{\"name\": \"ctnet\"}";
    if (!(words >> kind >> net >> batch >> variant >> last) || (what != "check" && what != "run"))
      throw std::invalid_argument("unknown request");
    if (net != Measured::name) throw std::invalid_argument("this program has " + std::string(Measured::name));
    std::unique_ptr<Job>& job = made[kind + ' ' + std::to_string(batch)];
    if (!job) job = make(kind, batch);
    if (!job) throw std::invalid_argument("no such work: " + kind + ", batch " + std::to_string(batch));
    job->restart();
    return what == "check" ? job->check(static_cast<int>(last)) : job->run(last);
  });
}
