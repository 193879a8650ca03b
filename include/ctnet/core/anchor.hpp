// SPDX-License-Identifier: MIT
// Lets those who keep a reference to an object ask whether it is still there.
#pragma once

#include <memory>

namespace ctnet {

// A member of the object. It stays with the place: a moved object has an anchor of its own where it arrives.
class Anchor {
 public:
  Anchor() = default;
  Anchor(Anchor&&) noexcept {}
  Anchor& operator=(Anchor&&) noexcept { return *this; }
  ~Anchor() {
    if (there_) *there_ = false;
  }
  // *watch() is true as long as the object lives.
  std::shared_ptr<const bool> watch() {
    if (!there_) there_ = std::make_shared<bool>(true);
    return there_;
  }

 private:
  std::shared_ptr<bool> there_;
};

}  // namespace ctnet
