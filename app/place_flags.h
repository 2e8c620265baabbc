#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/block_input.h"
#include "placer/corpus_block.h"
#include "placer/macro_geometry.h"
#include "placer/macro_problem.h"

namespace tessera::app {

/// Flags that shape the environment, the same for placing and for learning to place.
struct EnvironmentFlags {
  std::string order = "area";
  std::string prior = "force-directed";
  std::string cluster_placer = "gradient";
  std::vector<double> halo = {0.0};     ///< microns: X, or X and Y
  std::vector<double> channel = {0.0};  ///< microns: X, or X and Y
  std::optional<std::string> halo_file;
  std::optional<std::string> fix;
  std::optional<std::string> macro_groups;

  void add_to(CLI::App& command);
  /// The flags that make sense for the blocks of a corpus, and the order that suits them. Which
  /// macros keep apart or together is not for a policy that shall work everywhere.
  void add_for_corpus(CLI::App& command);

  /// Adds the files that these flags name, which the command reads.
  void append_files(std::vector<std::string>& paths) const;

  /// What a network must see as it was trained with: a JSON object of the values of `--order`,
  /// `--position-prior` and `--cluster-placer`, for its checkpoint.
  std::string trained_with() const;
  /// Takes from what `trained_with` once returned the values of the flags that the user did not
  /// give; a warning for each flag that the user gave another value. Nothing if `trained` is
  /// empty. Throws `netlist_io::ParseError`, naming the checkpoint, if it cannot be read.
  std::vector<std::string> follow(const std::string& trained, const std::string& checkpoint);

  /// The block's placement with the hard macros that `--fix` names marked as fixed. Throws
  /// `netlist_io::OptionError` for a bad pattern.
  netlist_io::Placement apply_fixes(const Block& block) const;

  /// Where hard macros may stand: the design's rules and these flags.
  placer::MacroSpaceOptions space_options(const Block& block) const;
  placer::MacroProblemOptions problem_options(const Block& block) const;
  /// The same for a block of a corpus, whose macros may stand side by side.
  placer::MacroProblemOptions problem_options(const placer::CorpusBlock& block) const;

 private:
  placer::MacroProblemOptions episode_options() const;

  /// Of the flags that `trained_with` tells, in its order.
  std::vector<const CLI::Option*> trained_options_;
};

}  // namespace tessera::app
