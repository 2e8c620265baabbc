#include "app/progress_log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "app/command.h"
#include "app/cost_report.h"
#include "netlist_io/markup_text.h"

namespace tessera::app {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::ordered_json;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

std::size_t terminal_columns() {
  constexpr std::size_t kUsual = 80;
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : kUsual;
}

class Log {
 public:
  void open(const CommonFlags& flags, const std::string& command) {
    const std::lock_guard<std::mutex> lock(mutex_);
    quiet_ = flags.quiet;
    verbose_ = flags.verbose;
    if (!flags.log_json) {
      return;
    }
    path_ = *flags.log_json;
    file_ = std::fopen(path_.c_str(), "a");
    if (file_ == nullptr) {
      throw std::runtime_error(path_ + ": cannot be written: " + std::strerror(errno));
    }
    write("start",
          {{"command", command},
           {"tessera", version_text()},
           {"seed", flags.seed},
           {"threads", flags.num_threads()},
           {"process", getpid()}});
  }

  void close(int exit_code) {
    const std::lock_guard<std::mutex> lock(mutex_);
    end_status();
    write("end", {{"exit_code", exit_code}});
    if (file_ != nullptr) {
      std::fclose(file_);
      file_ = nullptr;
    }
  }

  void event(const std::string& event, const ordered_json& fields) {
    const std::lock_guard<std::mutex> lock(mutex_);
    write(event, fields);
  }

  void line(const std::string& text, bool even_if_quiet = false) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!quiet_ || even_if_quiet) {
      print(text);
    }
  }

  void status(const std::string& text) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (quiet_) {
      return;
    }
    if (!is_terminal_ || verbose_) {
      print(text);
      return;
    }
    // A wrapped line would not be overwritten.
    const std::string shown = netlist_io::escape_controls(text);
    std::fprintf(stderr, "\r\033[K%s", shown.substr(0, terminal_columns() - 1).c_str());
    status_shown_ = true;
  }

  void leave_status() {
    const std::lock_guard<std::mutex> lock(mutex_);
    end_status();
  }

  bool verbose() const { return verbose_; }
  bool is_terminal() const { return is_terminal_; }

 private:
  void end_status() {
    if (status_shown_) {
      std::fputc('\n', stderr);
      status_shown_ = false;
    }
  }

  void print(const std::string& text) {
    end_status();
    std::fprintf(stderr, "%s\n", netlist_io::escape_controls(text).c_str());
  }

  void write(const std::string& event, const ordered_json& fields) {
    if (file_ == nullptr) {
      return;
    }
    ordered_json entry = {{"time_s", seconds_between(start_, Clock::now())}, {"event", event}};
    entry.update(fields);
    // Names in a netlist need not be UTF-8.
    const std::string text =
        entry.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
    const bool written = std::fwrite(text.data(), 1, text.size(), file_) == text.size() &&
                         std::fflush(file_) == 0;  // it is followed while the command runs
    if (!written) {
      give_up_file(errno);
    }
  }

  /// A full disk must not end hours of work.
  void give_up_file(int error) {
    if (!quiet_) {
      print("tessera: warning: " + path_ + ": cannot be written: " + std::strerror(error) +
            "; what happens is logged no more");
    }
    std::fclose(file_);
    file_ = nullptr;
  }

  std::mutex mutex_;
  const Clock::time_point start_ = Clock::now();
  const bool is_terminal_ = isatty(STDERR_FILENO) != 0;
  bool quiet_ = false;
  bool verbose_ = false;
  bool status_shown_ = false;
  std::string path_;  ///< of the file
  std::FILE* file_ = nullptr;
};

Log& the_log() {
  static Log log;
  return log;
}

/// With three digits or so: "853", "12.3 k", "4.56 M".
std::string count_text(double count) {
  struct Scale {
    double factor;
    const char* suffix;
  };
  constexpr std::array<Scale, 3> kScales = {{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}}};
  char text[32];
  for (const Scale& scale : kScales) {
    if (count >= scale.factor) {
      std::snprintf(text, sizeof text, "%.3g%s", count / scale.factor, scale.suffix);
      return text;
    }
  }
  std::snprintf(text, sizeof text, "%.3g", count);
  return text;
}

}  // namespace

void open_log(const CommonFlags& flags, const std::string& command) {
  the_log().open(flags, command);
}

void close_log(int exit_code) {
  the_log().close(exit_code);
}

void log_event(const std::string& event, const ordered_json& fields) {
  the_log().event(event, fields);
}

void log_line(const std::string& text) {
  the_log().line(text);
}

void log_status(const std::string& text) {
  the_log().status(text);
}

void leave_status() {
  the_log().leave_status();
}

void warn(const std::string& text) {
  the_log().line("tessera: warning: " + text);
  the_log().event("warning", {{"text", text}});
}

void note(const std::string& text) {
  if (the_log().verbose()) {
    the_log().line("tessera: note: " + text);
  }
  the_log().event("note", {{"text", text}});
}

void log_error(const std::string& text) {
  constexpr std::size_t kMostBytes = 2000;  // messages of libraries quote whole words of a file
  const std::string shown = text.size() > kMostBytes ? text.substr(0, kMostBytes) + "..." : text;
  the_log().line("tessera: " + shown, /*even_if_quiet=*/true);
  the_log().event("error", {{"text", shown}});
}

std::string duration_text(double seconds) {
  constexpr double kMinute = 60.0;
  constexpr double kHour = 3600.0;
  char text[48];
  if (seconds < kMinute) {
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  } else if (seconds < kHour) {
    const double whole = std::round(seconds);
    std::snprintf(text,
                  sizeof text,
                  "%.0f min %.0f s",
                  std::floor(whole / kMinute),
                  std::fmod(whole, kMinute));
  } else {
    const double minutes = std::round(seconds / kMinute);
    std::snprintf(text,
                  sizeof text,
                  "%.0f h %.0f min",
                  std::floor(minutes / kMinute),
                  std::fmod(minutes, kMinute));
  }
  return text;
}

StageProgress::StageProgress(std::string stage, std::string unit, Clock::time_point start)
    : stage_(std::move(stage)), unit_(std::move(unit)), start_(start) {}

std::string StageProgress::amount_text(const WorkDone& work) const {
  constexpr double kMostCounted = 1e4;
  char text[64];
  if (work.total <= 0.0) {
    return count_text(work.done) + " " + unit_;
  }
  if (work.total < kMostCounted) {
    std::snprintf(text, sizeof text, "%.0f/%.0f %s", work.done, work.total, unit_.c_str());
  } else {
    std::snprintf(text, sizeof text, "%5.1f %%", 100.0 * work.done / work.total);
  }
  return text;
}

bool StageProgress::is_due(double now_s) const {
  if (!last_s_) {
    return true;
  }
  constexpr double kTerminalInterval_s = 0.2;
  constexpr double kLogInterval_s = 0.5;
  constexpr double kLogShare = 0.05;  // of the time so far
  const double interval_s = the_log().is_terminal() || the_log().verbose()
                                ? kTerminalInterval_s
                                : std::max(kLogInterval_s, kLogShare * now_s);
  return now_s - *last_s_ >= interval_s;
}

void StageProgress::operator()(const WorkDone& work,
                               const std::string& text,
                               const ordered_json& fields) {
  const double now_s = seconds_between(start_, Clock::now());
  if (!first_) {
    first_ = {now_s, work.done};
  }
  if (!work.last && !is_due(now_s)) {
    return;
  }
  last_s_ = now_s;
  ordered_json event = {{"stage", stage_}, {"done", work.done}};
  char head[64];
  std::snprintf(head, sizeof head, "%9.1f s  %-8s", now_s, stage_.c_str());
  std::string line = head;
  if (work.total > 0.0) {
    event["total"] = work.total;
  }
  line += amount_text(work) + "  " + text;
  if (now_s > first_->time_s && work.done > first_->done) {
    const double per_second = (work.done - first_->done) / (now_s - first_->time_s);
    event["per_second"] = per_second;
    line += "  " + count_text(per_second) + " " + unit_ + "/s";
    if (work.total > work.done && !work.last) {
      event["left_s"] = (work.total - work.done) / per_second;
      line += "  " + duration_text((work.total - work.done) / per_second) + " left";
    }
  }
  event.update(fields);
  log_event("status", event);
  log_status(line);
}

}  // namespace tessera::app
