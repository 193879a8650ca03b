// SPDX-License-Identifier: MIT
// ctnet as a contender. Usage: ctnet_worker THREADS; requests: support/job.hpp.
#include <ctnet/backends/cpu/threads.hpp>

#include <thread>

#include "../support/peak.hpp"
#include "factories.hpp"

int main(int argc, char** argv) {
  using namespace bench;
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  ctnet::set_num_threads(threads);
  char description[400];
  std::snprintf(description, sizeof description,
                "{\"name\": \"ctnet (%s, g++ %s)\", \"deploy\": [\"strict\", \"split_bf16\"], "
                "\"train\": [\"strict\", \"split_bf16\"]}",
                ctnet::cpu::name(ctnet::cpu::target()), __VERSION__);
  return serve_jobs(
      description,
      [&](const std::string& kind, const std::string& net, std::size_t batch, const std::string& variant) {
        const Wish wish{kind, net, batch, variant, threads > 1};
        std::unique_ptr<Job> job = net == "lenet"    ? make_lenet(wish)
                                   : net != "vgg"    ? make_layer(wish)
                                   : kind == "train" ? make_vgg_training(wish)
                                                     : make_vgg_inference(wish);
        if (!job) throw std::invalid_argument("no such job");
        return job;
      },
      [&](const std::string& what, std::istringstream& words) {
        double seconds = 0;
        if (what != "peak" || !(words >> seconds)) throw std::invalid_argument("unknown request");
        std::vector<double> each(static_cast<std::size_t>(threads));
        std::vector<std::thread> others;
        for (std::size_t i = 1; i < each.size(); ++i)
          others.emplace_back([&each, i, seconds] { each[i] = peak_operations_per_second(seconds); });
        each[0] = peak_operations_per_second(seconds);
        for (std::thread& t : others) t.join();
        double sum = 0;
        for (double e : each) sum += e;
        return object("operations_per_second", sum);
      });
}
