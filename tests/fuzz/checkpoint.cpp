// SPDX-License-Identifier: MIT
// A checkpoint of a small network with any edits, and any bytes in its place, read as a checkpoint, as weights and as a
// model's description: an Error that leaves network and optimizer as they were, or a run to go on with. Edits are four
// bytes each: where (two), what and by what; so inputs stay of use when the format changes.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctnet/ctnet.hpp>
#include <string>
#include <vector>

namespace {

using namespace ctnet;
using Net = Network<Sequential<Flatten, Linear<4, 2>>, Image<1, 2, 2>>;

struct Subject {
  Net net{Seed{1}};
  Optimizer<Net, SGD> optimizer{net, SGD{.learning_rate = 0.1f, .momentum = 0.9f}};
  int fd = ::memfd_create("fuzz", 0);
  std::string path = "/proc/self/fd/" + std::to_string(fd);
  std::string whole;  // a checkpoint

  Subject() {
    RunState run;
    run.epoch = 1, run.step = 3, run.images = 5;
    run.history.push_back({1, 0.5, 0.75, 0.25, 0.5, 0.1, 2, 3, 4});
    run.history.steps.push_back({1, 0.5});
    const std::string file = std::string(std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "/tmp") + "/ctnet-fuzz-" +
                             std::to_string(::getpid());
    save_checkpoint(net, optimizer, run, file);
    const io::Bytes bytes = io::read_file(file);
    ::unlink(file.c_str());
    whole.assign(bytes.begin(), bytes.end());
    // its checksum under a name that nobody looks at
    for (std::size_t at = 0; (at = whole.find(io::Checksum::key, at)) != whole.npos;) whole[at] = '_';
  }
  std::vector<float> values() {
    std::vector<float> all = net.state();
    for (const auto& part : optimizer.state()) all.insert(all.end(), part.values.begin(), part.values.end());
    return all;
  }
  template <class F>
  void tried(F read) {
    const std::vector<float> before = values();
    const i64 steps = optimizer.steps();
    try {
      read();
    } catch (const Error& e) {
      if (std::string(e.what()).find(path) == std::string::npos) std::abort();
      const std::vector<float> after = values();
      if (after.size() != before.size() || optimizer.steps() != steps) std::abort();
      if (std::memcmp(after.data(), before.data(), after.size() * sizeof(float)) != 0) std::abort();
    }
  }
  void read(std::string_view bytes) {
    if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
      std::abort();
    tried([&] { (void)load_checkpoint(net, optimizer, path); });
    tried([&] { load(net, path); });
    tried([&] { (void)model_info(path); });
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Subject subject;
  subject.read({reinterpret_cast<const char*>(data), size});
  std::string edited = subject.whole;
  for (std::size_t i = 0; i + 4 <= size && i < 64; i += 4) {
    const std::size_t at = (std::size_t{data[i]} << 8 | data[i + 1]) % edited.size();
    const char by = static_cast<char>(data[i + 3]);
    const auto place = edited.begin() + static_cast<std::ptrdiff_t>(at);
    switch (data[i + 2] % 4) {
      case 0:
        *place = static_cast<char>(*place ^ by);
        break;
      case 1:
        *place = by;
        break;
      case 2:
        edited.insert(place, by);
        break;
      default:
        edited.erase(place);
    }
    if (edited.empty()) edited = subject.whole;
  }
  subject.read(edited);
  return 0;
}
