#include "netlist_io/file.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "netlist_io/errors.h"

namespace tessera::netlist_io {
namespace {

constexpr std::size_t kFirstBuffer = std::size_t{1} << 16;
/// Window bits of zlib, plus 16 for the gzip format.
constexpr int kGzipWindowBits = 15 + 16;
/// Published netlists inflate up to 50 times.
constexpr std::size_t kMaxInflation = 200;
/// What may inflate by any factor.
constexpr std::size_t kSmallInflated = std::size_t{64} << 20;
constexpr std::chrono::seconds kMaxWaitForWriter(2);

std::string last_error() {
  return std::strerror(errno);
}

[[noreturn]] void fail_reading(const std::string& path, const std::string& reason) {
  throw ParseError({path, 0, 0}, reason);
}

[[noreturn]] void fail_writing(const std::string& path, const std::string& reason) {
  throw std::runtime_error(path + ": cannot be written: " + reason);
}

/// Closes a file descriptor at the end of its scope.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { close(); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }
  bool close() {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || ::close(fd) == 0;
  }

 private:
  int fd_;
};

/// Waits until somebody writes to the pipe, without which reading would never end.
void wait_for_writer(const FileDescriptor& pipe, const std::string& path, std::string& bytes) {
  const auto deadline = std::chrono::steady_clock::now() + kMaxWaitForWriter;
  while (true) {
    const ssize_t count = ::read(pipe.get(), bytes.data(), bytes.size());
    if (count > 0) {
      bytes.resize(static_cast<std::size_t>(count));
      break;
    }
    if (count < 0 && errno == EAGAIN) {  // there is a writer
      bytes.clear();
      break;
    }
    if (count < 0 && errno != EINTR) {
      fail_reading(path, "cannot be read: " + last_error());
    }
    if (std::chrono::steady_clock::now() > deadline) {
      fail_reading(path,
                   "is a pipe to which nothing was written for " +
                       std::to_string(kMaxWaitForWriter.count()) + " s");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (::fcntl(pipe.get(), F_SETFL, 0) != 0) {
    fail_reading(path, "cannot be read: " + last_error());
  }
}

std::string read_bytes(const std::string& path, std::size_t max_bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status = {};
  if (!file.valid() || ::fstat(file.get(), &status) != 0) {
    fail_reading(path, "cannot be opened: " + last_error());
  }
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) {
    fail_reading(path, "is a device, expected a file or a pipe");
  }
  const auto fail_too_large = [&] {
    fail_reading(path, "is larger than " + std::to_string(max_bytes) + " bytes");
  };
  const std::size_t stated =
      S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : std::size_t{0};
  if (stated > max_bytes) {
    fail_too_large();
  }
  std::string bytes(std::max(kFirstBuffer, stated + 1), '\0');
  std::size_t size = 0;
  if (S_ISFIFO(status.st_mode)) {
    wait_for_writer(file, path, bytes);
    size = bytes.size();
    bytes.resize(size + kFirstBuffer);
  }
  while (true) {
    const ssize_t count = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      fail_reading(path, "cannot be read: " + last_error());
    }
    if (count == 0) {
      break;
    }
    size += static_cast<std::size_t>(count);
    if (size > max_bytes) {
      fail_too_large();
    }
    if (size == bytes.size()) {
      bytes.resize(std::min(max_bytes + 1, 2 * size));
    }
  }
  bytes.resize(size);
  return bytes;
}

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b");
}

/// Size of the last member before compression, modulo 2^32, as its trailer says; a hint only, and
/// no more than is usual: the trailer may be damaged.
std::size_t size_hint(std::string_view bytes) {
  std::size_t hint = 0;
  for (std::size_t i = 0; i < 4 && bytes.size() >= 8; ++i) {
    hint |= std::size_t{static_cast<unsigned char>(bytes[bytes.size() - 4 + i])} << (8 * i);
  }
  constexpr std::size_t kUsualInflation = 16;
  return std::min(hint, kUsualInflation * bytes.size());
}

/// Inflates a sequence of gzip members.
class GzipReader {
 public:
  GzipReader(std::string_view bytes, const std::string& path, std::size_t max_bytes)
      : bytes_(bytes),
        path_(path),
        max_bytes_(max_bytes),
        max_inflated_(std::max(kSmallInflated, kMaxInflation * bytes.size())) {
    if (::inflateInit2(&stream_, kGzipWindowBits) != Z_OK) {
      fail_reading(path_, "cannot be inflated: out of memory");
    }
  }
  ~GzipReader() { ::inflateEnd(&stream_); }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  std::string run() {
    std::string text;
    text.resize(std::min(max_bytes_, std::max(kFirstBuffer, size_hint(bytes_) + 1)));
    std::size_t size = 0;
    while (true) {
      const int code = step(text, size);
      if (size > max_inflated_) {
        fail_reading(path_,
                     "inflates to more than " + std::to_string(kMaxInflation) + " times its size");
      }
      if (code == Z_STREAM_END && bytes_.empty()) {
        break;
      }
      if (code == Z_STREAM_END) {
        start_next_member();
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        fail_reading(path_, "is damaged: the gzip data cannot be inflated");
      } else if (size < text.size()) {
        if (bytes_.empty()) {
          fail_reading(path_, "is truncated: the gzip data ends too early");
        }
      } else if (size >= max_bytes_) {
        fail_reading(path_, "inflates to more than " + std::to_string(max_bytes_) + " bytes");
      } else {
        text.resize(std::min(max_bytes_, 2 * text.size()));
      }
    }
    text.resize(size);
    return text;
  }

 private:
  /// Inflates from `bytes_` to `text` behind `size`; advances both.
  int step(std::string& text, std::size_t& size) {
    constexpr std::size_t kMaxChunk = std::numeric_limits<uInt>::max();
    const auto in = static_cast<uInt>(std::min(bytes_.size(), kMaxChunk));
    const auto out = static_cast<uInt>(std::min(text.size() - size, kMaxChunk));
    // zlib does not write to its input; its interface predates const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes_.data()));
    stream_.avail_in = in;
    stream_.next_out = reinterpret_cast<Bytef*>(text.data() + size);
    stream_.avail_out = out;
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    bytes_.remove_prefix(in - stream_.avail_in);
    size += out - stream_.avail_out;
    return code;
  }

  void start_next_member() {
    if (!is_gzip(bytes_)) {
      fail_reading(path_, "is damaged: there are bytes behind the gzip data");
    }
    ::inflateReset(&stream_);
  }

  std::string_view bytes_;
  const std::string& path_;
  std::size_t max_bytes_;
  std::size_t max_inflated_;
  z_stream stream_ = {};
};

/// Compresses with a header that holds neither name nor time, so that equal text gives equal bytes.
std::string compress(std::string_view text, const std::string& path) {
  z_stream stream = {};
  if (::deflateInit2(
          &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    fail_writing(path, "out of memory");
  }
  std::string bytes;
  bytes.resize(::deflateBound(&stream, static_cast<uLong>(text.size())));
  std::size_t size = 0;
  int code = Z_OK;
  while (code == Z_OK) {
    constexpr std::size_t kMaxChunk = std::numeric_limits<uInt>::max();
    const auto in = static_cast<uInt>(std::min(text.size(), kMaxChunk));
    const auto out = static_cast<uInt>(std::min(bytes.size() - size, kMaxChunk));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + size);
    stream.avail_out = out;
    code = ::deflate(&stream, in == text.size() ? Z_FINISH : Z_NO_FLUSH);
    text.remove_prefix(in - stream.avail_in);
    size += out - stream.avail_out;
  }
  ::deflateEnd(&stream);
  if (code != Z_STREAM_END) {
    fail_writing(path, "compression failed");
  }
  bytes.resize(size);
  return bytes;
}

/// Follows symbolic links, so that the file is replaced and the link stays.
std::filesystem::path resolve_target(const std::string& path) {
  std::error_code error;
  std::filesystem::path resolved = std::filesystem::canonical(path, error);
  if (error) {
    return path;  // does not exist yet
  }
  if (!std::filesystem::is_regular_file(resolved, error)) {
    fail_writing(path, "it exists and is not a regular file");
  }
  return resolved;
}

/// A file beside its target that is removed unless it takes the target's place.
class TemporaryFile {
 public:
  TemporaryFile(const std::filesystem::path& target, const std::string& path)
      : target_(target), path_(path), name_(unique_name(target)), file_(create(name_)) {
    if (!file_.valid()) {
      fail_writing(path_, last_error());
    }
  }
  ~TemporaryFile() {
    if (!done_) {
      file_.close();
      ::unlink(name_.c_str());
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
      if (count < 0 && errno != EINTR) {
        fail_writing(path_, last_error());
      }
      bytes.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
  }

  void replace_target() {
    struct stat status = {};
    if (::stat(target_.c_str(), &status) == 0 &&
        ::fchmod(file_.get(), status.st_mode & 07777) != 0) {
      fail_writing(path_, last_error());
    }
    if (::fsync(file_.get()) != 0 || !file_.close() ||
        ::rename(name_.c_str(), target_.c_str()) != 0) {
      fail_writing(path_, last_error());
    }
    done_ = true;
    sync_folder();
  }

 private:
  static std::string unique_name(const std::filesystem::path& target) {
    static std::atomic<unsigned> counter = 0;
    std::string name(".");
    name.append(target.filename().string()).append(".tmp").append(std::to_string(::getpid()));
    name.append(".").append(std::to_string(counter++));
    return (target.parent_path() / name).string();
  }

  static int create(const std::string& name) {
    constexpr mode_t kMode = 0666;  // less the umask
    return ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  }

  /// Makes the rename durable. Some file systems cannot; the file is complete all the same.
  void sync_folder() const {
    const std::filesystem::path folder = target_.parent_path();
    const FileDescriptor handle(
        ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (handle.valid()) {
      ::fsync(handle.get());
    }
  }

  std::filesystem::path target_;
  const std::string& path_;
  std::string name_;
  FileDescriptor file_;
  bool done_ = false;
};

}  // namespace

std::string read_file(const std::string& path, std::size_t max_bytes) {
  std::string bytes = read_bytes(path, max_bytes);
  return is_gzip(bytes) ? GzipReader(bytes, path, max_bytes).run() : bytes;
}

void write_file_atomic(const std::string& path, std::string_view content) {
  const std::filesystem::path target = resolve_target(path);
  std::string compressed;
  if (path.ends_with(".gz")) {
    compressed = compress(content, path);
    content = compressed;
  }
  TemporaryFile file(target, path);
  file.write(content);
  file.replace_target();
}

}  // namespace tessera::netlist_io
