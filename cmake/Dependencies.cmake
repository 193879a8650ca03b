# SPDX-License-Identifier: MIT
# ctnet_require(NAME...): each package as an imported target, from find_package or, where that finds nothing, fetched.
# The fetched versions are those of Debian 12 or later patches, pinned by hash. stb's steps after the download are tested
# with local headers (tests/consumer), libpng's and libjpeg-turbo's were tried by hand with Debian's sources; the downloads
# themselves have not been tried. What is compiled of fetched sources is named by CTNET_FETCHED_LIBRARY.
# Guarded by what exists, so that a parent project may bring its own.
include_guard(GLOBAL)
include(FetchContent)
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})  # Findstb.cmake

set(_github https://github.com)
set(CTNET_URL_ZLIB ${_github}/madler/zlib/releases/download/v1.3.1/zlib-1.3.1.tar.gz
    9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23)
set(CTNET_URL_JPEG ${_github}/libjpeg-turbo/libjpeg-turbo/releases/download/3.0.3/libjpeg-turbo-3.0.3.tar.gz
    343e789069fc7afbcdfe44dbba7dbbf45afa98a15150e079a38e60e44578865d)
set(CTNET_URL_PNG ${_github}/pnggroup/libpng/archive/v1.6.52.tar.gz
    07098f37e7b7570fc06d2ccbaaf5a47e9344fc36e773e312e334a083689a6212)
# stb_image 2.30: earlier ones write outside their memory where a JPEG is damaged
set(CTNET_URL_stb ${_github}/nothings/stb/archive/2c980bb59875b0d32144a71867fbdebb2f77cd20.tar.gz
    9a955b1b49a4410088a2e0ee2a9c057c3c907d0c1d75454144cb980aca0ba515)
set(CTNET_URL_Eigen3 https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.gz
    8586084f71f9bde545ee7fa6d00288b264a2b7ac3607b974e54d13e7162c1c72)
set(CTNET_URL_xtl ${_github}/xtensor-stack/xtl/archive/refs/tags/0.7.7.tar.gz
    44fb99fbf5e56af5c43619fc8c29aa58e5fad18f3ba6e7d9c55c111b62df1fbb)
set(CTNET_URL_xtensor ${_github}/xtensor-stack/xtensor/archive/refs/tags/0.24.7.tar.gz
    0fbbd524dde2199b731b6af99b16063780de6cf1d0d6cb1f3f4d4ceb318f3106)
set(CTNET_URL_nlohmann_json ${_github}/nlohmann/json/archive/refs/tags/v3.11.2.tar.gz
    d69f9deb6a75e2580465c6c4c5111b89c4dc2fa94e3a85fcd2ffcd9a143d9273)
set(CTNET_URL_doctest ${_github}/doctest/doctest/archive/refs/tags/v2.4.9.tar.gz
    19b2df757f2f3703a5e63cee553d85596875f06d91a3333acd80a969ef210856)

# Sources only (SOURCE_SUBDIR names no folder with a CMakeLists.txt); we say ourselves what is built of them.
function(ctnet_fetch name source_dir)
  list(GET CTNET_URL_${name} 0 url)
  list(GET CTNET_URL_${name} 1 hash)
  message(STATUS "ctnet: ${name} not found, fetching ${url}")
  string(TOLOWER ctnet_${name} fetched)  # as FetchContent names its variables
  FetchContent_Declare(${fetched} URL ${url} URL_HASH SHA256=${hash} SOURCE_SUBDIR none
                       DOWNLOAD_EXTRACT_TIMESTAMP OFF)
  FetchContent_MakeAvailable(${fetched})
  set(${source_dir} ${${fetched}_SOURCE_DIR} PARENT_SCOPE)
endfunction()

function(ctnet_header_only target include_dir)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} SYSTEM INTERFACE ${include_dir})
endfunction()

function(ctnet_fetch_stb)  # <stb/stb_image.h>, and its code once
  ctnet_fetch(stb src)
  set(dir ${PROJECT_BINARY_DIR}/stb)
  file(COPY ${src}/stb_image.h ${src}/stb_image_write.h DESTINATION ${dir}/stb)
  file(CONFIGURE OUTPUT ${dir}/stb.cpp CONTENT [[
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
]])
  add_library(ctnet_stb STATIC ${dir}/stb.cpp)
  target_include_directories(ctnet_stb SYSTEM PUBLIC ${dir})
  set_target_properties(ctnet_stb PROPERTIES POSITION_INDEPENDENT_CODE ON)
  add_library(stb::stb ALIAS ctnet_stb)
  set(CTNET_FETCHED_LIBRARY stb PARENT_SCOPE)
endfunction()

function(ctnet_fetch_ZLIB)
  ctnet_fetch(ZLIB src)
  file(GLOB code ${src}/*.c)
  add_library(ctnet_zlib STATIC ${code})
  target_include_directories(ctnet_zlib SYSTEM PUBLIC ${src})
  target_compile_definitions(ctnet_zlib PRIVATE HAVE_UNISTD_H)
  set_target_properties(ctnet_zlib PROPERTIES POSITION_INDEPENDENT_CODE ON)
  add_library(ZLIB::ZLIB ALIAS ctnet_zlib)
  set(CTNET_FETCHED_LIBRARY zlib PARENT_SCOPE)
endfunction()

function(ctnet_fetch_PNG)
  ctnet_fetch(PNG src)
  set(dir ${PROJECT_BINARY_DIR}/png)
  configure_file(${src}/scripts/pnglibconf.h.prebuilt ${dir}/pnglibconf.h COPYONLY)
  file(GLOB code ${src}/png*.c)
  list(FILTER code EXCLUDE REGEX "/pngtest\\.c$")
  add_library(ctnet_png STATIC ${code})
  target_include_directories(ctnet_png SYSTEM PUBLIC ${src} ${dir})
  target_compile_definitions(ctnet_png PRIVATE PNG_ARM_NEON_OPT=0 PNG_MIPS_MSA_OPT=0 PNG_MIPS_MMI_OPT=0
                                               PNG_POWERPC_VSX_OPT=0 PNG_LOONGARCH_LSX_OPT=0 PNG_RISCV_RVV_OPT=0)
  target_link_libraries(ctnet_png PUBLIC ZLIB::ZLIB)
  set_target_properties(ctnet_png PROPERTIES POSITION_INDEPENDENT_CODE ON)
  add_library(PNG::PNG ALIAS ctnet_png)
  set(CTNET_FETCHED_LIBRARY libpng PARENT_SCOPE)
endfunction()

# By its own build, since it takes an assembler (nasm, where there is one) and cannot be a part of another project.
function(ctnet_fetch_JPEG)
  ctnet_fetch(JPEG src)
  include(ExternalProject)
  set(dir ${PROJECT_BINARY_DIR}/jpeg)
  set(library ${dir}/${CMAKE_STATIC_LIBRARY_PREFIX}jpeg${CMAKE_STATIC_LIBRARY_SUFFIX})
  set(options -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DENABLE_SHARED=OFF -DWITH_TURBOJPEG=OFF)
  foreach(variable CMAKE_C_COMPILER CMAKE_TOOLCHAIN_FILE CMAKE_SYSTEM_NAME CMAKE_SYSTEM_PROCESSOR)
    if(${variable} AND (CMAKE_CROSSCOMPILING OR variable STREQUAL CMAKE_C_COMPILER))
      list(APPEND options -D${variable}=${${variable}})
    endif()
  endforeach()
  ExternalProject_Add(ctnet_jpeg SOURCE_DIR ${src} BINARY_DIR ${dir} CMAKE_ARGS ${options}
                      BUILD_COMMAND ${CMAKE_COMMAND} --build ${dir} --target jpeg-static INSTALL_COMMAND ""
                      BUILD_BYPRODUCTS ${library})
  file(MAKE_DIRECTORY ${dir})
  add_library(JPEG::JPEG STATIC IMPORTED GLOBAL)
  set_target_properties(JPEG::JPEG PROPERTIES IMPORTED_LOCATION ${library})
  target_include_directories(JPEG::JPEG SYSTEM INTERFACE ${src} ${dir})
  add_dependencies(JPEG::JPEG ctnet_jpeg)
  set(CTNET_FETCHED_LIBRARY libjpeg-turbo PARENT_SCOPE)
endfunction()

function(ctnet_fetch_Eigen3)
  ctnet_fetch(Eigen3 src)
  ctnet_header_only(Eigen3::Eigen ${src})
endfunction()
function(ctnet_fetch_xtensor)
  ctnet_fetch(xtl xtl)
  ctnet_fetch(xtensor src)
  ctnet_header_only(xtensor "${src}/include;${xtl}/include")
endfunction()
function(ctnet_fetch_nlohmann_json)
  ctnet_fetch(nlohmann_json src)
  ctnet_header_only(nlohmann_json::nlohmann_json ${src}/single_include)
endfunction()
function(ctnet_fetch_doctest)
  ctnet_fetch(doctest src)
  ctnet_header_only(doctest::doctest ${src})
endfunction()

set(CTNET_TARGET_Threads Threads::Threads)
set(CTNET_TARGET_ZLIB ZLIB::ZLIB)
set(CTNET_TARGET_JPEG JPEG::JPEG)
set(CTNET_TARGET_PNG PNG::PNG)
set(CTNET_TARGET_stb stb::stb)
set(CTNET_TARGET_Eigen3 Eigen3::Eigen)
set(CTNET_TARGET_xtensor xtensor)
set(CTNET_TARGET_nlohmann_json nlohmann_json::nlohmann_json)
set(CTNET_TARGET_doctest doctest::doctest)

# A macro: what find_package makes must be seen by the caller.
macro(ctnet_require)
  foreach(_name ${ARGN})
    if(NOT TARGET ${CTNET_TARGET_${_name}})
      find_package(${_name} QUIET)
      if(NOT TARGET ${CTNET_TARGET_${_name}})
        if(NOT COMMAND ctnet_fetch_${_name})
          message(FATAL_ERROR "ctnet needs ${_name}, which was not found")
        endif()
        if(_name MATCHES "^(ZLIB|PNG|JPEG)$")
          enable_language(C)  # a function's scope would hide it
        endif()
        cmake_language(CALL ctnet_fetch_${_name})
      endif()
    endif()
  endforeach()
endmacro()
