#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

/// Steps that share their force factors.
struct ForceDirectedPhase {
  int steps = 100;           ///< number of steps, >= 0
  double attract = 100.0;    ///< spring constant per unit of net weight, >= 0
  double repel = 0.0;        ///< factor of the force between overlapping macros, >= 0; 0: none
  double move_factor = 1.0;  ///< longest move per step and axis is this * max(W, H) / steps; > 0
  std::optional<double> max_move_um;  ///< if given, the longest move per step in microns; > 0
};

/// Where the macros that move start from. Those not placed yet start at the centre in any case.
enum class ForceDirectedStart : std::uint8_t { kCanvasCentre, kCurrentLocations };

/// Which of the macros that are not fixed move.
enum class ForceDirectedMoves : std::uint8_t { kSoftMacros, kSoftAndHardMacros };

/// The schedule. The defaults are Circuit Training's for soft macros around placed hard macros.
struct ForceDirectedOptions {
  std::vector<ForceDirectedPhase> phases = {{100, 100.0, 0.0, 1.0, std::nullopt},
                                            {100, 1e-3, 1e6, 1.0, std::nullopt},
                                            {100, 1e-5, 1e7, 1.0, std::nullopt}};
  /// Multiplies springs that end at a port; raising it pulls clusters to the edges; >= 0.
  double io_factor = 1.0;
  ForceDirectedStart start = ForceDirectedStart::kCanvasCentre;
  ForceDirectedMoves moves = ForceDirectedMoves::kSoftMacros;

  /// Throws `netlist_io::OptionError` naming the option, the value and the range.
  void validate() const;
};

/// Circuit Training's schedule for the placement of hard and soft macros together whose positions
/// become location features: step lengths x (1, 2, 2), repulsion (0, 1e5, 1e6).
ForceDirectedOptions circuit_training_mixed_size_schedule();

/// Working memory of `ForceDirectedPlacer::run`. Reused, it saves the allocations of a run; serves
/// placers of any netlist, one thread at a time.
class ForceDirectedScratch {
 public:
  ForceDirectedScratch();
  ~ForceDirectedScratch();
  ForceDirectedScratch(ForceDirectedScratch&&) noexcept;
  ForceDirectedScratch& operator=(ForceDirectedScratch&&) noexcept;

 private:
  friend class ForceDirectedPlacer;
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

/// Places soft macros by springs along nets and unit forces between overlapping macros: the
/// published schedule of Circuit Training with the rules of the MacroPlacement project.
///
/// Immutable after construction: any number of threads may call `run` at the same time, each with
/// a placement and a scratch of its own. The result depends on nothing else.
class ForceDirectedPlacer {
 public:
  /// Sums the springs between nodes, in time linear in the pins. `netlist` must outlive the
  /// placer; of `canvas` only width and height count. Throws `netlist_io::OptionError` for bad
  /// options or a canvas whose sides are not positive.
  ForceDirectedPlacer(const netlist_io::Netlist& netlist,
                      const netlist_io::Canvas& canvas,
                      ForceDirectedOptions options = {});

  /// Moves what the options let move and is not fixed, and marks it as placed; afterwards these
  /// macros lie inside the canvas (centred on an axis where they are larger than it). Anything else
  /// takes part only if placed. Inside the solver soft macros are squares of the same area.
  /// Throws `std::invalid_argument` if `placement` is not one of the netlist.
  void run(netlist_io::Placement& placement) const;
  void run(netlist_io::Placement& placement, ForceDirectedScratch& scratch) const;

 private:
  /// All springs from one macro to another node, as one: the force on the macro is
  /// `stiffness` * (other - macro) + `other_moment` - `own_moment`, both turned with their node.
  struct Spring {
    std::uint32_t other = 0;
    double stiffness = 0.0;
    netlist_io::Offset own_moment;    ///< sum of stiffness * pin offset, orientation N
    netlist_io::Offset other_moment;  ///< same, of the pins of the other node
  };

  /// Calls `visit(node, spring)` for both ends of each driver-sink pair of nodes, if a macro.
  template <typename Visit>
  void for_each_spring(Visit visit) const;
  void build_springs();
  void merge_parallel_springs();
  bool moves(const netlist_io::Placement& placement, netlist_io::NodeId node) const;
  void collect_nodes(const netlist_io::Placement& placement,
                     ForceDirectedScratch::Buffers& buffers) const;
  void collect_springs(const netlist_io::Placement& placement,
                       ForceDirectedScratch::Buffers& buffers) const;
  void collect_boxes(const netlist_io::Placement& placement,
                     ForceDirectedScratch::Buffers& buffers) const;
  double max_move(const ForceDirectedPhase& phase) const;
  void write_back(const ForceDirectedScratch::Buffers& buffers,
                  netlist_io::Placement& placement) const;

  const netlist_io::Netlist* netlist_;
  double width_;
  double height_;
  ForceDirectedOptions options_;
  std::vector<std::uint32_t> spring_start_;  ///< per node; only macros have springs
  std::vector<Spring> springs_;              ///< by node, one per other node
};

}  // namespace tessera::placer
