#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/gnn/torch_doctest.h"
#include "tests/support/test_support.h"
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "gnn/checkpoint.h"

// `tessera finetune` as a process of its own, killed and interrupted.

namespace {

using nlohmann::json;
using tessera::testing::scratch_dir;
using namespace std::chrono_literals;

/// The program, running with its output thrown away.
class Tessera {
 public:
  explicit Tessera(std::vector<std::string> arguments,
                   const std::string& program = TESSERA_BINARY) {
    arguments.insert(arguments.begin(), program);
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      const int null = open("/dev/null", O_RDWR);
      dup2(null, STDOUT_FILENO);
      dup2(null, STDERR_FILENO);
      execv(argv[0], argv.data());
      _exit(127);
    }
    REQUIRE(pid_ > 0);
  }
  Tessera(const Tessera&) = delete;
  Tessera& operator=(const Tessera&) = delete;
  ~Tessera() {
    if (pid_ > 0) {
      signal(SIGKILL);
      wait();
    }
  }

  void signal(int number) const { kill(pid_, number); }

  /// Waits for the end: the exit code, or minus the number of the signal that killed it.
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
};

std::vector<std::int64_t> iterations_in(const std::filesystem::path& metrics) {
  std::vector<std::int64_t> result;
  std::ifstream file(metrics);
  for (std::string line; std::getline(file, line);) {
    const json entry = json::parse(line, nullptr, /*allow_exceptions=*/false);
    result.push_back(entry.is_object() ? entry.value("iteration", std::int64_t{-1}) : -1);
  }
  return result;
}

/// Whether the file holds `count` lines before half a minute is over.
bool wait_for_lines(const std::filesystem::path& metrics, std::size_t count) {
  for (int i = 0; i < 3000; ++i) {
    if (iterations_in(metrics).size() >= count) {
      return true;
    }
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

std::int64_t iteration_of_checkpoint(const std::filesystem::path& path) {
  const tessera::gnn::Checkpoint checkpoint = tessera::gnn::load_checkpoint(path.string());
  return json::parse(checkpoint.metadata.at("training")).at("iteration").get<std::int64_t>();
}

std::vector<std::int64_t> one_to(std::int64_t last) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = 1; i <= last; ++i) {
    result.push_back(i);
  }
  return result;
}

/// A small generated block and the arguments that train on it.
struct Training {
  std::filesystem::path folder;
  std::filesystem::path checkpoint = folder / "net.safetensors";
  std::filesystem::path metrics = folder / "net.metrics.jsonl";

  std::vector<std::string> arguments(const std::vector<std::string>& more) const {
    std::vector<std::string> result = {"finetune",
                                       (folder / "b.pb.txt.gz").string(),
                                       "--plc",
                                       (folder / "b.plc").string(),
                                       "-o",
                                       checkpoint.string(),
                                       "--threads",
                                       "1",
                                       "--episodes",
                                       "4"};
    result.insert(result.end(), more.begin(), more.end());
    return result;
  }
};

Training make_training(const std::string& name) {
  Training training{scratch_dir(name)};
  Tessera generate({"generate",
                    "-o",
                    training.folder.string(),
                    "--name",
                    "b",
                    "--macros",
                    "4",
                    "--clusters",
                    "8",
                    "--ports",
                    "6"});
  REQUIRE(generate.wait() == 0);
  return training;
}

TEST_CASE("A training that was killed goes on from its last checkpoint") {
  const Training training = make_training("killed");
  {
    Tessera first(training.arguments(
        {"--from-scratch", "--iterations", "100000", "--checkpoint-interval", "0"}));
    REQUIRE(wait_for_lines(training.metrics, 4));
    first.signal(SIGKILL);
    CHECK(first.wait() == -SIGKILL);
  }
  const std::int64_t saved = iteration_of_checkpoint(training.checkpoint);
  CHECK(saved >= 3);
  const std::int64_t last = saved + 3;
  Tessera second(training.arguments({"--resume", "--iterations", std::to_string(last)}));
  CHECK(second.wait() == 0);
  CHECK(iteration_of_checkpoint(training.checkpoint) == last);
  CHECK(iterations_in(training.metrics) == one_to(last));
}

TEST_CASE("An interrupted training writes its checkpoint and says so in its exit code") {
  const Training training = make_training("interrupted");
  Tessera process(training.arguments(
      {"--from-scratch", "--iterations", "100000", "--checkpoint-interval", "100000"}));
  REQUIRE(wait_for_lines(training.metrics, 1));
  CHECK_FALSE(std::filesystem::exists(training.checkpoint));
  process.signal(SIGINT);
  CHECK(process.wait() == 130);
  const std::vector<std::int64_t> iterations = iterations_in(training.metrics);
  CHECK(iterations == one_to(iteration_of_checkpoint(training.checkpoint)));
}

TEST_CASE("A checkpoint that is none ends the program with the code for bad input") {
  const Training training = make_training("garbage");
  std::ofstream(training.checkpoint) << "this is not a checkpoint";
  Tessera resumed(training.arguments({"--resume", "--iterations", "1"}));
  CHECK(resumed.wait() == 3);
  const std::string wrong = (training.folder / "other.safetensors").string();
  std::filesystem::copy_file(training.checkpoint, wrong);
  Tessera started(training.arguments({"--policy", wrong, "--iterations", "1"}));
  CHECK(started.wait() == 3);
}

TEST_CASE("With --policy the bundled checkpoint need not be there") {
  namespace fs = std::filesystem;
  const Training training = make_training("policy_of_another_folder");
  Tessera scratch(training.arguments({"--from-scratch", "--iterations", "1"}));
  REQUIRE(scratch.wait() == 0);
  const fs::path policy = training.folder / "policy.safetensors";
  fs::rename(training.checkpoint, policy);
  const fs::path built = fs::path(TESSERA_BINARY).parent_path();
  const fs::path program = training.folder / "bin/tessera";
  fs::create_directory(training.folder / "bin");
  fs::copy_file(TESSERA_BINARY, program);
  fs::create_directory_symlink(built / "../lib", training.folder / "lib");
  Tessera without({training.arguments({"--iterations", "1"})}, program);
  CHECK(without.wait() == 3);
  Tessera with({training.arguments({"--policy", policy, "--iterations", "1"})}, program);
  CHECK(with.wait() == 0);
}

}  // namespace
