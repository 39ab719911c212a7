#include "loadgen/workload_presets.h"

#include <algorithm>
#include <array>

namespace smtpmark::loadgen {

namespace {

struct Preset {
  std::string_view name;
  std::string_view size;
  std::string_view body;
  std::string_view text_size;
  std::string_view recipients;
  std::string_view to_domains;
  std::uint32_t contents;
};

constexpr std::array<Preset, 6> kPresets = {{
    {"relay", "relay", "mime", "16K", "zipf:100,2.5", "", 0},
    {"client", "lognormal:4K,1.5,pareto:16K,0.6,max:2M", "mime", "16K", "zipf:100,2.5", "", 0},
    {"bulk", "60K", "alternative", "", "1",
     "one.example=50,two.example=25,three.example=15,four.example=10", 8},
    {"notification", "uniform:900-4K", "text", "", "1", "", 0},
    {kDeviceWorkload, "lognormal:1M,0.7,max:10M", "mime", "1K", "1", "", 0},
    {"office", "office", "mime", "50K", "1", "", 0},
}};

struct Table {
  std::string_view name;
  std::string_view lines;
};

constexpr std::array<Table, 2> kTables = {
    {{"relay",
      "900 0%\n2K 23.5%\n4K 49.2%\n8K 67.6%\n16K 79.6%\n32K 85.4%\n64K 90.5%\n128K 93.3%\n"
      "256K 95.7%\n512K 97.2%\n1M 98.5%\n2M 100%\n"},
     {"office",
      "500 0%\n500 10%\n10K 10%\n10K 40%\n50K 40%\n50K 80%\n100K 80%\n100K 90%\n"
      "150K 90%\n150K 99.5%\n10M 99.5%\n10M 100%\n"}}};

void fill_in(std::string& option, std::string_view value) {
  if (option.empty()) option = value;
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  names.reserve(kPresets.size());
  for (const Preset& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

WorkloadOptions with_preset(WorkloadOptions options) {
  const auto preset = std::find_if(kPresets.begin(), kPresets.end(), [&options](const Preset& one) {
    return one.name == options.workload;
  });
  if (preset != kPresets.end()) {
    if (options.corpus.empty()) {
      fill_in(options.size, preset->size);
      fill_in(options.body, preset->body);
      fill_in(options.text_size, preset->text_size);
      if (options.contents == 0) options.contents = preset->contents;
    }
    fill_in(options.recipients, preset->recipients);
    if (options.recipients_file.empty()) fill_in(options.to_domains, preset->to_domains);
  }
  if (options.corpus.empty()) {
    fill_in(options.size, "1024");
    fill_in(options.body, "text");
  }
  fill_in(options.recipients, "1");
  return options;
}

tl::expected<SizeDistribution, std::string> parse_sizes(const std::string& text) {
  for (const Table& table : kTables) {
    if (table.name == text) return SizeDistribution::from_table(table.lines, text);
  }
  return SizeDistribution::parse(text);
}

}  // namespace smtpmark::loadgen
