#include "app/command.h"

#include <algorithm>
#include <thread>

#include "app/progress_log.h"

namespace tessera::app {

void CommonFlags::add_to(CLI::App& command) {
  const char* const group = "General";
  command.add_flag("--json", json, "print exactly one JSON document on stdout")->group(group);
  CLI::Option* const quiet_flag =
      command.add_flag("-q,--quiet", quiet, "no progress and no warnings on stderr")->group(group);
  command.add_flag("-v,--verbose", verbose, "more on stderr about what is going on")
      ->excludes(quiet_flag)
      ->group(group);
  command.add_option("--seed", seed, "seed of every random choice")
      ->capture_default_str()
      ->group(group);
  command.add_option("--threads", threads, "threads; 0: all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str()
      ->group(group);
  command.add_option("--log-json", log_json, "add what happens to a file, a line of JSON an event")
      ->type_name("FILE")
      ->group(group);
  command.parse_complete_callback([this, &command] { open_log(*this, command.get_name()); });
}

int CommonFlags::num_threads() const {
  return threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string examples(std::initializer_list<const char*> lines) {
  std::string text = "Examples:";
  for (const char* const line : lines) {
    text += "\n  ";
    text += line;
  }
  return text;
}

void print_warnings(std::span<const std::string> warnings) {
  for (const std::string& warning : warnings) {
    warn(warning);
  }
}

void print_notes(std::span<const std::string> notes) {
  for (const std::string& text : notes) {
    note(text);
  }
}

}  // namespace tessera::app
