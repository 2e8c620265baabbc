#include "tests/app/run_tessera.h"

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/support/test_support.h"
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlist_io/netlist_file.h"

namespace tessera::testing {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(5);

pid_t spawn(const std::string& program,
            const std::vector<std::string>& arguments,
            const std::string& out_path,
            const std::string& err_path) {
  std::vector<std::string> all = {program};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : all) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kWrite = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_path.c_str(), kWrite, 0644);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_path.c_str(), kWrite, 0644);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw std::runtime_error("cannot run " + program);
  }
  return pid;
}

}  // namespace

RunResult run_tessera(const std::vector<std::string>& arguments,
                      const std::function<void(pid_t, const std::string&)>& while_running) {
  return run_program(TESSERA_BINARY, arguments, while_running);
}

RunResult run_program(const std::string& program,
                      const std::vector<std::string>& arguments,
                      const std::function<void(pid_t, const std::string&)>& while_running) {
  const std::filesystem::path folder = scratch_dir("run");
  const std::string out_path = folder / "stdout";
  const std::string err_path = folder / "stderr";
  const pid_t pid = spawn(program, arguments, out_path, err_path);
  int status = 0;
  if (while_running) {
    while (waitpid(pid, &status, WNOHANG) == 0) {
      while_running(pid, read_text(err_path));
      std::this_thread::sleep_for(kPollInterval);
    }
  } else {
    waitpid(pid, &status, 0);
  }
  RunResult result;
  if (WIFEXITED(status)) {
    result.exit_code = WEXITSTATUS(status);
  } else {
    result.signal = WTERMSIG(status);
  }
  result.out = read_text(out_path);
  result.err = read_text(err_path);
  return result;
}

const SmallBlock& small_block() {
  static const SmallBlock block = [] {
    const std::filesystem::path folder = scratch_dir("small_block");
    const RunResult run = run_tessera({"generate",
                                       "-o",
                                       folder,
                                       "--name",
                                       "small",
                                       "--macros",
                                       "12",
                                       "--clusters",
                                       "30",
                                       "--ports",
                                       "20"});
    if (run.exit_code != 0) {
      throw std::runtime_error("tessera generate: " + run.err);
    }
    SmallBlock made;
    made.netlist = folder / "small.pb.txt.gz";
    made.plc = folder / "small.plc";
    made.parsed = netlist_io::read_netlist(std::vector{made.netlist}).netlist;
    made.initial = netlist_io::read_plc(made.plc, made.parsed);
    return made;
  }();
  return block;
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) {
    throw std::runtime_error("\"" + from + "\" is not in the text");
  }
  return text.replace(at, from.size(), to);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace tessera::testing
