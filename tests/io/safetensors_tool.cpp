// SPDX-License-Identifier: MIT
// The other half of check_safetensors.py:  tool write FILE  makes a known file,  tool read FILE  prints what it finds,
// one tensor a line:  name  dtype  shape  values...  (or "error: ..." and exit status 1).
#include <ctnet/io/safetensors.hpp>
#include <ctnet/io/safetensors_writer.hpp>

#include <cstdio>

using namespace ctnet;

namespace {

void write(const std::string& path) {
  std::vector<float> f(60);
  for (std::size_t i = 0; i < f.size(); ++i) f[i] = 0.1f * static_cast<float>(i) - 2;
  const std::vector<double> d{1e300, -1.0 / 3, 0};
  const std::vector<std::int64_t> n{-1, INT64_MAX};
  const std::vector<std::uint8_t> u{9};
  io::SafetensorsWriter w;
  w.add("byte", {1}, u);
  w.add("conv.weight", {3, 4, 5}, f);
  w.add("d\u00e9 \"q\"\n", {3}, d);
  w.add("n", {2, 1}, n);
  w.add("scalar", {}, std::span(d).first(1));
  w.add("empty", {0, 3}, std::span(f).first(0));
  w.metadata("format", "pt");
  w.metadata("note", "line\nline \\ \"\u4e2d\"");
  w.write(path);
}

void read(const std::string& path) {
  const auto file = io::Safetensors::open(path);
  for (const auto& [key, value] : file.metadata()) std::printf("metadata\t%s\t%s\n", key.c_str(), value.c_str());
  for (const io::TensorInfo& t : file.tensors()) {
    std::printf("tensor\t%s\t%s\t%s", t.name.c_str(), io::name_of(t.dtype), io::words(t.shape).c_str());
    switch (t.dtype) {
      case io::Dtype::F32:
      case io::Dtype::F64:
      case io::Dtype::F16:
      case io::Dtype::BF16: {
        std::vector<double> v(t.size);
        file.read(t, std::span(v));
        for (const double x : v) std::printf("\t%.17g", x);
        break;
      }
      default:
        break;
    }
    std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    std::string(argv[1]) == "write" ? write(argv[2]) : read(argv[2]);
  } catch (const Error& e) {
    std::printf("error: %s\n", e.what());
    return 1;
  }
}
