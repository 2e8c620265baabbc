#include "netlist_io/sha256.h"

#include <fstream>
#include <string>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"

namespace tessera::netlist_io {
namespace {

// Vectors from FIPS 180-4's examples ("abc", two blocks, a million times "a") and the empty string.
TEST_CASE("SHA-256 gives the published digests") {
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 of a file is that of its bytes") {
  const std::string path = (testing::scratch_dir("sha256") / "bytes").string();
  const std::string bytes = std::string(200000, 'x') + '\0' + "\r\n";
  std::ofstream(path, std::ios::binary) << bytes;
  CHECK(sha256_hex_of_file(path) == sha256_hex(bytes));
}

TEST_CASE("SHA-256 of a file that is not there is an input error") {
  CHECK_THROWS_AS(sha256_hex_of_file("no/such/file"), ParseError);
}

}  // namespace
}  // namespace tessera::netlist_io
