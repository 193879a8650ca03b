// SPDX-License-Identifier: MIT
// A history and a confusion matrix as JSON, for other programs, and the history back from it:
//   {"epochs": [{"epoch": 1, "loss": 2.3, ...}], "steps": [[1, 2.31], ...]}. A number that is not finite is null.
// Includes nlohmann-json, therefore outside the umbrella.
#pragma once

#include <climits>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "../core/finite.hpp"
#include "../io/file.hpp"
#include "confusion.hpp"
#include "history.hpp"
#include "text.hpp"

namespace ctnet {

namespace detail {

inline nlohmann::ordered_json json_number(double v) {
  return is_finite(v) ? nlohmann::ordered_json(v) : nlohmann::ordered_json(nullptr);
}

// Calls visit(name, member) for every measured member of an EpochRecord.
template <class Record, class F>
void each_measure(Record& e, F visit) {
  visit("loss", e.loss);
  visit("accuracy", e.accuracy);
  visit("validation_loss", e.validation_loss);
  visit("validation_accuracy", e.validation_accuracy);
  visit("learning_rate", e.learning_rate);
  visit("seconds", e.seconds);
  visit("images_per_second", e.images_per_second);
}

inline double number_of(const nlohmann::json& v, const std::string& where) {
  if (v.is_null()) return not_measured;
  if (!v.is_number()) fail(where, " is ", v.type_name(), ", expected a number or null");
  return v.get<double>();
}
inline const nlohmann::json& member(const nlohmann::json& object, const char* name, const std::string& where) {
  if (!object.is_object()) fail(where, " is ", object.type_name(), ", expected an object");
  const auto it = object.find(name);
  if (it == object.end()) fail(where, " has no '", name, "'");
  return *it;
}
inline const nlohmann::json& array_member(const nlohmann::json& object, const char* name, const std::string& where) {
  const nlohmann::json& a = member(object, name, where);
  if (!a.is_array()) fail(where, ": '", name, "' is ", a.type_name(), ", expected an array");
  return a;
}
inline long long integer_of(const nlohmann::json& v, const std::string& where, long long most = LLONG_MAX) {
  if (!v.is_number_integer()) fail(where, " is ", v.type_name(), ", expected an integer");
  if (v.is_number_unsigned() && v.get<unsigned long long>() > static_cast<unsigned long long>(most))
    fail(where, " is ", v.get<unsigned long long>(), ", expected at most ", most);
  const long long i = v.get<long long>();
  if (i > most || i < -most) fail(where, " is ", i, ", expected at most ", most);
  return i;
}

}  // namespace detail

inline std::string to_json(const History& history) {
  nlohmann::ordered_json epochs = nlohmann::ordered_json::array(), steps = nlohmann::ordered_json::array();
  for (const EpochRecord& e : history) {
    nlohmann::ordered_json j{{"epoch", e.epoch}};
    detail::each_measure(e, [&](const char* name, double v) { j[name] = detail::json_number(v); });
    j["images"] = e.images;
    epochs.push_back(std::move(j));
  }
  for (const StepRecord& s : history.steps)
    steps.push_back(nlohmann::ordered_json::array({s.step, detail::json_number(s.loss)}));
  return nlohmann::ordered_json{{"epochs", epochs}, {"steps", steps}}.dump(1) + "\n";
}

// Throws Error that begins with `file_name` where the text is no history.
inline History history_from_json(const std::string& text, const std::string& file_name) {
  nlohmann::json j;
  try {
    j = nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& e) {
    fail(file_name, ": ", e.what());
  }
  History history;
  for (const nlohmann::json& one : detail::array_member(j, "epochs", file_name)) {
    const std::string where = file_name + ": epoch " + std::to_string(history.size() + 1);
    EpochRecord e;
    e.epoch = static_cast<int>(detail::integer_of(detail::member(one, "epoch", where), where + ": 'epoch'", INT_MAX));
    detail::each_measure(e, [&](const char* name, double& v) {
      v = detail::number_of(detail::member(one, name, where), where + ": '" + name + "'");
    });
    e.images = detail::integer_of(detail::member(one, "images", where), where + ": 'images'");
    history.push_back(e);
  }
  for (const nlohmann::json& one : detail::array_member(j, "steps", file_name)) {
    const std::string where = file_name + ": step record " + std::to_string(history.steps.size() + 1);
    if (!one.is_array() || one.size() != 2) fail(where, " is not [step, loss]");
    history.steps.push_back({detail::integer_of(one[0], where), detail::number_of(one[1], where)});
  }
  return history;
}

inline std::string to_json(const ConfusionMatrix& m) {
  nlohmann::ordered_json names = nlohmann::ordered_json::array(), counts = names, precision = names, recall = names,
                         f1 = names;
  for (int t = 0; t < m.classes(); ++t) {
    nlohmann::ordered_json row = nlohmann::ordered_json::array();
    for (int p = 0; p < m.classes(); ++p) row.push_back(m(t, p));
    names.push_back(report::printable(m.name(t), report::Keep::controls));  // JSON has its own escapes for these
    counts.push_back(std::move(row));
    precision.push_back(detail::json_number(m.precision(t)));
    recall.push_back(detail::json_number(m.recall(t)));
    f1.push_back(detail::json_number(m.f1(t)));
  }
  const nlohmann::ordered_json j{
      {"classes", names},       {"counts", counts}, {"accuracy", detail::json_number(m.accuracy())},
      {"precision", precision}, {"recall", recall}, {"f1", f1}};
  return j.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

// These replace the file; see io::replace_file.
inline void write_json(const History& h, const std::string& path) { io::replace_file(path, to_json(h)); }
inline void write_json(const ConfusionMatrix& m, const std::string& path) { io::replace_file(path, to_json(m)); }
inline History read_json(const std::string& path) {
  const io::Bytes b = io::read_file(path);
  return history_from_json(std::string(b.begin(), b.end()), path);
}

}  // namespace ctnet
