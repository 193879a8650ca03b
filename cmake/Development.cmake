# SPDX-License-Identifier: MIT
# ctnet_program(TARGET SOURCE...): an executable of ours, on ctnet, with our warnings and the chosen sanitizers.
set(CMAKE_CXX_EXTENSIONS OFF)
set(CTNET_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  list(APPEND CTNET_WARNINGS -Wno-restrict)  # false alarms on "text" + std::string: GCC bug 105651
endif()

add_library(ctnet_development INTERFACE)
target_link_libraries(ctnet_development INTERFACE ctnet::ctnet)
target_compile_options(ctnet_development INTERFACE ${CTNET_WARNINGS})
if(CTNET_SANITIZE)
  target_compile_options(ctnet_development INTERFACE -fsanitize=${CTNET_SANITIZE} -fno-sanitize-recover=all
                                                     -fno-omit-frame-pointer -g1)
  target_link_options(ctnet_development INTERFACE -fsanitize=${CTNET_SANITIZE})
endif()

function(ctnet_program target)
  add_executable(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE ctnet_development)
endfunction()
