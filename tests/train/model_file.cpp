// SPDX-License-Identifier: MIT
// save and load: the same bits again, PyTorch's files, types that are narrower or wider; and everything that can be
// wrong with a file, after which the network is as it was.
#include <cmath>

#include <ctnet/ctnet.hpp>
#include <ctnet/infer_file.hpp>
#include <ctnet/io/half.hpp>

#include "io/temporary.hpp"
#include "problems.hpp"
#include "support/compare.hpp"
#include "support/fixture.hpp"
#include "support/values.hpp"

using namespace ctnet;
using test::same_bits;

namespace {

using Net = Sequential<Conv<2, 4, 3, Pad<1>, NoBias>, BatchNorm<4>, ReLU, MaxPool<2>, Sequential<Conv<4, 3, 1>, ReLU>,
                       Flatten, Linear<12, 5>>;
using In = Image<2, 4, 4>;
template <class B>
using Model = Network<Net, In, B>;
using Float = Model<Cpu<float>>;
using Double = Model<Reference<double>>;
const char* const names[] = {"0.weight",   "1.weight", "1.bias",   "1.running_mean", "1.running_var",
                             "4.0.weight", "4.0.bias", "6.weight", "6.bias"};

std::string fixture(const char* name) { return std::string(CTNET_FIXTURES_DIR) + "/../train/fixtures/" + name; }

// A network with statistics that are not the first ones.
template <class N>
N trained(std::uint64_t seed) {
  N net{Seed{seed}};
  net.forward(test::values<typename N::scalar>("batch", 6 * 32));
  return net;
}

// The tensors of a network, to be written with one of them changed.
struct Tensors {
  struct One {
    std::string name;
    io::Dims shape;
    std::vector<float> values;
  };
  std::vector<One> all;

  explicit Tensors(Float& net) {
    for (std::size_t i = 0; i < net.tensors().size(); ++i) {
      const auto v = net.values(net.tensors()[i]);
      all.push_back({names[i], detail::dims_of(net.tensors()[i].spec), {v.begin(), v.end()}});
    }
  }
  void write(const std::string& path) const {
    io::SafetensorsWriter file;
    for (const One& t : all) file.add(t.name, t.shape, t.values);
    file.write(path);
  }
};

// Neither the parameters nor anything that comes of them has changed.
template <class F>
void check_refused(const F& write, std::initializer_list<const char*> parts) {
  TemporaryFolder folder;
  const std::string path = folder / "model";
  Float other = trained<Float>(2), net = trained<Float>(1);
  Tensors tensors(other);
  write(tensors, path);
  const auto before = net.state();
  const std::string said = test::error_of([&] { load(net, path); });
  CHECK_MESSAGE(test::has(said, path), said);
  for (const char* part : parts) CHECK_MESSAGE(test::has(said, part), said, " lacks '", std::string(part), "'");
  CHECK(same_bits(net.state(), before));
}

}  // namespace

TEST_CASE("a saved network loads with the same bits, under PyTorch's names") {
  TemporaryFolder folder;
  Float a = trained<Float>(1), b{Seed{2}};
  save(a, folder / "model");
  load(b, folder / "model");
  CHECK(same_bits(a.state(), b.state()));
  const auto file = io::Safetensors::open(folder / "model");
  CHECK(file.checksum() == io::ChecksumIs::right);
  REQUIRE(file.tensors().size() == 9);
  for (std::size_t i = 0; i < 9; ++i) {
    const io::TensorInfo& t = file.at(names[i]);
    CHECK(t.dtype == io::Dtype::F32);
    CHECK(t.shape == detail::dims_of(a.tensors()[i].spec));
  }
  CHECK(file.at("0.weight").shape == io::Dims{4, 2, 3, 3});
  CHECK(file.at("6.weight").shape == io::Dims{5, 12});
  CHECK(file.metadata().at("format") == "pt");
  CHECK(test::has(file.metadata().at("network"), "Conv<2, 4, 3"));
  save(b, folder / "again");
  CHECK(io::read_file(folder / "model") == io::read_file(folder / "again"));

  Double d = trained<Double>(1), e{Seed{2}};
  save(d, folder / "double");
  load(e, folder / "double");
  CHECK(same_bits(d.state(), e.state()));
  load(b, folder / "double");  // rounded
  for (std::size_t i = 0; i < d.state().size(); ++i) CHECK(b.state()[i] == static_cast<float>(d.state()[i]));
  load(e, folder / "model");  // exact
  for (std::size_t i = 0; i < d.state().size(); ++i) CHECK(e.state()[i] == static_cast<double>(a.state()[i]));
}

TEST_CASE("networks without tensors, and of one bare layer") {
  TemporaryFolder folder;
  Network<Sequential<ReLU>, In> none;
  save(none, folder / "none");
  load(none, folder / "none");
  Network<Linear<3, 2>, Features<3>> a{Seed{1}}, b{Seed{2}};
  save(a, folder / "layer");
  CHECK(io::Safetensors::open(folder / "layer").find("weight") != nullptr);
  load(b, folder / "layer");
  CHECK(same_bits(a.state(), b.state()));
}

TEST_CASE("F16, BF16 and F64 are read") {
  TemporaryFolder folder;
  Float net{Seed{1}}, other{Seed{2}};
  for (const io::Dtype type : {io::Dtype::F16, io::Dtype::BF16, io::Dtype::F64}) {
    CAPTURE(io::name_of(type));
    io::SafetensorsWriter file;
    std::vector<io::Bytes> keep;
    std::vector<float> want;
    std::uint16_t bits = 0x3001;  // of both 16-bit types, different and finite
    for (std::size_t i = 0; i < 9; ++i) {
      const TensorPlace& place = net.tensors()[i];
      io::Bytes bytes;
      for (i64 k = 0; k < place.spec.size(); ++k) {
        bits = static_cast<std::uint16_t>(0x3000 + (bits * 5 + 3) % 0x0800);
        const double wide = 1.0 / (3 + static_cast<double>(want.size()));
        const auto* raw = type == io::Dtype::F64 ? reinterpret_cast<const unsigned char*>(&wide)
                                                 : reinterpret_cast<const unsigned char*>(&bits);
        bytes.insert(bytes.end(), raw, raw + io::size_of(type));
        want.push_back(type == io::Dtype::F64   ? static_cast<float>(wide)
                       : type == io::Dtype::F16 ? io::half_to_float(bits)
                                                : io::bfloat16_to_float(bits));
      }
      keep.push_back(bytes);
      file.add(names[i], type, detail::dims_of(place.spec), keep.back());
    }
    file.write(folder / "model");
    load(other, folder / "model");
    CHECK(same_bits(other.state(), want));
  }
}

TEST_CASE("a file of PyTorch's: the same output; its num_batches_tracked is left aside") {
  const auto io_file = io::Safetensors::open(fixture("state_dict_io.safetensors"));
  const auto x = test::recorded(io_file, "x"), y = test::recorded(io_file, "y");
  CHECK(io::Safetensors::open(fixture("state_dict.safetensors")).at("1.num_batches_tracked").dtype == io::Dtype::I64);
  Double exact{Seed{4}};
  load(exact, fixture("state_dict.safetensors"));
  const std::vector<float> images(x.values.begin(), x.values.end());
  test::check_close(exact.predict(images), y, 1e-6, "double against PyTorch's float");
  Float net{Seed{4}};
  load(net, fixture("state_dict.safetensors"));
  test::check_close(net.predict(images), y, 1e-5, "float");
  load(net, fixture("state_dict_half.safetensors"));  // F32, BF16 and F16 in one
  test::check_close(net.predict(images), y, 3e-2, "bfloat16 weights");
}

TEST_CASE("a file that is not the network's is refused, and the network stays") {
  check_refused(
      [](Tensors& t, auto& path) {
        t.all.pop_back();
        t.write(path);
      },
      {"'6.bias' is missing"});
  check_refused(
      [](Tensors& t, auto& path) {
        t.all.erase(t.all.begin());
        t.write(path);
      },
      {"'0.weight' is missing"});
  check_refused(
      [](Tensors& t, auto& path) {
        t.all.erase(t.all.begin() + 3);
        t.write(path);
      },
      {"'1.running_mean' is missing"});
  check_refused(
      [](Tensors& t, auto& path) {
        t.all.push_back({"7.weight", {2, 1}, {1, 2}});
        t.write(path);
      },
      {"'7.weight'", "[2, 1]", "9 tensors"});
  check_refused(
      [](Tensors& t, auto& path) {
        t.all[8].name = "6.offset";
        t.write(path);
      },
      {"'6.bias' is missing"});
  check_refused(
      [](Tensors& t, auto& path) {
        t.all[7].shape = {12, 5};
        t.write(path);
      },
      {"'6.weight'", "[12, 5]", "expected [5, 12]"});
  check_refused(
      [](Tensors& t, auto& path) {
        t.all[7].shape = {60};
        t.write(path);
      },
      {"'6.weight'", "[60]", "expected [5, 12]"});
  check_refused(
      [](Tensors& t, auto& path) {
        t.all[8] = {"6.bias", {6}, std::vector<float>(6)};
        t.write(path);
      },
      {"'6.bias'", "[6]", "expected [5]"});
  check_refused(
      [](Tensors& t, auto& path) {
        t.all.pop_back();
        io::SafetensorsWriter file;
        for (const auto& one : t.all) file.add(one.name, one.shape, one.values);
        const std::vector<std::int64_t> integers(5);
        file.add("6.bias", {5}, integers);
        file.write(path);
      },
      {"'6.bias'", "I64", "expected F32"});
  check_refused([](Tensors&, auto& path) { io::replace_file(path, "this is no model, only text"); }, {"header"});
  check_refused([](Tensors&, auto& path) { io::replace_file(path, ""); }, {"0 bytes"});
  check_refused([](Tensors&, auto&) {}, {"cannot open"});
  Float net{Seed{1}};
  CHECK_SAYS(load(net, "/"), "/", "cannot");
}

TEST_CASE("a file cut off anywhere is refused, and the network stays") {
  TemporaryFolder folder;
  Float net = trained<Float>(1);
  Float other = trained<Float>(2);
  save(other, folder / "model");
  const io::Bytes whole = io::read_file(folder / "model");
  const auto before = net.state();
  for (std::size_t n = 0; n < whole.size(); n += 13) {
    io::replace_file(folder / "cut", {io::ByteSpan(whole).first(n)});
    const std::string said = test::error_of([&] { load(net, folder / "cut"); });
    CHECK_MESSAGE(test::has(said, "cut"), n, ": ", said);
    REQUIRE(same_bits(net.state(), before));
  }
}

TEST_CASE("a file that cannot be written leaves the old one") {
  TemporaryFolder folder;
  Float net{Seed{1}};
  CHECK_SAYS(save(net, folder / "none/model"), "none/model", "cannot");
  CHECK_SAYS(save(net, folder.path), "cannot write");
  CHECK(folder.names().empty());
}

TEST_CASE("export_header writes every weight as C++ reads it") {
  const TemporaryFolder folder;
  Float net = trained<Float>(3);
  net.parameters()[0] = -0.0f, net.parameters()[1] = 1e-42f, net.parameters()[2] = -3.4e38f;
  export_header(std::as_const(net), folder / "weights.hpp", "my_weights");
  const auto bytes = io::read_file(folder / "weights.hpp");
  const std::string text(bytes.begin(), bytes.end());
  const auto state = net.state();
  const std::string head = "inline constexpr float my_weights[" + std::to_string(state.size()) + "] = {";
  REQUIRE(text.find(head) != text.npos);
  const char* at = text.c_str() + text.find(head) + head.size();
  for (const float want : state) {
    char* end = nullptr;
    const float got = std::strtof(at, &end);
    REQUIRE(end[0] == 'f');
    REQUIRE(end[1] == ',');
    CHECK(std::memcmp(&got, &want, sizeof want) == 0);
    at = end + 2;
  }
  CHECK(std::string(at) == "\n};\n");

  CHECK(message_of<Error>([&] { export_header(net, folder / "x", "2nd"); }) ==
        "export_header: '2nd' is no name of a C++ variable");
  net.parameters()[5] = HUGE_VALF;
  CHECK(message_of<Error>([&] { export_header(net, folder / "weights.hpp"); }) ==
        "export_header: a weight is infinite or no number");
  CHECK(io::read_file(folder / "weights.hpp") == bytes);
}

TEST_CASE("any bit of a model file's tensors flipped is an error, and the network stays") {
  TemporaryFolder folder;
  Float net = trained<Float>(1), other = trained<Float>(2);
  save(other, folder / "model");
  const io::Bytes whole = io::read_file(folder / "model");
  const auto before = net.state();
  const std::size_t data = 4 * before.size(), from = whole.size() - data;
  for (std::size_t bit = 0; bit < 8 * data; bit += 37) {
    io::Bytes b = whole;
    b[from + bit / 8] = static_cast<unsigned char>(b[from + bit / 8] ^ 1u << bit % 8);
    io::replace_file(folder / "bad", {b});
    CHECK_SAYS(load(net, folder / "bad"), "bad", "checksum");
    REQUIRE(same_bits(net.state(), before));
  }
}

TEST_CASE("a model file tells its classes, what its input was normalized with, and its size") {
  TemporaryFolder folder;
  Float net{Seed{1}};
  const std::vector<std::string> classes{"cat", "d\"o\\g", "\xc3\xa9l\xc3\xa9phant", "", "a, b]"};
  save(net, folder / "model", {.classes = classes, .mean = {0.1f, -1e-8f}, .std = {0.2235f, 12345.678f}});
  const ModelInfo info = model_info(folder / "model");
  CHECK(info.classes == classes);
  CHECK(same_bits(info.mean, std::vector<float>{0.1f, -1e-8f}));
  CHECK(same_bits(info.std, std::vector<float>{0.2235f, 12345.678f}));
  CHECK(info.input == std::vector<std::size_t>{2, 4, 4});
  CHECK(io::Safetensors::open(folder / "model").metadata().at("mean") == "[0.1, -1e-08]");
  Float other{Seed{2}};
  load(other, folder / "model");
  CHECK(same_bits(net.state(), other.state()));

  save(net, folder / "plain");
  CHECK(model_info(folder / "plain") == ModelInfo{.input = {2, 4, 4}});
  CHECK_SAYS(save(net, folder / "bad", {.classes = {"a", "b"}}), "2 names of classes, the network gives 5");
  CHECK_SAYS(save(net, folder / "bad", {.mean = {0, 0}}), "2 means and 0 standard deviations");
  CHECK_SAYS(save(net, folder / "bad", {.mean = {0}, .std = {1}}), "1 means, expected one for each of 2 channels");
  CHECK_SAYS(save(net, folder / "bad", {.mean = {0, 0}, .std = {1, 0}}), "deviation of channel 1 is 0");
  CHECK_SAYS(save(net, folder / "bad", {.mean = {0, NAN}, .std = {1, 1}}), "mean of channel 1 is nan");
  CHECK(!io::file_exists(folder / "bad"));

  // Another program's metadata under these names: no reason not to load, an error where it is asked for.
  io::SafetensorsWriter file;
  Tensors tensors(net);
  for (const auto& t : tensors.all) file.add(t.name, t.shape, t.values);
  file.metadata("classes", "cat, dog");
  file.write(folder / "foreign");
  load(other, folder / "foreign");
  CHECK_SAYS(model_info(folder / "foreign"), "foreign: metadata 'classes' expected '['");
}

TEST_CASE("numbers of metadata keep every bit") {
  const auto back = [](const std::string& text) {
    const std::string where = "x";
    io::detail::JsonCursor json(text, where);
    const double v = json.real();
    json.end();
    return v;
  };
  std::uint32_t bits = 1;
  for (int i = 0; i < 20'000; ++i) {
    bits = bits * 1664525u + 1013904223u;
    const float v = std::bit_cast<float>(bits);
    if (!std::isfinite(v) || std::abs(v) < 1e-30f) continue;
    CHECK(static_cast<float>(back(detail::number_text(v))) == v);
  }
  CHECK(back("-12.5e-1") == -1.25);
  CHECK(back("3E+2") == 300);
  for (const char* wrong : {"", "x", "1.", ".5", "1e", "--1", "0x1", "nan", "1 2"}) CHECK_THROWS_AS(back(wrong), Error);
}

TEST_CASE("a Deployed and a Weights load the file themselves") {
  TemporaryFolder folder;
  Float net = trained<Float>(1);
  save(net, folder / "model");
  const auto images = test::values<float>("images", 32);
  CHECK(same_bits(read_state<Net, In>(folder / "model"), net.state()));
  auto by_hand = make_deployed<Net, In>(), by_file = make_deployed<Net, In>();
  REQUIRE(by_hand->load(net.state()));
  load(*by_file, folder / "model");
  const std::span<const float, 32> image{images.data(), 32};
  const auto want = (*by_hand)(image), got = (*by_file)(image);
  CHECK(same_bits(std::vector<float>(want.begin(), want.end()), std::vector<float>(got.begin(), got.end())));
  Weights<Net, In> weights;
  load(weights, folder / "model");
  CHECK(weights.loaded());
  load(weights, fixture("state_dict_half.safetensors"));  // F32, BF16 and F16 in one, PyTorch's names
  CHECK(same_bits(read_state<Net, In>(fixture("state_dict.safetensors")), [&] {
    Float other{Seed{3}};
    load(other, fixture("state_dict.safetensors"));
    return other.state();
  }()));
  Weights<Linear<3, 2>, Features<3>> other;
  CHECK_SAYS(load(other, folder / "model"), "model: tensor 'weight' is missing");
  CHECK(!other.loaded());
}
