#pragma once

#include <cstdio>
#include <fstream>
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

/// A line on stderr, with a heading now and then.
void print_progress(const gnn::IterationInfo& info);

}  // namespace tessera::app
