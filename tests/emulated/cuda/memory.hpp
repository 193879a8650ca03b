// SPDX-License-Identifier: MIT
// Device memory, as the runtime's functions see it.
#pragma once

#include <cstddef>
#include <string>

namespace ctnet_device {

void* allocate_device(std::size_t bytes);  // null: beyond the limit
bool free_device(void* p);                 // false: not the start of an allocation
std::string describe(const void* p);       // where p lies
std::size_t memory_limit();
std::string memory_leaks();

}  // namespace ctnet_device
