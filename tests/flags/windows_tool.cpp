// SPDX-License-Identifier: MIT
// Files, folders and training on Windows; returns 0 where all went well (windows.sh).   windows_tool FOLDER
#include <ctnet/ctnet.hpp>
#if defined(_INC_WINDOWS) || defined(_WINDOWS_) || defined(MAX_PATH)
#  error "ctnet.hpp includes <windows.h>"
#endif
#include <direct.h>
#include <windows.h>  // whose declarations are ctnet's, and whose macros do no harm

#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

int wrong = 0;
void check(bool ok, const char* what) {
  if (!ok) std::printf("wrong: %s\n", what), ++wrong;
}
template <class F>
std::string message_of(const F& f) {
  try {
    f();
  } catch (const ctnet::Error& e) {
    return e.what();
  }
  return {};
}
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : ctnet::data::detail::list_folder(folder)) names.push_back(entry.name);
  return names;
}

void files(const std::string& folder) {
  using namespace ctnet;
  // U+00E9, U+732B, and one that is two units of UTF-16
  const std::string name = "caf\xC3\xA9 \xE7\x8C\xAB \xF0\x9F\x90\x88.bin", path = folder + "\\" + name;
  const std::string text("one\r\ntwo\n\x1A end\0.", 17);
  const auto content = [&] {
    const io::Bytes b = io::read_file(path);
    return std::string(b.begin(), b.end());
  };
  check(!io::file_exists(path), "a file before it is written");
  io::replace_file(path, text);
  check(io::file_exists(path) && content() == text, "bytes written and read");
  {
    auto reader = std::make_unique<io::detail::Opened>(io::detail::open_to_read(path));
    std::thread closes([&] { Sleep(200), reader.reset(); });
    io::replace_file(path, std::string_view("other"));
    closes.join();
    check(content() == "other", "a file replaced that was being read");
  }
  // A temporary that nobody holds and that is old goes with the next save of its target; a young one stays.
  const std::string stale = folder + "/.ctnet-" + name + "-1-0.tmp", young = folder + "/.ctnet-" + name + "-1-1.tmp";
  io::replace_file(stale, text), io::replace_file(young, text);
  const auto handle =
      CreateFileW(io::detail::wide(stale).c_str(), GENERIC_WRITE, 0, nullptr, OPEN_EXISTING, 0, nullptr);
  const FILETIME long_ago{0, 30000000};
  check(SetFileTime(handle, nullptr, nullptr, &long_ago) != 0, "a file's time is set");
  io::replace_file(path, text);
  check(io::file_exists(stale), "a temporary that its writer holds stays");
  CloseHandle(handle);
  io::replace_file(path, text);
  check(!io::file_exists(stale) && io::file_exists(young), "an old temporary goes");
  check(names_in(folder + "/") == std::vector<std::string>{".ctnet-" + name + "-1-1.tmp", name}, "a folder's names");

  check(message_of([&] { io::read_file(folder); }).find("Is a directory") != std::string::npos, "a folder is no file");
  check(message_of([&] { io::read_file(folder + "/none"); }).find("No such file") != std::string::npos, "no such file");
  check(message_of([&] { io::replace_file(folder + "/none/file", text); }).find("No such file") != std::string::npos,
        "no such folder");
  check(message_of([&] { names_in(folder + "/none"); }).find("no such folder") != std::string::npos, "none to list");
  check(message_of([&] { io::read_file("\xFF.bin"); }).find("not UTF-8") != std::string::npos, "no UTF-8");
  SetFileAttributesW(io::detail::wide(path).c_str(), FILE_ATTRIBUTE_READONLY);
  check(message_of([&] { io::replace_file(path, std::string_view("x")); }).find("denied") != std::string::npos,
        "a read-only file is not replaced");
  check(message_of([&] { io::check_replaceable(path); }).find("denied") != std::string::npos, "nor said to be");
  check(content() == text, "and stays as it was");
}

void image_folder(const std::string& folder) {
  using namespace ctnet;
  // a PNG's signature and first chunk, of 2 x 2 pixels
  const std::string picture("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\2\0\0\0\2\b\2\0\0\0", 29);
  for (const char* name : {"/pictures", "/pictures/cat", "/pictures/dog"}) _mkdir((folder + name).c_str());
  io::replace_file(folder + "/pictures/cat/a.png", picture);
  io::replace_file(folder + "/pictures/cat/note.txt", std::string_view("no picture"));
  io::replace_file(folder + "/pictures/dog/b.png", picture);
  const data::ImageFolder set(folder + "/pictures/");
  check(set.size() == 2 && set.classes().size() == 2 && set.label(1) == 1 && set.skipped().size() == 1, "ImageFolder");
}

void training(const std::string& folder) {
  using namespace ctnet;
  using Net = Sequential<Conv<1, 5, 3, Pad<1>>, BatchNorm<5>, ReLU, MaxPool<2>, Conv<5, 9, 3>, ReLU,
                         Conv<9, 9, 3, Pad<1>, Groups<9>>, Flatten, Linear<324, 40>, ReLU, Linear<40, 2>>;
  using Image = ctnet::Image<1, 16, 16>;
  std::vector<float> values(64 * 256);
  std::vector<int> labels(64);
  for (std::size_t i = 0; i < 64; ++i) {
    labels[i] = static_cast<int>(i % 2);
    for (std::size_t p = 0; p < 256; ++p)
      values[256 * i + p] = (i % 2 == 0 ? p % 16 : p / 16) % 4 < 2 ? 1.0f : 0.01f * static_cast<float>(i);
  }
  data::Loader loader{
      data::TensorDataset<Image>(values, labels), data::Compose<>{}, {.batch_size = 16, .shuffle = true, .workers = 2}};
  for (const auto target : {cpu::Target::base, cpu::Target::avx2, cpu::Target::avx512}) {
    cpu::limit_target(target);
    Network<Net, Image> net{Seed{1}};
    fit(net, loader, Adam{.learning_rate = 0.003f}, CrossEntropy{},
        {.epochs = 8, .progress = true, .checkpoint = folder + "/" + cpu::name(target) + ".safetensors"});
    const auto result = evaluate(net, loader);
    save(net, folder + "/model.safetensors");
    Network<Net, Image> other{Seed{2}};
    load(other, folder + "/model.safetensors");
    const auto deployed = deploy<1>(other);
    const std::vector<float> image(values.begin(), values.begin() + 256);
    const auto want = net.predict(image), got = other.predict(image);
    const auto by_itself = (*deployed)(image);
    check(want.data()[0] == got.data()[0] && want.data()[1] == got.data()[1], "a model saved and loaded");
    check(std::abs(by_itself[0] - want.data()[0]) < 1e-4f, "deployed");
    check(result.images == 64 && result.accuracy == 1, "trained");
    std::printf("%s: accuracy %g, %g\n", cpu::name(cpu::target()), result.accuracy,
                static_cast<double>(want.data()[0]));
  }
}

}  // namespace

int main(int, char** arguments) {
  files(arguments[1]);
  image_folder(arguments[1]);
  training(arguments[1]);
  std::printf(wrong == 0 ? "all right\n" : "%d wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}
