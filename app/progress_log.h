#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace tessera::app {

struct CommonFlags;

/// What a command tells while it works: lines on stderr and, with `--log-json`, events in a file.
/// There is one for the process, as there is one stderr; any thread may use it.
///
/// Each event is a line of JSON with `time_s` since the start of the command, its `event`, and what
/// belongs to it: `start`, `status`, `trial`, `demonstration`, `iteration`, `warning`, `note`,
/// `error`, `end` (docs/formats.md). Lines are added to what the file holds.

/// Called once, before anything is told. Throws `std::runtime_error` if the file cannot be written.
void open_log(const CommonFlags& flags, const std::string& command);

/// Tells the exit code, too.
void close_log(int exit_code);

/// An event that the file alone gets.
void log_event(const std::string& event, const nlohmann::ordered_json& fields);

/// A line that stays, unless the user wants it quiet.
void log_line(const std::string& text);

/// A line that takes the place of the last one on a terminal, until `leave_status`.
void log_status(const std::string& text);

/// What is printed next goes below the status line. To be called before printing on stdout.
void leave_status();

/// A line that begins with "tessera: warning: ", unless the user wants it quiet; and an event.
void warn(const std::string& text);

/// The same for a note, which is for users who ask for more.
void note(const std::string& text);

/// The same for what ends the command; quiet or not.
void log_error(const std::string& text);

/// "12.3 s", "4 min 5 s", "3 h 20 min".
std::string duration_text(double seconds);

/// How far a stage of the work is.
struct WorkDone {
  double done = 0.0;   ///< in units
  double total = 0.0;  ///< 0: not known
  bool last = false;   ///< tells it however short the time since the last call was
};

/// Tells how far a stage is: its pace, the time left at that pace, and what the caller adds. Not
/// more often than can be read: some times a second on a terminal, in a log less the longer it
/// takes. A copy goes on from where its original stands; use by one thread at a time.
class StageProgress {
 public:
  using Clock = std::chrono::steady_clock;

  /// `unit`: of the work, in the plural, as in "moves".
  StageProgress(std::string stage, std::string unit, Clock::time_point start);

  /// `text` and `fields`: the best so far and the like.
  void operator()(const WorkDone& work,
                  const std::string& text,
                  const nlohmann::ordered_json& fields);

 private:
  struct Mark {
    double time_s = 0.0;
    double done = 0.0;
  };

  std::string amount_text(const WorkDone& work) const;
  bool is_due(double now_s) const;

  std::string stage_;
  std::string unit_;
  Clock::time_point start_;
  std::optional<Mark> first_;  ///< leaves out of the pace what came before the stage
  std::optional<double> last_s_;
};

}  // namespace tessera::app
