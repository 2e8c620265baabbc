#pragma once

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "gnn/training.h"

namespace tessera::app {

/// `NAME.metrics.jsonl` beside the checkpoint `NAME.safetensors`: a line an iteration. Lines after
/// the iteration from which a training resumes are written again and go first.
class MetricsLog {
 public:
  explicit MetricsLog(const std::string& checkpoint);

  void add(const gnn::IterationInfo& info);

 private:
  void keep_before(std::int64_t iteration) const;

  std::string path_;
  std::ofstream file_;
};

/// Tells of each iteration: a line with a heading now and then, and an event of the log.
class TrainingProgress {
 public:
  void operator()(const gnn::IterationInfo& info);

 private:
  struct Mark {
    double time_s = 0.0;
    std::int64_t iteration = 0;
  };

  /// Until the time or the iterations are used up, whichever is first.
  double left_s(const gnn::IterationInfo& info);

  std::optional<Mark> first_;
  std::int64_t num_told_ = 0;
};

}  // namespace tessera::app
