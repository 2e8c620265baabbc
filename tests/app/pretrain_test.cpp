// tessera pretrain, finetune with demonstrations, and place with what they have learned.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace tessera::testing {
namespace {

using nlohmann::json;
using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

/// Three tiny blocks in a folder, and a demonstration of each, the same for all cases.
struct Corpus {
  fs::path folder;
  Strings netlists;
  std::string demonstrations;
};

const Corpus& corpus() {
  static const Corpus made = [] {
    Corpus result;
    result.folder = scratch_dir("corpus");
    for (const std::string seed : {"1", "2", "3"}) {
      const std::string name = "b" + seed;
      const RunResult run = run_tessera({"generate",
                                         "-o",
                                         result.folder,
                                         "--name",
                                         name,
                                         "--macros",
                                         "5",
                                         "--clusters",
                                         "10",
                                         "--ports",
                                         "8",
                                         "--seed",
                                         seed});
      REQUIRE(run.exit_code == 0);
      result.netlists.push_back(result.folder / (name + ".pb.txt.gz"));
    }
    result.demonstrations = result.folder / "d.jsonl";
    const RunResult run = run_tessera(
        {"demonstrate", "--corpus", result.folder, "--evals", "500", "-o", result.demonstrations});
    CAPTURE(run.err);
    REQUIRE(run.exit_code == 0);
    return result;
  }();
  return made;
}

Strings joined(Strings first, const Strings& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// A small training on the first two blocks, of two iterations unless `more` says otherwise.
RunResult pretrain(const std::string& output, Strings more = {}) {
  if (std::find(more.begin(), more.end(), "--iterations") == more.end()) {
    more.insert(more.end(), {"--iterations", "2"});
  }
  return run_tessera(joined({"pretrain",
                             "--corpus",
                             corpus().netlists[0],
                             corpus().netlists[1],
                             "--episodes",
                             "4",
                             "--time",
                             "60",
                             "--json",
                             "-o",
                             output},
                            more));
}

/// Whether there is nothing to learn with in this build; says so.
bool cannot_learn() {
  static const bool missing = [] {
    // Canvas networks are computed without LibTorch, but only on the CPU.
    const RunResult run = run_tessera({"place",
                                       corpus().netlists[0],
                                       "--plc",
                                       corpus().folder / "b1.plc",
                                       "--effort",
                                       "zero-shot",
                                       "--device",
                                       "cuda",
                                       "-o",
                                       scratch_dir("any_network") / "out.plc"});
    return contains(run.err, "the learning code");
  }();
  if (missing) {
    report_skip("this build cannot learn");
  }
  return missing;
}

/// The metrics beside a checkpoint, less what differs between two runs of the same training: times.
std::vector<json> metrics_without_times(const fs::path& checkpoint) {
  std::istringstream lines(read_text(fs::path(checkpoint).replace_extension(".metrics.jsonl")));
  std::vector<json> result;
  for (std::string line; std::getline(lines, line);) {
    json entry = json::parse(line);
    for (const char* const key : {"elapsed_s",
                                  "rollout_s",
                                  "update_s",
                                  "rollout_states_per_s",
                                  "update_states_per_s",
                                  "resident_mb"}) {
      REQUIRE(entry.erase(key) == 1);
    }
    result.push_back(std::move(entry));
  }
  return result;
}

/// A checkpoint of a small training with analytic positions, the same for all cases.
const std::string& analytic_checkpoint() {
  static const std::string path = [] {
    std::string made = scratch_dir("analytic_checkpoint") / "net.safetensors";
    const RunResult run = pretrain(made, {"--position-prior", "analytic"});
    CAPTURE(run.err);
    REQUIRE(run.exit_code == 0);
    return made;
  }();
  return path;
}

RunResult place_zero_shot(const Strings& more) {
  const Corpus& blocks = corpus();
  return run_tessera(joined({"place",
                             blocks.netlists[2],
                             "--plc",
                             blocks.folder / "b3.plc",
                             "--json",
                             "--effort",
                             "zero-shot",
                             "-o",
                             scratch_dir("place_network") / "out.plc"},
                            more));
}

/// A training of one block, from nothing.
RunResult finetune(const std::string& output, const Strings& more) {
  return run_tessera(joined({"finetune",
                             corpus().netlists[0],
                             "--plc",
                             corpus().folder / "b1.plc",
                             "--episodes",
                             "2",
                             "--threads",
                             "1",
                             "--json",
                             "-o",
                             output},
                            more));
}

TEST_CASE("Options that a checkpoint could not keep are refused") {
  if (cannot_learn()) {
    return;
  }
  const fs::path folder = scratch_dir("finetune_infinite");
  for (const std::string option : {"--max-gradient-norm", "--target-kl", "--learning-rate"}) {
    for (const std::string value : {"inf", "nan"}) {
      CAPTURE(option);
      const RunResult run = finetune(folder / "net.safetensors",
                                     {"--from-scratch", "--iterations", "1", option, value});
      CHECK(run.exit_code == 2);
      CHECK(contains(run.err, "out of range"));
    }
  }
  const RunResult run = finetune(folder / "net.safetensors", {"--from-scratch", "--time", "nan"});
  CHECK(run.exit_code == 2);
  CHECK(fs::is_empty(folder));
}

TEST_CASE("A training goes on with the problem, the judges and the demonstrations that it had") {
  if (cannot_learn()) {
    return;
  }
  const fs::path folder = scratch_dir("resume_setting");
  const std::string net = folder / "net.safetensors";
  REQUIRE(finetune(net, {"--from-scratch", "--seed", "7", "--iterations", "1"}).exit_code == 0);
  const std::string before = read_text(net);
  SUBCASE("other weights of the cost are another problem") {
    const RunResult run = finetune(net, {"--resume", "--iterations", "2", "--weights", "1,1,1"});
    CHECK(run.exit_code == 2);
    CHECK(contains(run.err, "expected the same options"));
    CHECK(read_text(net) == before);
  }
  SUBCASE("without limits it goes on to those that it had, and it keeps its options") {
    const RunResult run = finetune(net, {"--resume", "--learning-rate", "0.1"});
    REQUIRE(run.exit_code == 0);
    CHECK(json::parse(run.out)["iterations"] == 1);
    CHECK(json::parse(run.out)["seed"] == 7);
    CHECK(contains(run.err, "without effect: --episodes, --learning-rate"));
  }
  SUBCASE("a placement asked for later is that of the best episode so far") {
    const std::string plc = folder / "best.plc";
    const RunResult run = finetune(net, {"--resume", "--iterations", "1", "-o", plc});
    REQUIRE(run.exit_code == 0);
    const RunResult cost = run_tessera({"cost", corpus().netlists[0], "--plc", plc, "--json"});
    REQUIRE(cost.exit_code == 0);
    CHECK(json::parse(cost.out)["cost"]["proxy"].get<double>() ==
          doctest::Approx(json::parse(run.out)["best_proxy"].get<double>()));
  }
  SUBCASE("imitation does not end because the demonstrations are not named again") {
    const std::string taught = folder / "taught.safetensors";
    REQUIRE(pretrain(taught, {"--demonstrations", corpus().demonstrations}).exit_code == 0);
    const RunResult run = pretrain(taught, {"--resume", "--iterations", "3"});
    CHECK(run.exit_code == 2);
    CHECK(contains(run.err, "expected its --demonstrations"));
  }
  SUBCASE("other judges begin a score of their own") {
    const std::string judged = folder / "judged.safetensors";
    REQUIRE(pretrain(judged, {"--evaluation-interval", "1"}).exit_code == 0);
    const RunResult run = pretrain(judged,
                                   {"--resume",
                                    "--iterations",
                                    "3",
                                    "--evaluation-interval",
                                    "1",
                                    "--heldout",
                                    corpus().netlists[2]});
    REQUIRE(run.exit_code == 0);
    CHECK(contains(run.err, "the best score begins anew"));
    CHECK(json::parse(run.out)["judged_proxies"].size() == 1);
  }
}

TEST_CASE("finetune writes the placements asked for, whatever the episodes were of") {
  if (cannot_learn()) {
    return;
  }
  const fs::path folder = scratch_dir("finetune_views");
  for (const std::string seed : {"1", "2", "3"}) {
    const std::string plc = folder / (seed + ".plc");
    const RunResult run =
        finetune(folder / "net.safetensors",
                 {"--from-scratch", "--augment", "--iterations", "1", "--seed", seed, "-o", plc});
    REQUIRE(run.exit_code == 0);
    const RunResult cost = run_tessera({"cost", corpus().netlists[0], "--plc", plc, "--json"});
    REQUIRE(cost.exit_code == 0);
    CHECK(json::parse(cost.out)["cost"]["proxy"].get<double>() ==
          doctest::Approx(json::parse(run.out)["best_proxy"].get<double>()));
  }
}

TEST_CASE("A training that diverges says so") {
  if (cannot_learn()) {
    return;
  }
  const std::string net = scratch_dir("finetune_diverges") / "net.safetensors";
  const RunResult run = finetune(
      net, {"--from-scratch", "--iterations", "9", "--learning-rate", "1e6", "--warmup", "0"});
  CHECK(run.exit_code == 1);
  CHECK(contains(run.err, "the training diverged in iteration"));
}

TEST_CASE("A block is held out from its mirror images, too") {
  if (cannot_learn()) {
    return;
  }
  const std::string mirrored = corpus().netlists[0] + "@x";
  const RunResult run =
      pretrain(scratch_dir("mirrored") / "net.safetensors", {"--heldout", mirrored});
  CHECK(run.exit_code == 2);
  CHECK(contains(run.err, "both trained on and held out"));
}

TEST_CASE("--resume wins over the start that a configuration names") {
  if (cannot_learn()) {
    return;
  }
  const fs::path folder = scratch_dir("resume_config");
  const std::string start = folder / "start.safetensors";
  const std::string net = folder / "net.safetensors";
  REQUIRE(pretrain(start, {"--iterations", "1"}).exit_code == 0);
  write_text(folder / "c.toml", "policy = \"" + start + "\"\n");
  REQUIRE(pretrain(net, {"--config", folder / "c.toml"}).exit_code == 0);
  CHECK(pretrain(net, {"--config", folder / "c.toml", "--resume"}).exit_code == 0);
}

TEST_CASE("Training outputs are looked at before the work") {
  const RunResult demonstrated =
      run_tessera({"demonstrate", "--corpus", corpus().netlists[0], "-o", "/no/such/d.jsonl"});
  CHECK(demonstrated.exit_code == 1);
  CHECK(contains(demonstrated.err, "there is no such folder"));
  const RunResult trained = pretrain(corpus().folder);
  CHECK(trained.exit_code == 2);
}

}  // namespace

TEST_CASE("pretrain imitates and learns on many blocks and is judged on others") {
  if (cannot_learn()) {
    return;
  }
  const Corpus& blocks = corpus();
  const fs::path output = scratch_dir("pretrain") / "net.safetensors";
  const RunResult run = pretrain(output,
                                 {"--heldout",
                                  blocks.netlists[2],
                                  "--demonstrations",
                                  blocks.demonstrations,
                                  "--imitation-iterations",
                                  "1",
                                  "--augment"});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json document = json::parse(run.out);
  CHECK(document["command"] == "pretrain");
  REQUIRE(document["blocks"].size() == 16);
  CHECK(document["blocks"][0] == blocks.netlists[0]);
  CHECK(document["blocks"][12] == blocks.netlists[1] + "@t");
  CHECK(document["heldout"] == json(Strings{blocks.netlists[2]}));
  CHECK(document["left_out"].empty());
  CHECK(document["demonstrations"]["read"] == 3);
  CHECK(document["demonstrations"]["used"] == 2);
  CHECK(contains(run.err, "2 of 3 demonstrations used; 1 left out, being of other blocks"));
  CHECK(document["environment"]["order"] == "connectivity");
  CHECK(document["iterations"] == 2);
  CHECK(document["episodes"] == 8);
  REQUIRE(document["judged_proxies"].size() == 1);
  CHECK(document["judged_proxies"][blocks.netlists[2]].get<double>() > 0.0);
  CHECK(document["best_score"].get<double>() > 0.0);
  const std::vector<json> metrics = metrics_without_times(output);
  REQUIRE(metrics.size() == 2);
  CHECK(metrics[0]["phase"] == "imitation");
  CHECK(metrics[1]["phase"] == "ppo");
  CHECK(fs::exists(output));
}

TEST_CASE("pretrain reads its flags from a file; those of the command line win") {
  if (cannot_learn()) {
    return;
  }
  const fs::path folder = scratch_dir("pretrain_config");
  const std::string config = folder / "config.toml";
  write_text(config,
             "# a comment\n"
             "corpus = [\"" +
                 corpus().netlists[0] + "\", \"" + corpus().netlists[1] +
                 "\"]\n"
                 "iterations = 1\n"
                 "episodes = 6\n"
                 "augment = true\n"
                 "learning-rate = 2e-3\n");
  const std::string output = folder / "net.safetensors";
  const RunResult run =
      run_tessera({"pretrain", "--episodes", "4", "--config", config, "--json", "-o", output});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json document = json::parse(run.out);
  CHECK(document["blocks"].size() == 16);
  CHECK(document["iterations"] == 1);
  CHECK(document["episodes"] == 4);
  // The first of three iterations over which the rate grows.
  CHECK(metrics_without_times(output)[0]["learning_rate"].get<double>() < 2e-3);
}

TEST_CASE("configurations that contradict themselves are refused") {
  const fs::path folder = scratch_dir("bad_config");
  const std::string config = folder / "c.toml";
  const auto refused = [&](const std::string& text, const std::string& message) {
    write_text(config, "corpus = [\"balanced:1\"]\n" + text);
    const RunResult run =
        run_tessera({"pretrain", "--config", config, "-o", folder / "net.safetensors"});
    CAPTURE(run.err);
    CHECK(run.exit_code == 2);
    CHECK(contains(run.err, message));
  };
  refused("no-such-flag = 1\n", "c.toml: there is no flag --no-such-flag");
  refused("iterations = abc\n", "c.toml: --iterations");
  refused("iterations = 5\nseed = 1\niterations = 0\n", "c.toml: iterations is there twice");
  refused("from-scratch = true\npolicy = \"x.safetensors\"\n", "excludes");
  refused("policy = \"x.safetensors\"\nfrom-scratch = true\n", "excludes");
}

TEST_CASE("a flag that a configuration turns off is as if it were not there") {
  if (cannot_learn()) {
    return;
  }
  const fs::path folder = scratch_dir("flag_off");
  const std::string config = folder / "c.toml";
  write_text(config,
             "corpus = [\"balanced:1\"]\nfrom-scratch = false\npolicy = \"" +
                 (folder / "none.safetensors").string() + "\"\n");
  const RunResult run =
      run_tessera({"pretrain", "--config", config, "-o", folder / "net.safetensors"});
  CAPTURE(run.err);
  CHECK(run.exit_code != 0);
  CHECK(contains(run.err, "none.safetensors"));
}

TEST_CASE("the example of a configuration of pretrain sets nothing that is not the default") {
  const std::string example = fs::path(TESSERA_SOURCE_DIR) / "data" / "pretrain.toml";
  const std::string help = run_tessera({"pretrain", "--help"}).out;
  std::istringstream lines(read_text(example));
  std::size_t flags = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find(" = ");
    if (!line.starts_with("#") || line.starts_with("# ") || equals == std::string::npos) {
      continue;
    }
    ++flags;
    CAPTURE(line);
    const std::string flag = "--" + line.substr(1, equals - 1);
    std::string value = line.substr(equals + 3);
    std::erase(value, '"');
    const std::size_t at = help.find("  " + flag + " ");
    REQUIRE(at != std::string::npos);
    const std::string row = help.substr(at, help.find('\n', at) - at) + " ";
    // Versions of CLI11 differ in how they show defaults.
    CHECK((contains(row, "=" + value + " ") || contains(row, "[" + value + "] ")));
  }
  CHECK(flags >= 20);
}

TEST_CASE("pretrain says what is wrong with its arguments") {
  const fs::path folder = scratch_dir("pretrain_errors");
  const std::string output = folder / "net.safetensors";
  CHECK(run_tessera({"pretrain", "-o", output}).exit_code == 2);
  CHECK(pretrain(folder / "net.bin").exit_code == 2);
  const RunResult both = pretrain(output, {"--heldout", corpus().netlists[1]});
  CHECK(both.exit_code == 2);
  CHECK(contains(both.err, "both trained on and held out"));
  if (cannot_learn()) {
    return;
  }
  REQUIRE(pretrain(output).exit_code == 0);
  const RunResult other = run_tessera({"pretrain",
                                       "--corpus",
                                       corpus().netlists[2],
                                       "--resume",
                                       "--iterations",
                                       "3",
                                       "-o",
                                       output});
  CHECK(other.exit_code == 3);
  CHECK(contains(other.err, "other blocks"));
}

TEST_CASE("Ctrl-C ends pretrain with 130 and a checkpoint") {
  if (cannot_learn()) {
    return;
  }
  const std::string output = scratch_dir("pretrain_interrupt") / "net.safetensors";
  bool sent = false;
  const RunResult run = run_tessera({"pretrain",
                                     "--corpus",
                                     corpus().folder,
                                     "--episodes",
                                     "4",
                                     "--checkpoint-interval",
                                     "100000",
                                     "-o",
                                     output},
                                    [&](pid_t pid, const std::string& err) {
                                      if (!sent && contains(err, "\n    ")) {
                                        kill(pid, SIGINT);
                                        sent = true;
                                      }
                                    });
  CAPTURE(run.err);
  CHECK(run.exit_code == 130);
  CHECK(fs::exists(output));
  CHECK(!metrics_without_times(output).empty());
}

TEST_CASE("a training that is killed time and again ends like one that is not") {
  if (cannot_learn()) {
    return;
  }
  const fs::path folder = scratch_dir("pretrain_killed");
  const fs::path straight = folder / "straight.safetensors";
  const fs::path killed = folder / "killed.safetensors";
  const Strings more = {
      "--iterations", "10", "--checkpoint-interval", "0", "--evaluation-interval", "3"};
  const Strings start = {"pretrain", "--corpus", corpus().folder, "--episodes", "4"};
  const auto train = [&](const fs::path& output, bool resume) {
    Strings arguments = joined(joined(start, more), {"-o", output});
    if (resume) {
      arguments.emplace_back("--resume");
    }
    return arguments;
  };
  REQUIRE(run_tessera(train(straight, false)).exit_code == 0);
  const std::vector<json> expected = metrics_without_times(straight);
  REQUIRE(expected.size() == 10);
  for (std::size_t round = 1; round <= 3; ++round) {
    bool sent = false;
    const RunResult run =
        run_tessera(train(killed, fs::exists(killed)), [&](pid_t pid, const std::string& err) {
          const auto lines = std::count(err.begin(), err.end(), '\n');
          // After two lines and a heading, in the middle of whatever it is doing then.
          if (!sent && lines >= 3) {
            std::this_thread::sleep_for(std::chrono::milliseconds(7 * round));
            kill(pid, SIGKILL);
            sent = true;
          }
        });
    CAPTURE(run.err);
    CHECK(run.signal == SIGKILL);
  }
  const RunResult last = run_tessera(train(killed, true));
  CAPTURE(last.err);
  REQUIRE(last.exit_code == 0);
  CHECK(metrics_without_times(killed) == expected);
}

TEST_CASE("place follows the environment that its checkpoint was trained in") {
  if (cannot_learn()) {
    return;
  }
  const RunResult run = place_zero_shot({"--policy", analytic_checkpoint(), "--samples", "4"});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json report = json::parse(run.out);
  CHECK(report["legal"] == true);
  CHECK(report["episodes"] == 4);
  CHECK(report["environment"]["order"] == "connectivity");
  CHECK(report["environment"]["prior"] == "analytic");
  CHECK(!contains(run.err, "warning"));

  const RunResult other =
      place_zero_shot({"--policy", analytic_checkpoint(), "--position-prior", "centre"});
  REQUIRE(other.exit_code == 0);
  CHECK(json::parse(other.out)["environment"]["prior"] == "centre");
  CHECK(json::parse(other.out)["environment"]["order"] == "connectivity");
  CHECK(contains(
      other.err,
      "--position-prior is centre, but " + analytic_checkpoint() + " was trained with analytic"));

  const RunResult bundled = place_zero_shot({});
  REQUIRE(bundled.exit_code == 0);
  CHECK(json::parse(bundled.out)["environment"]["order"] == "connectivity");
  CHECK(json::parse(bundled.out)["environment"]["prior"] == "force-directed");
}

TEST_CASE("place plays episodes of a canvas network until the time is up") {
  if (cannot_learn()) {
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  const RunResult run = place_zero_shot({"--policy", analytic_checkpoint(), "--time", "3"});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json report = json::parse(run.out);
  CHECK(report["legal"] == true);
  CHECK(report["episodes"].get<int>() > 1);
  CHECK(took.count() >= 3.0);
  CHECK(took.count() < 20.0);  // seconds on an idle machine: 3.3
}

TEST_CASE("finetune imitates the demonstrations of its block, also from other sides") {
  if (cannot_learn()) {
    return;
  }
  const Corpus& blocks = corpus();
  const fs::path folder = scratch_dir("finetune_imitation");
  const auto finetune = [&](const Strings& more, const std::string& demonstrations) {
    return run_tessera(joined({"finetune",
                               blocks.netlists[0],
                               "--plc",
                               blocks.folder / "b1.plc",
                               "--policy",
                               analytic_checkpoint(),
                               "--demonstrations",
                               demonstrations,
                               "--iterations",
                               "2",
                               "--imitation-iterations",
                               "1",
                               "--episodes",
                               "4",
                               "--json",
                               "-o",
                               folder / "net.safetensors",
                               "-o",
                               folder / "out.plc"},
                              more));
  };
  const RunResult plain = finetune({}, blocks.demonstrations);
  CAPTURE(plain.err);
  REQUIRE(plain.exit_code == 0);
  CHECK(contains(plain.err, "1 of 3 demonstrations used; 2 left out, being of other blocks"));
  CHECK(metrics_without_times(folder / "net.safetensors")[0]["phase"] == "imitation");
  CHECK(json::parse(plain.out)["judged_proxies"].contains("b1"));

  // A copy with a worse proxy is not used, unless asked for.
  std::string both = read_text(blocks.demonstrations);
  json worse = json::parse(both.substr(0, both.find('\n')));
  worse["proxy"] = worse["proxy"].get<double>() + 1.0;
  both = worse.dump() + "\n" + both;
  write_text(folder / "both.jsonl", both);
  const RunResult best = finetune({}, folder / "both.jsonl");
  CHECK(contains(best.err,
                 "1 of 4 demonstrations used; 2 left out, being of other blocks; 1 left "
                 "out, there being better ones"));
  const RunResult all = finetune({"--best-demonstrations", "0"}, folder / "both.jsonl");
  CHECK(contains(all.err, "2 of 4 demonstrations used"));

  const RunResult augmented = finetune({"--augment"}, blocks.demonstrations);
  CAPTURE(augmented.err);
  REQUIRE(augmented.exit_code == 0);
  CHECK(json::parse(augmented.out)["judged_proxies"].size() == 1);

  const RunResult area = finetune({"--order", "area"}, blocks.demonstrations);
  REQUIRE(area.exit_code == 0);
  CHECK(contains(area.err, "0 of 3 demonstrations used"));
  CHECK(contains(area.err, "has the order connectivity, expected area"));

  const RunResult halo = finetune({"--augment", "--halo", "1"}, blocks.demonstrations);
  CHECK(halo.exit_code == 2);
  CHECK(contains(halo.err, "--augment does not go with halos"));
}

}  // namespace tessera::testing
