// SPDX-License-Identifier: MIT
// What a model file or a checkpoint holds, ours or anyone's safetensors: tensors, metadata, and whether its checksum is
// right.     07_model_info FILE
#include <ctnet/io/model_info.hpp>
#include <ctnet/report/table.hpp>

#include <cstdio>

using namespace ctnet;

namespace {

void print(const std::string& path) {
  const io::Safetensors file = io::Safetensors::open(path, io::Verify::no);

  using report::Align;
  report::Table tensors(
      {{"tensor"}, {"type"}, {"shape"}, {"numbers", Align::right}, {"at byte", Align::right}, {"bytes", Align::right}});
  std::size_t numbers = 0, bytes = 0;
  for (const io::TensorInfo& t : file.tensors()) {
    tensors.row({t.name, io::name_of(t.dtype), io::words(t.shape), std::to_string(t.size), std::to_string(t.begin),
                 std::to_string(t.end - t.begin)});
    numbers += t.size, bytes += t.end - t.begin;
  }
  tensors.rule().row(
      {std::to_string(file.tensors().size()) + " tensors", "", "", std::to_string(numbers), "", std::to_string(bytes)});
  std::fputs(tensors.str().c_str(), stdout);

  if (!file.metadata().empty()) {
    report::Table metadata({{"metadata"}, {"value"}});
    for (const auto& [key, value] : file.metadata())
      metadata.row({key, value.size() > 100 ? value.substr(0, 100) + " ... (" + std::to_string(value.size()) + " bytes)"
                                            : value});
    std::printf("\n%s", metadata.str().c_str());
  }
  const io::ChecksumIs sum = file.checksum();
  std::printf("\nchecksum: %s\n", sum == io::ChecksumIs::absent  ? "there is none"
                                  : sum == io::ChecksumIs::right ? "right"
                                                                 : "WRONG");
  if (sum == io::ChecksumIs::wrong)
    fail(path, ": the file is damaged, or was changed by a program that kept its metadata");
}

}  // namespace

// Exits with 0, or with 1 where the file is damaged or no safetensors file.
int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: %s FILE\n", argv[0]), 2;
  try {
    print(argv[1]);
  } catch (const Error& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
