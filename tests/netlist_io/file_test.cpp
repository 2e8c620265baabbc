#include "netlist_io/file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "netlist_io/errors.h"

namespace tessera::netlist_io {
namespace {

std::string raw_bytes(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_raw(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::size_t num_files(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator files(folder);
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 100000; ++i) {
    text += std::to_string(i * 7919) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a written file reads back, plain and gzip") {
  const auto folder = testing::scratch_dir("file_round_trip");
  for (const std::string& text : {std::string(), std::string("one\ntwo"), long_text()}) {
    const std::string plain = folder / "file.txt";
    const std::string zipped = folder / "file.txt.gz";
    write_file_atomic(plain, text);
    write_file_atomic(zipped, text);
    CHECK(raw_bytes(plain) == text);
    CHECK(raw_bytes(zipped).starts_with("\x1f\x8b"));
    CHECK(read_file(plain) == text);
    CHECK(read_file(zipped) == text);
  }
  CHECK(num_files(folder) == 2);  // no temporary file is left
}

TEST_CASE("gzip is recognised by content, not by name") {
  const auto folder = testing::scratch_dir("file_magic");
  write_file_atomic(folder / "a.gz", "text");
  std::filesystem::rename(folder / "a.gz", folder / "a.txt");
  CHECK(read_file(folder / "a.txt") == "text");
  write_raw(folder / "plain.gz", "not compressed");
  CHECK(read_file(folder / "plain.gz") == "not compressed");
}

TEST_CASE("compressed bytes depend on the text alone") {
  const auto folder = testing::scratch_dir("file_deterministic");
  write_file_atomic(folder / "first.gz", "same text");
  write_file_atomic(folder / "second.gz", "same text");
  const std::string bytes = raw_bytes(folder / "first.gz");
  CHECK(bytes == raw_bytes(folder / "second.gz"));
  CHECK(bytes.substr(3, 5) == std::string(5, '\0'));  // no name flag, no time
}

TEST_CASE("gzip files may have several members") {
  const auto folder = testing::scratch_dir("file_members");
  write_file_atomic(folder / "a.gz", "first ");
  write_file_atomic(folder / "b.gz", "second");
  write_raw(folder / "both.gz", raw_bytes(folder / "a.gz") + raw_bytes(folder / "b.gz"));
  CHECK(read_file(folder / "both.gz") == "first second");
}

TEST_CASE("what cannot be read is a ParseError with the path") {
  const auto folder = testing::scratch_dir("file_unreadable");
  CHECK_THROWS_AS(read_file(folder / "absent"), ParseError);
  CHECK_THROWS_AS(read_file(folder), ParseError);
  write_file_atomic(folder / "a.gz", long_text());
  const std::string bytes = raw_bytes(folder / "a.gz");
  for (const std::size_t size :
       {std::size_t{2}, std::size_t{15}, bytes.size() / 2, bytes.size() - 1}) {
    CAPTURE(size);
    write_raw(folder / "cut.gz", bytes.substr(0, size));
    CHECK_THROWS_AS(read_file(folder / "cut.gz"), ParseError);
  }
}

TEST_CASE("a file may not be, or inflate, beyond the limit") {
  const auto folder = testing::scratch_dir("file_limit");
  const std::string text(100000, 'x');
  write_file_atomic(folder / "a", text);
  write_file_atomic(folder / "a.gz", text);
  CHECK(read_file(folder / "a", text.size()) == text);
  CHECK(read_file(folder / "a.gz", text.size()) == text);
  CHECK_THROWS_AS(read_file(folder / "a", text.size() - 1), ParseError);
  CHECK_THROWS_AS(read_file(folder / "a.gz", text.size() - 1), ParseError);
}

TEST_CASE("the stated size of a file beyond the limit takes no memory") {
  const auto folder = testing::scratch_dir("file_sparse");
  write_raw(folder / "a", "x");
  std::error_code error;
  std::filesystem::resize_file(folder / "a", std::uintmax_t{1} << 42, error);
  if (error) {
    MESSAGE("skipped: no file of this size here");
    return;
  }
  CHECK_THROWS_AS(read_file(folder / "a"), ParseError);
}

TEST_CASE("gzip may not inflate without measure") {
  const auto folder = testing::scratch_dir("file_inflation");
  write_file_atomic(folder / "small.gz", std::string(std::size_t{60} << 20, ' '));
  CHECK(read_file(folder / "small.gz").size() == std::size_t{60} << 20);
  write_file_atomic(folder / "large.gz", std::string(std::size_t{68} << 20, ' '));
  CHECK_THROWS_WITH_AS(read_file(folder / "large.gz"),
                       doctest::Contains("inflates to more than 200 times its size"),
                       ParseError);
}

TEST_CASE("devices are refused") {
  CHECK_THROWS_WITH_AS(
      read_file("/dev/zero", 100), "/dev/zero: is a device, expected a file or a pipe", ParseError);
}

TEST_CASE("a pipe is read if somebody writes to it") {
  const std::string path = testing::scratch_dir("file_pipe") / "pipe";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_THROWS_WITH_AS(
      read_file(path), doctest::Contains("to which nothing was written for 2 s"), ParseError);
  const std::string text = long_text();
  std::thread writer([&] { write_raw(path, text); });
  CHECK(read_file(path) == text);
  writer.join();
}

TEST_CASE("a file is replaced as a whole and keeps its mode") {
  const auto folder = testing::scratch_dir("file_replace");
  const std::string path = folder / "a";
  write_file_atomic(path, "a long first text");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  write_file_atomic(path, "second");
  CHECK(raw_bytes(path) == "second");
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("writing through a symbolic link replaces the file, not the link") {
  const auto folder = testing::scratch_dir("file_link");
  write_file_atomic(folder / "a", "first");
  std::filesystem::create_symlink(folder / "a", folder / "link");
  write_file_atomic(folder / "link", "second");
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(raw_bytes(folder / "a") == "second");
}

TEST_CASE("a file that cannot be written names its path and leaves nothing behind") {
  const auto folder = testing::scratch_dir("file_unwritable");
  const std::string absent = folder / "absent" / "a";
  try {
    write_file_atomic(absent, "text");
    FAIL("no exception");
  } catch (const std::runtime_error& error) {
    CHECK(std::string(error.what()).find(absent) != std::string::npos);
  }
  std::filesystem::create_directory(folder / "taken");
  CHECK_THROWS_AS(write_file_atomic(folder / "taken", "text"), std::runtime_error);
  CHECK(num_files(folder) == 1);
}

}  // namespace tessera::netlist_io
