#include "placer/policy.h"

namespace tessera::placer {

void UniformPolicy::evaluate(std::span<const MacroEnv* const> envs, PolicyOutput& output) const {
  const std::size_t cells = envs.empty() ? 0 : envs.front()->problem().canvas().grid.num_cells();
  output.logits.assign(envs.size() * cells, 0.0F);
  output.values.assign(envs.size(), 0.0F);
}

}  // namespace tessera::placer
