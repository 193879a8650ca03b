// SPDX-License-Identifier: MIT
// No safetensors file, however damaged, is more than an Error that names it; and the readable ones stay readable.
#include <doctest/doctest.h>
#include <ctnet/io/safetensors.hpp>
#include <ctnet/io/safetensors_writer.hpp>

#include <random>

#include "temporary.hpp"

using namespace ctnet;

namespace {

io::Bytes with_header(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t n = header.size();
  io::Bytes b(8);
  std::memcpy(b.data(), &n, 8);
  b.insert(b.end(), header.begin(), header.end());
  b.resize(b.size() + data_bytes);
  return b;
}
std::string fault(const io::Bytes& bytes) {
  return message_of<Error>([&] { (void)io::Safetensors::parse(bytes, "x.st"); });
}
std::string tensor(const std::string& name, const std::string& dtype, const std::string& shape, const std::string& at) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + at + "}";
}

io::Bytes good() {
  static const std::vector<float> f(12, 1.0f);
  static const std::vector<double> d(3, 2.0);
  static const std::vector<std::uint8_t> u(5, 3);
  io::SafetensorsWriter w;
  w.add("0.weight", {3, 4}, f);
  w.add("0.bias", {3}, d);
  w.add("state", {5}, u);
  w.metadata("format", "pt");
  return w.bytes();
}

// Reads all there is, as a caller would.
void use(const io::Bytes& bytes) {
  try {
    const auto file = io::Safetensors::parse(bytes, "x.st");
    std::size_t at = 0;
    for (const io::TensorInfo& t : file.tensors()) {
      REQUIRE(t.begin == at);
      at = t.end;
      REQUIRE(file.bytes(t).size() == t.size * io::size_of(t.dtype));
      try {
        std::vector<double> out(t.size);
        file.read(t, std::span(out));
      } catch (const Error& e) {
        REQUIRE(std::string(e.what()).find(t.name) != std::string::npos);
      }
    }
  } catch (const Error& e) {
    REQUIRE(std::string(e.what()).rfind("x.st: ", 0) == 0);
  }
}

}  // namespace

TEST_CASE("a file truncated at any byte, or one byte too long, is an Error") {
  const io::Bytes whole = good();
  REQUIRE(fault(whole).empty());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CAPTURE(n);
    // an allocation of its own, so that a sanitizer sees any read past its end
    CHECK(!fault(io::Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n))).empty());
  }
  io::Bytes longer = whole;
  longer.push_back(0);
  CHECK(fault(longer) == "x.st: 78 bytes of data, expected 77, the tensors' end");
}

TEST_CASE("any bytes changed, inserted or removed: an Error or a consistent file") {
  const io::Bytes whole = good();
  std::mt19937 random(1);
  const std::string likely = "0123456789{}[]\",:\\u e.-F";
  for (int round = 0; round < 30'000; ++round) {
    io::Bytes b = whole;
    for (unsigned k = 0, n = 1 + random() % 4; k < n; ++k) {
      const std::size_t at = random() % (random() % 3 ? b.size() - 77 : 16);
      const auto value = static_cast<unsigned char>(random() % 2 ? likely[random() % likely.size()] : char(random()));
      const auto here = b.begin() + static_cast<std::ptrdiff_t>(at);
      if (const unsigned what = random() % 4; what < 2)
        *here = value;
      else if (what == 2)
        b.insert(here, value);
      else
        b.erase(here);
    }
    if (random() % 2) {  // with the right length, so that the rest is looked at
      const std::uint64_t n = b.size() - 8 - 77;
      std::memcpy(b.data(), &n, 8);
    }
    use(b);
  }
}

TEST_CASE("headers that are wrong, and what is said of them") {
  struct Case {
    std::string header;
    std::size_t data;
    const char* said;
  };
  const std::string a = tensor("a", "F32", "[2]", "[0,8]");
  const std::string deep(100'000, '['), objects = [] {
    std::string s;
    for (int i = 0; i < 50'000; ++i) s += "{\"a\":";
    return s;
  }();
  const Case cases[] = {
      {"", 0, "expected '{'"},
      {" {}", 0, "expected '{' at byte 0"},
      {"[]", 0, "expected '{'"},
      {"{", 0, "expected '\"'"},
      {"{}}", 0, "expected the end"},
      {std::string("{}\0", 3), 0, "expected the end"},
      {"{" + a + ",}", 8, "expected '\"'"},
      {"{" + a + "," + a + "}", 8, "overlaps"},
      {"{" + tensor("z", "F32", "[0]", "[0,0]") + "," + tensor("z", "F32", "[0]", "[0,0]") + "}", 0,
       "tensor 'z' is there twice"},
      {"{" + a + "," + tensor("b", "F32", "[2]", "[4,12]") + "}", 12,
       "tensor 'b' begins at byte 4 of the data, expected 8: it overlaps"},
      {"{" + a + "," + tensor("b", "F32", "[2]", "[12,20]") + "}", 20, "expected 8: there is a gap before it"},
      {"{" + tensor("a", "F32", "[2]", "[4,12]") + "}", 12, "expected 0: there is a gap"},
      {"{" + a + "}", 9, "9 bytes of data, expected 8"},
      {"{" + a + "}", 7, "tensor 'a' has data_offsets [0, 8], the file has 7 bytes of data"},
      {"{}", 1, "1 bytes of data, expected 0"},
      {"{" + tensor("a", "F32", "[2]", "[8,0]") + "}", 8, "[8, 0]"},
      {"{" + tensor("a", "F32", "[3]", "[0,8]") + "}", 8, "has 8 bytes, expected 3 x 4 for shape [3] of F32"},
      {"{" + tensor("a", "F64", "[2]", "[0,8]") + "}", 8, "expected 2 x 8 for shape [2] of F64"},
      {"{" + tensor("u", "U8", "[1]", "[0,1]") + "," + tensor("a", "F32", "[1]", "[1,5]") + "}", 5,
       "begins at byte 1 of the data, expected a multiple of 4 for F32"},
      {"{" + tensor("a", "F33", "[2]", "[0,8]") + "}", 8, "unknown type 'F33'"},
      {"{" + tensor("a", "", "[2]", "[0,8]") + "}", 8, "unknown type ''"},
      {"{" + tensor("a", "U8", "[1152921504606846976]", "[0,1152921504606846976]") + "}", 8,
       "data_offsets [0, 1152921504606846976], the file has 8"},
      {"{" + tensor("a", "F32", "[1152921504606846976,4294967296]", "[0,0]") + "}", 0, "2^64 elements or more"},
      {"{" + tensor("a", "F32", "[4611686018427387904]", "[0,0]") + "}", 0, "expected 4611686018427387904 x 4"},
      {"{" + tensor("a", "F32", "[18446744073709551616]", "[0,0]") + "}", 0, "above 2^64"},
      {"{" + tensor("a", "F32", "[-2]", "[0,8]") + "}", 8, "expected a natural number"},
      {"{" + tensor("a", "F32", "[2.0]", "[0,8]") + "}", 8, "expected a natural number"},
      {"{" + tensor("a", "F32", "[2e0]", "[0,8]") + "}", 8, "expected a natural number"},
      {"{" + tensor("a", "F32", "[02]", "[0,8]") + "}", 8, "leading zero"},
      {"{" + tensor("a", "F32", "[\"2\"]", "[0,8]") + "}", 8, "expected a natural number"},
      {"{" + tensor("a", "F32", "2", "[0,8]") + "}", 8, "expected '['"},
      {"{" + tensor("a", "F32", "[2", "[0,8]") + "}", 8, "expected"},
      {"{" + tensor("a", "F32", "[2]", "[0,8,8]") + "}", 8, "has 3 data_offsets, expected 2"},
      {"{" + tensor("a", "F32", "[2]", "[8]") + "}", 8, "has 1 data_offsets, expected 2"},
      {"{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "tensor 'a' has no dtype"},
      {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8, "tensor 'a' has no shape"},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "tensor 'a' has no data_offsets"},
      {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "has dtype twice"},
      {"{\"a\":null}", 0, "expected '{'"},
      {"{\"a\":" + deep, 0, "expected '{'"},
      {"{\"a\":{\"x\":" + deep, 0, "nested too deeply"},
      {"{\"a\":{\"x\":" + objects, 0, "nested too deeply"},
      {"{\"a\":{\"x\":nul}}", 0, "expected a value"},
      {"{\"a\":{\"x\":-}}", 0, "expected a value"},
      {"{\"a\":{\"x\":1.}}", 0, "expected a value"},
      {"{\"__metadata__\":[]}", 0, "expected '{'"},
      {"{\"__metadata__\":{\"a\":1}}", 0, "expected '\"'"},
      {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "metadata 'a' twice"},
      {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ twice"},
      {"{\"a", 0, "ends inside a string"},
      {"{\"a\\", 0, "unknown escape"},
      {"{\"\\x41\":{}}", 0, "unknown escape"},
      {"{\"\\u12g4\":{}}", 0, "bad \\u escape"},
      {"{\"\\u12", 0, "bad \\u escape"},
      {"{\"\\ud800\":{}}", 0, "half a surrogate"},
      {"{\"\\ud800\\u0041\":{}}", 0, "half a surrogate"},
      {"{\"\\udc00\":{}}", 0, "half a surrogate"},
      {"{\"a\nb\":{}}", 0, "control character"},
      {"{\"\xff\":{}}", 0, "not valid UTF-8"},
      {"{\"\xc3\":{}}", 0, "not valid UTF-8"},
      {"{\"\xc0\xaf\":{}}", 0, "not valid UTF-8"},
      {"{\"\xe0\x80\xaf\":{}}", 0, "not valid UTF-8"},
      {"{\"\xed\xa0\x80\":{}}", 0, "not valid UTF-8"},
      {"{\"\xf4\x90\x80\x80\":{}}", 0, "not valid UTF-8"},
      {"{\"\xe4\xb8", 0, "not valid UTF-8"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.header.substr(0, 200));
    const std::string said = fault(with_header(c.header, c.data));
    INFO(said);
    CHECK(said.rfind("x.st: ", 0) == 0);
    CHECK(said.find(c.said) != std::string::npos);
  }
}

TEST_CASE("a header longer than the file, up to 2^64 - 1") {
  for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{1} << 32, std::uint64_t{1} << 60, UINT64_MAX}) {
    io::Bytes b(8);
    std::memcpy(b.data(), &n, 8);
    CHECK(fault(b) ==
          "x.st: its header is said to have " + std::to_string(n) + " bytes, the file has 0 after its first 8");
  }
}

TEST_CASE("what the format's own reader takes, this one takes") {
  const std::string a = tensor("a", "F32", "[2]", "[0,8]");
  CHECK(fault(with_header("{" + a + "}   \n", 8)).empty());
  CHECK(fault(with_header("{\n \"a\" : { \"shape\":[ 2 ] ,\t\"data_offsets\":[ 0 , 8 ],\"dtype\":\"F32\" } }", 8))
            .empty());
  CHECK(fault(with_header("{" + tensor("b", "I8", "[3]", "[8,11]") + "," + a + "}", 11)).empty());  // any order
  CHECK(fault(with_header("{\"a\":{\"new\":{\"x\":[1,-2.5e+3,true,null,\"\"]},\"dtype\":\"F32\",\"shape\":[2],"
                          "\"data_offsets\":[0,8]}}",
                          8))
            .empty());
  const io::Bytes bytes = with_header("{" + tensor("\\u00e9\\ud83d\\ude00\\n", "BOOL", "[1]", "[0,1]") + "}", 1);
  CHECK(io::Safetensors::parse(bytes, "x").tensors()[0].name == "\u00e9\U0001F600\n");
}
