// SPDX-License-Identifier: MIT
// What posix.hpp gives, on Windows (MinGW-w64), with the same words for what they share. Paths are UTF-8. That a writer
// has its file open keeps everybody else from opening or removing it, which is all the lock there is. A file that
// replaces another has its folder's rights; one marked read-only is not replaced, nor is one while somebody reads it.
#pragma once

#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>

#include "../core/error.hpp"
#include "descriptor.hpp"

// As <windows.h> has them, which would bring its macros to everybody who includes ctnet.
struct _SECURITY_ATTRIBUTES;
struct _CONSOLE_SCREEN_BUFFER_INFO;
extern "C" {
__declspec(dllimport) unsigned long __stdcall GetLastError();
__declspec(dllimport) int __stdcall CloseHandle(void*);
__declspec(dllimport) void* __stdcall CreateFileW(const wchar_t*, unsigned long, unsigned long, _SECURITY_ATTRIBUTES*,
                                                  unsigned long, unsigned long, void*);
__declspec(dllimport) unsigned long __stdcall GetFileAttributesW(const wchar_t*);
__declspec(dllimport) unsigned long __stdcall GetFinalPathNameByHandleW(void*, wchar_t*, unsigned long, unsigned long);
__declspec(dllimport) int __stdcall MoveFileExW(const wchar_t*, const wchar_t*, unsigned long);
__declspec(dllimport) int __stdcall MultiByteToWideChar(unsigned, unsigned long, const char*, int, wchar_t*, int);
__declspec(dllimport) int __stdcall WideCharToMultiByte(unsigned, unsigned long, const wchar_t*, int, char*, int,
                                                        const char*, int*);
__declspec(dllimport) int __stdcall GetConsoleScreenBufferInfo(void*, _CONSOLE_SCREEN_BUFFER_INFO*);
__declspec(dllimport) unsigned __stdcall GetConsoleOutputCP();
__declspec(dllimport) void __stdcall Sleep(unsigned long);
}

namespace ctnet::io::detail {

constexpr unsigned utf8 = 65001;  // CP_UTF8

inline std::wstring wide(const std::string& path) {
  std::size_t n =
      path.size();  // without the slashes at a folder's end, which the C library takes for a name of nothing
  while (n > 1 && (path[n - 1] == '/' || path[n - 1] == '\\') && path[n - 2] != ':') --n;
  const int bytes = static_cast<int>(n);
  std::wstring out(n, L'\0');
  const int units =
      n == 0 ? 0 : ::MultiByteToWideChar(utf8, 8 /* MB_ERR_INVALID_CHARS */, path.data(), bytes, out.data(), bytes);
  if (n > 0 && units <= 0) fail(path, ": is not UTF-8, which paths are here");
  out.resize(static_cast<std::size_t>(units));
  return out;
}
// What is no text has U+FFFD in its place.
inline std::string narrow(const std::wstring& text) {
  const int units = static_cast<int>(text.size());
  std::string out(3 * text.size(), '\0');
  const int bytes = units == 0 ? 0
                               : ::WideCharToMultiByte(utf8, 0, text.data(), units, out.data(),
                                                       static_cast<int>(out.size()), nullptr, nullptr);
  out.resize(static_cast<std::size_t>(bytes));
  return out;
}

// The C library's number for the system's last error.
inline int last_error() {
  switch (::GetLastError()) {
    case 2:    // FILE_NOT_FOUND
    case 3:    // PATH_NOT_FOUND
    case 15:   // INVALID_DRIVE
    case 53:   // BAD_NETPATH
    case 67:   // BAD_NET_NAME
    case 123:  // INVALID_NAME
    case 161:  // BAD_PATHNAME
      return ENOENT;
    case 4:  // TOO_MANY_OPEN_FILES
      return EMFILE;
    case 5:   // ACCESS_DENIED
    case 32:  // SHARING_VIOLATION
    case 33:  // LOCK_VIOLATION
      return EACCES;
    case 8:   // NOT_ENOUGH_MEMORY
    case 14:  // OUTOFMEMORY
      return ENOMEM;
    case 17:  // NOT_SAME_DEVICE
      return EXDEV;
    case 19:  // WRITE_PROTECT
      return EROFS;
    case 39:   // HANDLE_DISK_FULL
    case 112:  // DISK_FULL
      return ENOSPC;
    case 80:   // FILE_EXISTS
    case 183:  // ALREADY_EXISTS
      return EEXIST;
    case 206:  // FILENAME_EXCED_RANGE
      return ENAMETOOLONG;
    case 267:  // DIRECTORY
      return ENOTDIR;
    case 1921:  // CANT_RESOLVE_FILENAME
      return ELOOP;
    default:
      return EIO;
  }
}

// The system's word for an open file; null where it cannot be opened.
constexpr unsigned long to_ask = 0, to_read = 0x80000000, to_write = 0x40000000;  // GENERIC_READ, GENERIC_WRITE
constexpr unsigned long alone = 0, shared = 7;       // FILE_SHARE_READ, FILE_SHARE_WRITE, FILE_SHARE_DELETE
constexpr unsigned long make_new = 1, open_old = 3;  // CREATE_NEW, OPEN_EXISTING
constexpr unsigned long folders_too = 0x02000000;    // FILE_FLAG_BACKUP_SEMANTICS
inline void* open_handle(const std::string& path, unsigned long access, unsigned long share, unsigned long how) {
  void* const handle =
      ::CreateFileW(wide(path).c_str(), access, share, nullptr, how, access == to_ask ? folders_too : 0, nullptr);
  return reinterpret_cast<std::intptr_t>(handle) == -1 ? nullptr : handle;
}
inline Descriptor open_file(const std::string& path, unsigned long access, unsigned long share, unsigned long how) {
  void* const handle = open_handle(path, access, share, how);
  if (!handle) {
    errno = last_error();
    return Descriptor(-1);
  }
  const int flags = _O_BINARY | _O_NOINHERIT | (access == to_read ? _O_RDONLY : 0);
  const int fd = ::_open_osfhandle(reinterpret_cast<std::intptr_t>(handle), flags);
  if (fd < 0) ::CloseHandle(handle);
  return Descriptor(fd);
}

inline long process_id() { return ::_getpid(); }

// A console; to the C library the device NUL is a terminal as well.
inline bool is_terminal(std::FILE* file) {
  short info[11];  // CONSOLE_SCREEN_BUFFER_INFO
  return ::GetConsoleScreenBufferInfo(reinterpret_cast<void*>(::_get_osfhandle(::_fileno(file))),
                                      reinterpret_cast<_CONSOLE_SCREEN_BUFFER_INFO*>(info)) != 0;
}
// 0, which asks for plain characters, where the console does not take UTF-8.
inline std::size_t terminal_columns(std::FILE* file) {
  short info[11]{};
  if (::GetConsoleOutputCP() != utf8) return 0;
  ::GetConsoleScreenBufferInfo(reinterpret_cast<void*>(::_get_osfhandle(::_fileno(file))),
                               reinterpret_cast<_CONSOLE_SCREEN_BUFFER_INFO*>(info));
  const int columns = info[7] - info[5] + 1;  // of the window: right and left
  return columns > 1 ? static_cast<std::size_t>(columns) : 80;
}

// What stands at a path.

using FileStatus = struct _stat64;
inline bool is_folder(const FileStatus& s) { return (s.st_mode & _S_IFMT) == _S_IFDIR; }
inline bool is_regular(const FileStatus& s) { return (s.st_mode & _S_IFMT) == _S_IFREG; }
inline bool may_be_replaced(const FileStatus& s) { return (s.st_mode & _S_IWRITE) != 0; }
inline bool status_of(const std::string& path, FileStatus& s) { return ::_wstat64(wide(path).c_str(), &s) == 0; }

// A path through all links, empty where the system has none.
inline std::string final_path(const std::string& path) {
  void* const handle = open_handle(path, to_ask, shared, open_old);
  if (!handle) return {};
  std::wstring out(::GetFinalPathNameByHandleW(handle, nullptr, 0, 0), L'\0');
  out.resize(::GetFinalPathNameByHandleW(handle, out.data(), static_cast<unsigned long>(out.size()), 0));
  ::CloseHandle(handle);
  // "\\?\C:\...", "\\?\UNC\server\...": such a path takes no '/'.
  if (out.starts_with(L"\\\\?\\UNC\\")) return "\\\\" + narrow(out.substr(8));
  return narrow(out.starts_with(L"\\\\?\\") ? out.substr(4) : out);
}

// The same for whatever leads to the same folder.
using FileIdentity = std::string;
inline FileIdentity identity_of(const std::string& path, const FileStatus& s) {
  return is_folder(s) ? final_path(path) : std::string();
}
inline bool known(const FileIdentity& identity) { return !identity.empty(); }

// Where a symbolic link leads, so that the link survives and its target is what gets replaced.
inline std::string resolved(const std::string& path) {
  constexpr unsigned long none = 0xFFFFFFFF, link = 0x400;  // INVALID_FILE_ATTRIBUTES, FILE_ATTRIBUTE_REPARSE_POINT
  const unsigned long attributes = ::GetFileAttributesW(wide(path).c_str());
  if (attributes == none || (attributes & link) == 0) return path;
  std::string target = final_path(path);
  if (target.empty()) fail_errno(path, "cannot follow the link", last_error());
  return target;
}

// Where the last slash of a path is, or npos.
inline std::size_t last_slash(const std::string& path) { return path.find_last_of("/\\"); }

// The names in a folder, "." and ".." among them.
class FolderNames {
 public:
  explicit FolderNames(const std::string& path) {
    FileStatus s;
    if (!status_of(path, s)) return;  // before a pattern's * and ? find something
    if (!is_folder(s)) {
      errno = ENOTDIR;
      return;
    }
    search_ = ::_wfindfirst64((wide(path) + L"/*").c_str(), &found_);
    pending_ = search_ != -1;
  }
  FolderNames(const FolderNames&) = delete;
  FolderNames& operator=(const FolderNames&) = delete;
  ~FolderNames() {
    if (search_ != -1) ::_findclose(search_);
  }
  bool is_open() const { return search_ != -1; }
  // False at the end, where errno is 0, and where the folder cannot be read on.
  bool next(std::string& name) {
    errno = 0;
    if (!pending_ && ::_wfindnext64(search_, &found_) != 0) {
      if (errno == ENOENT) errno = 0;
      return false;
    }
    pending_ = false;
    name = narrow(found_.name);
    return true;
  }

 private:
  std::intptr_t search_ = -1;
  bool pending_ = false;  // found_ has not been given
  _wfinddata64_t found_{};
};

// Reading.

inline Descriptor open_to_look(const std::string& path) { return open_file(path, to_read, shared, open_old); }

// Throws Error with the path where it is no regular file or cannot be opened.
inline Opened open_to_read(const std::string& path) {
  FileStatus s;
  Descriptor file = open_to_look(path);
  if (file.fd < 0) {
    const int error = errno;
    if (status_of(path, s) && is_folder(s)) fail_errno(path, "cannot read", EISDIR);
    fail_errno(path, "cannot open", error);
  }
  if (::_fstat64(file.fd, &s) != 0) fail_errno(path, "cannot read", errno);
  if (!is_regular(s))
    fail(path, ": is ", (s.st_mode & _S_IFMT) == _S_IFIFO ? "a pipe" : "a device", ", expected a regular file");
  return {std::move(file), static_cast<std::size_t>(s.st_size)};
}

// How many bytes were read or written, 0 at the end, or -1.
inline unsigned piece(std::size_t n) { return static_cast<unsigned>(n < (1u << 30) ? n : 1u << 30); }
inline std::ptrdiff_t read_some(int fd, void* to, std::size_t n) { return ::_read(fd, to, piece(n)); }
inline std::ptrdiff_t read_at(int fd, void* to, std::size_t n, std::size_t from) {
  return ::_lseeki64(fd, static_cast<long long>(from), SEEK_SET) < 0 ? -1 : read_some(fd, to, n);
}
inline std::ptrdiff_t write_some(int fd, const void* from, std::size_t n) { return ::_write(fd, from, piece(n)); }

// Writing. What gives an int gives the error number, or 0.

inline Descriptor open_to_write(const std::string& path) { return open_file(path, to_write, shared, open_old); }
inline bool writable(const std::string& path) { return ::_waccess(wide(path).c_str(), 2) == 0; }
inline int flush_file(int fd) { return ::_commit(fd) == 0 ? 0 : errno; }
inline int flush_folder(const std::string&) { return 0; }  // rename_over writes through
inline int take_mode(int, const FileStatus&) { return 0; }

// Held files.

// A new file that is held; -1 and EEXIST where there is one of the name.
inline Descriptor create_held(const std::string& path, int) { return open_file(path, to_write, alone, make_new); }
// A writer closes its file in the moment before it renames it; what was written to in the last minute is left alone.
inline void remove_unless_held(const std::string& path) {
  FileStatus s;
  if (status_of(path, s) && std::time(nullptr) - s.st_mtime > 60) ::_wunlink(wide(path).c_str());
}
// The held file that `file` is, which is closed, as Windows removes none that is open.
inline void remove_held(Descriptor& file, const std::string& path) {
  if (file.fd >= 0) file.close();
  ::_wunlink(wide(path).c_str());
}

// Windows has no files without a name.
inline Descriptor create_nameless(const std::string&, int) { return Descriptor(-1); }
inline int give_name(int, const std::string&) { return ENOSYS; }

// Over whatever is there, of the held file that `file` is, which is closed. Tried again for a second where somebody has
// one of them open, as a program that looks for viruses does with every new file.
inline int rename_over(Descriptor& file, const std::string& from, const std::string& to) {
  if (file.fd >= 0 && file.close() != 0) return errno;
  constexpr unsigned long replace = 1, write_through = 8;  // MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH
  for (int tries = 0;; ++tries) {
    if (::MoveFileExW(wide(from).c_str(), wide(to).c_str(), replace | write_through)) return 0;
    const int error = last_error();
    if (error != EACCES || tries == 20) return error;
    ::Sleep(50);
  }
}

}  // namespace ctnet::io::detail
