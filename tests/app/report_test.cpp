// tessera report, place --report, refine --report, place --frames.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/file.h"
#include "netlist_io/plc_file.h"

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Strings = std::vector<std::string>;

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

/// Runs `tessera`; must succeed.
RunResult run_well(const Strings& arguments) {
  RunResult run = run_tessera(arguments);
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  return run;
}

/// The data of a page.
json payload_of(const fs::path& page) {
  const std::string text = read_text(page);
  const std::string opening = "<script type=\"application/json\" id=\"payload\">";
  const std::size_t start = text.find(opening) + opening.size();
  REQUIRE(start > opening.size());
  return json::parse(text.substr(start, text.find("</script>", start) - start));
}

/// Places the small block without a network in a folder of its own and leaves `run.json` and
/// `placed.plc` there.
fs::path placed_run(const std::string& name, const Strings& more = {}) {
  const fs::path folder = scratch_dir(name);
  Strings arguments = {"place",
                       small_block().netlist,
                       "--plc",
                       small_block().plc,
                       "--policy",
                       "greedy",
                       "--effort",
                       "zero-shot",
                       "--json",
                       "-q",
                       "-o",
                       folder / "placed.plc"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  write_text(folder / "run.json", run_well(arguments).out);
  return folder;
}

TEST_CASE("A report shows the placement, the maps and the cost of a run") {
  const fs::path folder = placed_run("report");
  run_well({"report", folder / "run.json", "-o", folder / "out.html"});
  const json payload = payload_of(folder / "out.html");
  const json run = payload["runs"][0];
  const json netlist = payload["netlists"][0];
  const netlist_io::Netlist& parsed = small_block().parsed;
  CHECK(run["document"] == json::parse(read_text(folder / "run.json")));
  CHECK(netlist["names"].size() == parsed.num_nodes());
  CHECK(netlist["names"][3] == parsed.name(netlist_io::NodeId(3)));
  const netlist_io::PlcFile placed = netlist_io::read_plc(folder / "placed.plc", parsed);
  const netlist_io::NodeId macro = parsed.hard_macros()[1];
  CHECK(run["positions"]["x"][macro.index()].get<double>() ==
        doctest::Approx(placed.placement.x[macro.index()]).epsilon(1e-6));
  const std::size_t cells = run["grid"][0].get<std::size_t>() * run["grid"][1].get<std::size_t>();
  for (const char* const map : {"density", "horizontal", "vertical"}) {
    CHECK(run["maps"][map].size() == cells);
  }
  CHECK(run["stages"].size() == 2);
}

TEST_CASE("The maps of a report are those of the cost") {
  const fs::path folder = placed_run("report_maps");
  run_well({"report", folder / "run.json", "-o", folder / "out.html"});
  const json run = payload_of(folder / "out.html")["runs"][0];
  // The congestion cost is the mean of the largest 5 % of both maps in one list.
  std::vector<double> values = run["maps"]["horizontal"];
  const std::vector<double> vertical = run["maps"]["vertical"];
  values.insert(values.end(), vertical.begin(), vertical.end());
  std::sort(values.rbegin(), values.rend());
  const auto top = static_cast<std::size_t>(0.05 * static_cast<double>(values.size()));
  double sum = 0.0;
  for (std::size_t i = 0; i < top; ++i) {
    sum += values[i];
  }
  CHECK(sum / static_cast<double>(top) ==
        doctest::Approx(run["document"]["cost"]["congestion"].get<double>()).epsilon(1e-6));
}

TEST_CASE("A report needs nothing beside itself") {
  const fs::path folder = placed_run("report_alone");
  run_well({"report", folder / "run.json", "-o", folder / "out.html"});
  const std::string page = read_text(folder / "out.html");
  CHECK(contains(page, "default-src 'none'"));
  CHECK_FALSE(contains(page, " src="));
  CHECK_FALSE(contains(page, "<link"));
  CHECK_FALSE(contains(page, "@import"));
  CHECK_FALSE(contains(page, "sourceMappingURL"));
  CHECK_FALSE(contains(page, "\nimport "));
  CHECK_FALSE(contains(page, "\nexport "));
  CHECK(page.size() < 3'000'000);
  run_well({"report", folder / "run.json", "-o", folder / "again.html"});
  CHECK(page == read_text(folder / "again.html"));
}

TEST_CASE("Hostile names stay texts") {
  const fs::path folder = scratch_dir("report_hostile");
  const std::string hostile = "</script><img src=x onerror=alert(1)><!--PAYLOAD--><!--TITLE-->";
  const std::string old_name = small_block().parsed.name(small_block().parsed.hard_macros()[0]);
  std::string netlist = netlist_io::read_file(small_block().netlist);
  for (std::size_t at = 0; (at = netlist.find(old_name + "\"", at)) != std::string::npos;) {
    netlist.replace(at, old_name.size(), hostile);
    at += hostile.size();
  }
  for (std::size_t at = 0; (at = netlist.find(old_name + "/", at)) != std::string::npos;) {
    netlist.replace(at, old_name.size(), hostile);
    at += hostile.size();
  }
  write_text(folder / "bad.pb.txt", netlist);
  std::string plc = read_text(small_block().plc);
  const std::size_t block = plc.find("# Block : ");
  REQUIRE(block != std::string::npos);
  plc.replace(block, plc.find('\n', block) - block, "# Block : <b>\"&" + hostile);
  write_text(folder / "bad.plc", plc);
  write_text(folder / "run.json",
             run_well({"cost", folder / "bad.pb.txt", "--plc", folder / "bad.plc", "--json"}).out);
  run_well({"report", folder / "run.json", "-o", folder / "out.html"});
  const std::string page = read_text(folder / "out.html");
  CHECK_FALSE(contains(page, "<img"));
  CHECK(count_of(page, "</script>") == 3);  // payload, charts, page
  CHECK(contains(page, "<title>&lt;b&gt;&quot;&amp;&lt;/script&gt;&lt;img"));
  const json payload = payload_of(folder / "out.html");
  const json names = payload["netlists"][0]["names"];
  CHECK(std::find(names.begin(), names.end(), hostile) != names.end());
}

TEST_CASE("place and refine write the report of their run") {
  const fs::path folder = scratch_dir("report_same_run");
  placed_run("report_same_run_place",
             {"--report", folder / "flag.html", "-o", folder / "output.html"});
  const json run = payload_of(folder / "flag.html")["runs"][0];
  CHECK(run == payload_of(folder / "output.html")["runs"][0]);
  CHECK(run["document"]["outputs"].size() == 3);
  // Where everything was after each stage, and what the policy thought.
  REQUIRE(run["stages"].size() == 2);
  CHECK(run["stages"][0]["positions"] != run["stages"][1]["positions"]);
  CHECK(run["stages"][1]["positions"]["x"] == run["positions"]["x"]);
  const json probabilities = run["policy"]["probabilities"];
  REQUIRE(probabilities.size() == small_block().parsed.hard_macros().size());
  for (const json& of_macro : probabilities) {
    double sum = 0.0;
    for (const double share : of_macro) {
      sum += share;
    }
    CHECK(sum == doctest::Approx(1.0).epsilon(0.1));
  }
  run_well({"refine",
            small_block().netlist,
            "--plc",
            small_block().plc,
            "--evals",
            "1000",
            "-q",
            "-o",
            folder / "refined.html"});
  const json refined = payload_of(folder / "refined.html")["runs"][0];
  CHECK(refined["stages"][0]["name"] == "input");
  CHECK(refined["stages"][0].contains("positions"));
}

TEST_CASE("Two runs of one block share its netlist") {
  const fs::path a = placed_run("report_a");
  const fs::path b = placed_run("report_b", {"--samples", "2", "--seed", "5"});
  run_well({"report", a / "run.json", b / "run.json", "-o", a / "both.html"});
  const json payload = payload_of(a / "both.html");
  CHECK(payload["netlists"].size() == 1);
  REQUIRE(payload["runs"].size() == 2);
  CHECK(payload["runs"][1]["document"]["seed"] == 5);
}

TEST_CASE("A report of a training has its learning curves") {
  const fs::path folder = scratch_dir("report_training");
  write_text(folder / "net.metrics.jsonl",
             "{\"iteration\": 0, \"phase\": \"ppo\", \"mean_proxy\": 1.5}\n"
             "{\"iteration\": 1, \"phase\": \"ppo\", \"mean_proxy\": 1.25, \"score\": 0.5}\n"
             "{\"iteration\": 2, \"mean");  // torn by a kill
  run_well({"report", folder, "-o", folder / "out.html"});
  const json training = payload_of(folder / "out.html")["trainings"][0];
  CHECK(training["name"] == "net");
  CHECK(training["columns"]["iteration"] == json({0, 1}));
  CHECK(training["columns"]["mean_proxy"] == json({1.5, 1.25}));
  CHECK(training["columns"]["score"] == json({nullptr, 0.5}));
}

TEST_CASE("A folder gives all runs and trainings in it") {
  const fs::path folder = placed_run("report_folder");
  write_text(folder / "net.metrics.jsonl", "{\"iteration\": 0, \"mean_proxy\": 1.5}\n");
  write_text(folder / "other.json", "{\"tessera\": 1}");
  const RunResult run = run_well({"report", folder, "-o", folder / "out.html", "--json"});
  CHECK(json::parse(run.out)["sources"].size() == 2);
  const json payload = payload_of(folder / "out.html");
  CHECK(payload["runs"].size() == 1);
  CHECK(payload["trainings"].size() == 1);
}

TEST_CASE("A report tells what it cannot read") {
  const fs::path folder = placed_run("report_errors");
  const auto fails = [&](const Strings& arguments, int exit_code, const std::string& message) {
    Strings all = {"report", "-o", folder / "out.html"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const RunResult run = run_tessera(all);
    CAPTURE(run.err);
    CHECK(run.exit_code == exit_code);
    CHECK(contains(run.err, message));
    CHECK_FALSE(fs::exists(folder / "out.html"));
  };
  json document = json::parse(read_text(folder / "run.json"));

  fails({folder / "missing.json"}, 3, "missing.json");
  write_text(folder / "text.json", "no JSON");
  fails({folder / "text.json"}, 3, "text.json: this is no JSON document");
  write_text(folder / "info.json", "{\"tessera\": \"0.1\", \"command\": \"info\"}");
  fails({folder / "info.json"}, 3, "no JSON document of `place`, `refine` or `cost`");
  fails({scratch_dir("report_empty")}, 3, "there is no JSON document");
  write_text(folder / "bad.metrics.jsonl", "{\"iteration\": 0}\n7\n{\"iteration\": 1}\n");
  fails({folder / "bad.metrics.jsonl"}, 3, "bad.metrics.jsonl:2");

  SUBCASE("a placement that is gone") {
    fs::remove(folder / "placed.plc");
    fails({folder / "run.json"}, 3, "placed.plc\" is not there");
  }
  SUBCASE("a placement that is another one") {
    fs::copy_file(small_block().plc, folder / "placed.plc", fs::copy_options::overwrite_existing);
    fails({folder / "run.json"}, 3, "but the run had");
    const RunResult run =
        run_well({"report", folder / "run.json", "--allow-changed", "-o", folder / "changed.html"});
    CHECK(contains(run.err, "warning"));
    CHECK(payload_of(folder / "changed.html")["runs"][0]["notes"].size() == 1);
  }
  SUBCASE("a netlist that has changed") {
    document["inputs"][0]["sha256"] = std::string(64, '0');
    write_text(folder / "run.json", document.dump());
    fails({folder / "run.json"}, 3, "has changed since the run");
  }
  SUBCASE("a run without a placement file") {
    document["outputs"] = {"picture.svg"};
    write_text(folder / "run.json", document.dump());
    fails({folder / "run.json"}, 3, "the run wrote no .plc");
    run_well({"report",
              folder / "run.json",
              "--plc",
              folder / "placed.plc",
              "-o",
              folder / "named.html"});
  }
  SUBCASE("a path too long for any file system") {
    document["options"]["netlist"] = {std::string(300, 'x')};
    write_text(folder / "run.json", document.dump());
    fails({folder / "run.json"}, 3, "is not there");
  }
  SUBCASE("fields that are no run's") {
    document["design"]["name"] = "block";
    document["stages"] = {{{"name", 7}}};
    write_text(folder / "run.json", document.dump());
    fails({folder / "run.json"}, 3, "its fields are not those of a run");
  }
  SUBCASE("seeds that are none") {
    for (const json& seed : {json("seven"), json(1.5), json(-1), json(1e300)}) {
      document["seed"] = seed;
      write_text(folder / "run.json", document.dump());
      fails({folder / "run.json"}, 3, "seed");
    }
  }
  SUBCASE("no weights, which the page shows") {
    document.erase("weights");
    write_text(folder / "run.json", document.dump());
    fails({folder / "run.json"}, 3, "no JSON document of `place`, `refine` or `cost`");
  }
  SUBCASE("lines of a training that take more memory the more there are") {
    std::string text = "{\"iteration\": 0";
    for (int i = 0; i < 998; ++i) {
      text += ", \"f" + std::to_string(i) + "\": 0";
    }
    text += "}\n";
    for (int i = 0; i < 11'000; ++i) {
      text += "{\"iteration\": 1}\n";
    }
    write_text(folder / "large.metrics.jsonl", text);
    fails({folder / "large.metrics.jsonl"}, 3, "large.metrics.jsonl:10011: fields times lines");
  }
  SUBCASE("one placement for two runs") {
    fails({folder / "run.json", folder / "run.json", "--plc", folder / "placed.plc"},
          2,
          "--plc names one placement");
  }
  SUBCASE("names of pages") {
    CHECK(run_tessera({"report", folder / "run.json", "-o", folder / "out.pdf"}).exit_code == 2);
    const RunResult convert = run_tessera(
        {"convert", small_block().netlist, "--plc", small_block().plc, "-o", folder / "c.html"});
    CHECK(convert.exit_code == 2);
    CHECK(contains(convert.err, "is a report"));
  }
}

TEST_CASE("A report looks at all files that a run has read") {
  SUBCASE("halos") {
    const fs::path halos = scratch_dir("report_halo") / "halos.txt";
    write_text(halos, ".* 0.1\n");
    const fs::path folder = placed_run("report_halos", {"--halo-file", halos});
    run_well({"report", folder / "run.json", "-o", folder / "out.html"});
    write_text(halos, ".* 3\n");
    const RunResult run = run_tessera({"report", folder / "run.json", "-o", folder / "new.html"});
    CHECK(run.exit_code == 3);
    CHECK(contains(run.err, "halos.txt\" has changed since the run"));
  }
  SUBCASE("members of a Bookshelf design") {
    const fs::path folder = scratch_dir("report_bookshelf");
    const std::string aux = folder / "b.aux";
    run_well({"convert", small_block().netlist, "--plc", small_block().plc, "-q", "-o", aux});
    const RunResult cost = run_well({"cost", aux, "--json", "-q"});
    write_text(folder / "run.json", cost.out);
    CHECK(json::parse(cost.out)["inputs"].size() >= 4);
    run_well({"report", folder / "run.json", "-o", folder / "out.html"});
    write_text(folder / "b.pl", read_text(folder / "b.pl") + "# changed\n");
    const RunResult run = run_tessera({"report", folder / "run.json", "-o", folder / "new.html"});
    CHECK(run.exit_code == 3);
    CHECK(contains(run.err, "b.pl\" has changed since the run"));
  }
  SUBCASE("and at flags that were turned off") {
    const fs::path folder = scratch_dir("report_flag_off");
    const RunResult cost = run_tessera({"cost",
                                        small_block().netlist,
                                        "--plc",
                                        small_block().plc,
                                        "--square-soft-macros=false",
                                        "--json"});
    write_text(folder / "run.json", cost.out);
    CHECK(json::parse(cost.out)["options"]["square-soft-macros"] == json({"false"}));
    run_well({"report", folder / "run.json", "-o", folder / "out.html"});
  }
}

TEST_CASE("Links that lead nowhere do not keep a report from the rest of a folder") {
  const fs::path folder = placed_run("report_links");
  fs::create_symlink("loop.json", folder / "loop.json");
  run_well({"report", folder, "-o", scratch_dir("report_links_page") / "out.html"});
}

TEST_CASE("The JSON of a run has the options that were given") {
  const fs::path folder = placed_run("report_options", {"--weights", "1,0.25,0.75"});
  const json options = json::parse(read_text(folder / "run.json"))["options"];
  CHECK(options["netlist"] == json({small_block().netlist}));
  CHECK(options["weights"] == json({"1", "0.25", "0.75"}));
  CHECK(options["policy"] == json({"greedy"}));
  CHECK_FALSE(options.contains("json"));
  CHECK_FALSE(options.contains("seed"));  // not given
  // With other weights the cost would not be that of the run.
  run_well({"report", folder / "run.json", "-o", folder / "out.html"});
}

TEST_CASE("Frames show the episode macro by macro") {
  const fs::path folder = scratch_dir("frames");
  const std::size_t macros = small_block().parsed.hard_macros().size();
  placed_run("frames_run", {"--frames", folder / "episode.svg"});
  const std::string svg = read_text(folder / "episode.svg");
  CHECK(count_of(svg, "values=\"hidden;visible\"") == macros + 1);  // and the clusters

  fs::create_directory(folder / "series");
  placed_run("frames_run", {"--frames", folder / "series"});
  CHECK(fs::exists(folder / "series" / "frame_0000.svg"));
  CHECK(fs::exists(folder / "series" / ("frame_00" + std::to_string(macros + 1) + ".svg")));
  const std::string last =
      read_text(folder / "series" / ("frame_00" + std::to_string(macros + 1) + ".svg"));
  CHECK_FALSE(contains(last, "<animate"));

  placed_run("frames_run", {"--frames", folder / "f%02d.svg"});
  CHECK(fs::exists(folder / "f00.svg"));
  const RunResult none = run_tessera({"place",
                                      small_block().netlist,
                                      "--plc",
                                      small_block().plc,
                                      "--policy",
                                      "none",
                                      "--frames",
                                      folder / "none.svg",
                                      "-o",
                                      folder / "none.plc"});
  CHECK(none.exit_code == 2);
}

}  // namespace
}  // namespace tessera::testing
