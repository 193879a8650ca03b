// SPDX-License-Identifier: MIT
// Histories and matrices as JSON: nothing lost, not even the last bit; what is no history is an Error.
#include <doctest/doctest.h>
#include <ctnet/report.hpp>

#include <cmath>

#include "../io/temporary.hpp"
#include "run.hpp"

using namespace ctnet;

TEST_CASE("JSON: written, read back to the last bit") {
  TemporaryFolder folder;
  const std::string path = folder / "h.json";
  History h = run(5, true, 7);
  h[2].loss = not_measured;
  h[3].validation_accuracy = 1.0 / 3;
  h.steps[4].loss = INFINITY;
  write_json(h, path);
  const History back = read_json(path);
  REQUIRE(back.size() == h.size());
  REQUIRE(back.steps.size() == h.steps.size());
  CHECK(back[3].validation_accuracy == h[3].validation_accuracy);
  CHECK(std::isnan(back[2].loss));
  CHECK(back[4].images == 1500);
  CHECK(back.steps[6].loss == h.steps[6].loss);
  CHECK(std::isnan(back.steps[4].loss));
  CHECK(to_json(back) == to_json(h));
  CHECK(to_json(history_from_json(to_json(History{}), "x")) == to_json(History{}));
}

TEST_CASE("JSON: what is no history is an Error that names file and place") {
  const auto error = [](const char* text) {
    return message_of<Error>([&] { (void)history_from_json(text, "h.json"); });
  };
  const std::string whole = to_json(run(2, true, 2));
  for (std::size_t n = 0; n + 2 < whole.size(); ++n) CHECK(error(whole.substr(0, n).c_str()).rfind("h.json: ", 0) == 0);
  CHECK(error("[]") == "h.json is array, expected an object");
  CHECK(error("{}") == "h.json has no 'epochs'");
  CHECK(error(R"({"epochs":{}})") == "h.json: 'epochs' is object, expected an array");
  CHECK(error(R"({"epochs":[{}]})") == "h.json: epoch 1 has no 'epoch'");
  CHECK(error(R"({"epochs":[{"epoch":1,"loss":"x"}]})") ==
        "h.json: epoch 1: 'loss' is string, expected a number or null");
  CHECK(error(R"({"epochs":[],"steps":[[1]]})") == "h.json: step record 1 is not [step, loss]");
  CHECK(error(R"({"epochs":[],"steps":[[1.5,2]]})") == "h.json: step record 1 is number, expected an integer");
  CHECK(error(R"({"epochs":[],"steps":[[18446744073709551615,2]]})") ==
        "h.json: step record 1 is 18446744073709551615, expected at most 9223372036854775807");
  CHECK(error(R"({"epochs":[{"epoch":4294967297,"loss":1}]})") ==
        "h.json: epoch 1: 'epoch' is 4294967297, expected at most 2147483647");
}

TEST_CASE("JSON of a confusion matrix") {
  ConfusionMatrix m(2, {"a\"", "b"});
  m.add(0, 0, 3);
  const auto j = nlohmann::json::parse(to_json(m));
  CHECK(j["counts"] == nlohmann::json::parse("[[3,0],[0,0]]"));
  CHECK(j["classes"][0] == "a\"");
  CHECK(j["accuracy"] == 1);
  CHECK(j["recall"][1].is_null());
}
