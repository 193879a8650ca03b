// SPDX-License-Identifier: MIT
// safetensors out and in again: every type, names and metadata that need escapes, empty and scalar tensors, layout.
#include <doctest/doctest.h>
#include <ctnet/io/safetensors.hpp>
#include <ctnet/io/safetensors_writer.hpp>

#include <cmath>
#include <limits>

#include "temporary.hpp"

using namespace ctnet;

namespace {

template <class T>
std::vector<T> read(const io::Safetensors& file, std::string_view name) {
  const io::TensorInfo& t = file.at(name);
  std::vector<T> out(t.size);
  file.read(t, std::span(out));
  return out;
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("what is written is read, through a file") {
  TemporaryFolder folder;
  const std::string path = folder / "all.safetensors";
  const std::vector<float> f{1.5f, -0.0f, std::numeric_limits<float>::infinity(), 1e-40f, 3e38f, 7};
  const std::vector<double> d{1e300, std::numeric_limits<double>::denorm_min()};
  const std::vector<std::uint64_t> u{0, UINT64_MAX, 5};
  const std::vector<std::int64_t> i{INT64_MIN};
  const std::vector<std::uint32_t> u4{7, UINT32_MAX};
  const std::vector<std::int32_t> i4{-1};
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  const std::vector<float> none, one{42};
  const std::string odd_name = "a\"\\/\b\n\t\x01 \u00e9 \u4e2d \U0001F600 .weight";

  io::SafetensorsWriter w;
  w.add("bytes", {3}, bytes);
  w.add("conv.weight", {1, 2, 3}, f);
  w.add("scalar", {}, one);
  w.add("none", {4, 0, 2}, none);
  w.add(odd_name, {2}, d);
  w.add("u", {3}, std::span<const std::uint64_t>(u));
  w.add("i", {1}, i);
  w.add("u4", {2}, u4);
  w.add("i4", {1, 1}, i4);
  w.add("view", {2, 3}, View<const float>(f.data(), 2, {2, 3, 0, 0}));
  w.metadata("epoch", "3");
  w.metadata("odd \"key\"", odd_name);
  w.metadata("epoch", "4");
  w.write(path);

  const auto file = io::Safetensors::open(path);
  CHECK(file.name() == path);
  CHECK(file.tensors().size() == 10);
  CHECK(file.metadata() == std::map<std::string, std::string>{{"epoch", "4"}, {"odd \"key\"", odd_name}});
  CHECK(read<float>(file, "conv.weight") == f);
  CHECK(std::signbit(read<float>(file, "conv.weight")[1]));
  CHECK(read<float>(file, "view") == f);
  CHECK(read<double>(file, odd_name) == d);
  CHECK(read<std::uint64_t>(file, "u") == u);
  CHECK(read<std::int64_t>(file, "i") == i);
  CHECK(read<std::uint32_t>(file, "u4") == u4);
  CHECK(read<std::int32_t>(file, "i4") == i4);
  CHECK(read<std::uint8_t>(file, "bytes") == bytes);
  CHECK(read<float>(file, "scalar") == one);
  CHECK(file.at("scalar").shape.empty());
  CHECK(file.at("none").shape == io::Dims{4, 0, 2});
  CHECK(read<float>(file, "none").empty());
  CHECK(file.find("conv") == nullptr);
  CHECK(file.find("") == nullptr);

  std::uint64_t header = 0;
  const io::Bytes raw = io::read_file(path);
  std::memcpy(&header, raw.data(), 8);
  CHECK(header % 8 == 0);
  for (const io::TensorInfo& t : file.tensors()) CHECK(t.begin % io::size_of(t.dtype) == 0);
  CHECK(w.bytes() == raw);
}

TEST_CASE("an empty file of no tensors, and one of metadata alone") {
  io::SafetensorsWriter w;
  CHECK(io::Safetensors::parse(w.bytes(), "x").tensors().empty());
  w.metadata("a", "b");
  const io::Bytes bytes = w.bytes();
  CHECK(io::Safetensors::parse(bytes, "x").metadata().at("a") == "b");
}

TEST_CASE("F16, BF16, F32 and F64 become float or double") {
  const std::vector<double> values{0.0, -0.0, 1.0, -2.5, 0x1p-24, 65504, std::numeric_limits<double>::infinity()};
  std::vector<float> f32;
  std::vector<std::uint16_t> f16, bf16;
  for (const double v : values) {
    f32.push_back(static_cast<float>(v));
    f16.push_back(io::float_to_half(f32.back()));
    bf16.push_back(io::float_to_bfloat16(f32.back()));
  }
  const auto raw = [](const auto& v) {
    return io::ByteSpan(reinterpret_cast<const unsigned char*>(v.data()), v.size() * sizeof v[0]);
  };
  const std::size_t n = values.size();
  io::SafetensorsWriter w;
  w.add("f64", {n}, values);
  w.add("f32", {n}, f32);
  w.add("f16", io::Dtype::F16, {n}, raw(f16));
  w.add("bf16", io::Dtype::BF16, {n}, raw(bf16));
  const io::Bytes bytes = w.bytes();
  const auto file = io::Safetensors::parse(bytes, "x");
  for (const char* name : {"f64", "f32", "f16"}) {
    CAPTURE(name);
    CHECK(read<double>(file, name) == values);
    CHECK(read<float>(file, name) == f32);
  }
  CHECK(read<double>(file, "bf16")[3] == -2.5);
  CHECK(read<float>(file, "bf16")[5] == 65536);  // rounded when it was written
}

TEST_CASE("a wrong tensor, type or shape is an Error that names both sides") {
  const std::vector<float> f(6);
  const std::vector<std::int64_t> i(6);
  io::SafetensorsWriter w;
  w.add("w", {2, 3}, f);
  w.add("i", {6}, i);
  const io::Bytes bytes = w.bytes();
  const auto file = io::Safetensors::parse(bytes, "net.safetensors");
  const auto error = [](auto g) { return message_of<Error>(g); };
  std::vector<float> six(6), five(5);
  std::vector<std::int64_t> ints(6);
  CHECK(error([&] { (void)file.at("bias"); }) == "net.safetensors: tensor 'bias' is missing, the file has 2 others");
  CHECK(error([&] {
          file.read("w", {3, 2}, std::span(six));
        }) == "net.safetensors: tensor 'w' has shape [2, 3], expected [3, 2]");
  CHECK(error([&] { file.read(file.at("w"), std::span(five)); }) ==
        "net.safetensors: tensor 'w' has 6 elements, shape [2, 3], expected 5");
  CHECK(error([&] { file.read("i", {6}, std::span(six)); }) ==
        "net.safetensors: tensor 'i' is I64, expected F32, F64, F16 or BF16");
  CHECK(error([&] { file.read("w", {2, 3}, std::span(ints)); }) == "net.safetensors: tensor 'w' is F32, expected I64");

  CHECK(has(error([&] { w.add("w", {6}, f); }), "twice"));
  CHECK(has(error([&] { w.add("v", {7}, f); }), "24 bytes, shape [7] of F32 expects 28"));
  CHECK(has(error([&] { w.add("v", {1ull << 62, 8}, f); }), "2^64"));
  CHECK(has(error([&] { w.add("v", {1ull << 62}, f); }), "24 bytes"));
  CHECK(has(error([&] { w.add("\xff", {6}, f); }), "name"));
  CHECK(has(error([&] { w.add("__metadata__", {6}, f); }), "name"));
  CHECK(has(error([&] { w.metadata("k", "\xc0\x80"); }), "UTF-8"));
  CHECK(w.bytes() == bytes);
}
