// SPDX-License-Identifier: MIT
// Any bytes as a CIFAR-10 or CIFAR-100 batch: an Error or records that account for every byte, labels in range.
#include <ctnet/data/cifar.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ctnet::data;
  for (const CifarFormat& format : {cifar10_format, cifar100_fine, cifar100_coarse}) {
    try {
      const CifarRecords records = parse_cifar({data, size}, "fuzz", format);
      if (records.size() * records.record() != size) std::abort();
      for (std::size_t i = 0; i < records.size(); ++i)
        if (records.label(i) >= format.classes || records.image(i) + CifarRecords::pixels > data + size) std::abort();
    } catch (const ctnet::Error& e) {
      if (std::string_view(e.what()).substr(0, 6) != "fuzz: ") std::abort();
    }
  }
  return 0;
}
