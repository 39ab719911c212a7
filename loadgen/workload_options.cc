#include "loadgen/workload_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "loadgen/corpus.h"
#include "loadgen/option_values.h"
#include "loadgen/safety.h"
#include "loadgen/stamp.h"
#include "loadgen/text_input.h"
#include "loadgen/workload_presets.h"

namespace smtpmark::loadgen {

namespace {

using Complaint = tl::expected<void, std::string>;

constexpr std::uint32_t kContents = 1024;
constexpr std::uint32_t kContentsOfOneSize = 16;

auto refuse(std::string sentence) {
  return tl::unexpected(std::move(sentence));
}

// A workload whose options have been read, before anything is rendered.
struct Draft {
  Workload workload;
  SizeDistribution sizes;
  ContentPlan content;
  std::uint64_t pool_octets = 0;
  bool plain = false;  // all messages are the same
  std::string header_from;
  std::string header_to;
};

BodyKind body_of(const std::string& name) {
  if (name == "alternative") return BodyKind::kAlternative;
  return name == "mime" ? BodyKind::kMime : BodyKind::kText;
}

Complaint read_content(const WorkloadOptions& options, Draft& draft) {
  ContentPlan& content = draft.content;
  content.kind = body_of(options.body);
  content.line_length = options.line_length;
  content.eight_bit = options.eight_bit;
  if (!options.dot_lines.empty()) {
    const auto share = parse_share(options.dot_lines);
    if (!share) return refuse("--dot-lines " + options.dot_lines + " is no share, as 10%");
    content.dot_share = *share;
  }
  if (!options.text_size.empty()) {
    const auto octets = parse_octets(options.text_size);
    if (!octets) return refuse("--text-size: " + octets.error());
    content.text_limit = *octets;
  }
  return {};
}

Complaint read_sizes(const WorkloadOptions& options, Draft& draft) {
  const auto pool = parse_octets(options.pool);
  if (!pool) return refuse("--pool: " + pool.error());
  draft.pool_octets = *pool;
  if (!options.corpus.empty()) {
    if (options.size.empty() && options.body.empty()) return {};
    return refuse("--corpus has sizes and bodies of its own: leave out --size and --body");
  }
  const auto sizes = parse_sizes(options.size);
  if (!sizes) return refuse("--size: " + sizes.error());
  draft.sizes = *sizes;
  if (sizes->fixed() && sizes->quantile(0.5) == 1) {
    return refuse("--size 1 is not possible: a line ends with two octets");
  }
  return {};
}

tl::expected<AddressSource, std::string> read_addresses(const std::string& option,
                                                        const std::string& pattern,
                                                        const std::string& file,
                                                        bool null_allowed) {
  if (file.empty()) {
    auto parsed = AddressPattern::parse(pattern, null_allowed);
    if (!parsed) return refuse("--" + option + " " + parsed.error());
    return AddressSource(std::move(*parsed));
  }
  const auto lines = read_text(file);
  if (!lines) return refuse(lines.error());
  return AddressSource::from_lines(*lines, file);
}

Complaint read_envelopes(const WorkloadOptions& options, Draft& draft) {
  Workload& workload = draft.workload;
  auto senders = read_addresses("from", options.from, options.senders_file, true);
  if (!senders) return refuse(senders.error());
  workload.senders = std::move(*senders);
  auto recipients = read_addresses("to", options.to, options.recipients_file, false);
  if (!recipients) return refuse(recipients.error());
  workload.recipients = std::move(*recipients);
  if (!options.to_domains.empty()) {
    auto domains = WeightedNames::parse(options.to_domains);
    if (!domains) return refuse("--to-domains: " + domains.error());
    workload.recipients.set_domains(std::move(*domains));
  }
  const auto count = RecipientCount::parse(options.recipients);
  if (!count) return refuse("--recipients: " + count.error());
  workload.recipient_count = *count;
  auto bad = read_addresses("bad-to", options.bad_to, "", false);
  if (!bad) return refuse(bad.error());
  workload.bad_recipients = std::move(*bad);
  if (options.bad_recipients.empty()) return {};
  const auto share = parse_share(options.bad_recipients);
  if (!share) {
    return refuse("--bad-recipients " + options.bad_recipients + " is no share, as 5%");
  }
  workload.bad_share = *share;
  return {};
}

// Whether the first message is like every other one.
bool is_plain(const WorkloadOptions& options, const Draft& draft) {
  const Workload& workload = draft.workload;
  const ContentPlan usual;
  return options.workload.empty() && options.corpus.empty() && draft.sizes.fixed() &&
         draft.content.kind == usual.kind && draft.content.line_length == usual.line_length &&
         !draft.content.eight_bit && draft.content.dot_share == 0.0 && options.contents == 0 &&
         workload.senders.fixed() && workload.recipients.fixed() &&
         workload.recipient_count.fixed() && workload.bad_share == 0.0 && options.stamp != "on";
}

// What the header says of addresses: the envelope's where that has but one.
void name_addresses(Draft& draft) {
  const std::string sender = draft.workload.senders.of_each_domain().front().first;
  const std::string recipient = draft.workload.recipients.of_each_domain().front().first;
  draft.header_from = "<" + (sender.empty() ? "postmaster@example.com" : sender) + ">";
  const bool one = draft.workload.recipients.fixed() && draft.workload.recipient_count.fixed();
  draft.header_to = one ? "<" + recipient + ">" : "undisclosed-recipients:;";
}

std::uint64_t stamp_octets(const Draft& draft) {
  return draft.workload.stamped ? StampWriter(0, 0).octets() : 0;
}

// Of a message with all of its header.
std::uint64_t least_octets(const Draft& draft) {
  return least_content(draft.header_from, draft.header_to) + stamp_octets(draft);
}

Complaint check_least(const Draft& draft) {
  const std::uint64_t least = least_octets(draft);
  const std::uint64_t wanted = draft.sizes.quantile(0.5);
  if (draft.plain || !draft.workload.given.corpus.empty() || !draft.sizes.fixed() ||
      wanted >= least) {
    return {};
  }
  return refuse(
      fmt::format("--size {} has no room for the header of this workload: give {} at "
                  "least",
                  wanted, least));
}

tl::expected<Draft, std::string> read_options(const WorkloadOptions& options) {
  Draft draft;
  draft.workload.given = with_preset(options);
  const WorkloadOptions& given = draft.workload.given;
  if (auto good = read_content(given, draft); !good) return refuse(good.error());
  if (auto good = read_sizes(given, draft); !good) return refuse(good.error());
  if (auto good = read_envelopes(given, draft); !good) return refuse(good.error());
  draft.plain = is_plain(given, draft);
  draft.workload.stamped = given.stamp == "on" || (given.stamp != "off" && !draft.plain);
  name_addresses(draft);
  if (auto good = check_least(draft); !good) return refuse(good.error());
  return draft;
}

// The sizes of `count` messages that have each an equal share of the distribution.
std::vector<std::uint64_t> sizes_of(const Draft& draft, std::uint32_t count) {
  const std::uint64_t least = least_octets(draft);
  std::vector<std::uint64_t> sizes;
  sizes.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    sizes.push_back(std::max(draft.sizes.quantile((i + 0.5) / count), least));
  }
  return sizes;
}

// As many messages as have room in the pool; half as many, until they have.
tl::expected<std::vector<std::uint64_t>, std::string> choose_sizes(const Draft& draft) {
  const std::uint32_t asked = draft.workload.given.contents;
  std::uint32_t count = asked > 0 ? asked : draft.sizes.fixed() ? kContentsOfOneSize : kContents;
  const std::uint64_t copies = draft.content.dot_share > 0.0 ? 2 : 1;
  for (; count > 0; count /= 2) {
    std::vector<std::uint64_t> sizes = sizes_of(draft, count);
    std::uint64_t sum = 0;
    for (const std::uint64_t size : sizes) sum += copies * size;
    if (sum <= draft.pool_octets) return sizes;
  }
  return refuse(fmt::format("not one message of --size {} has room in --pool {}",
                            draft.workload.given.size, draft.workload.given.pool));
}

Complaint fill_pool(Draft& draft) {
  Workload& workload = draft.workload;
  if (!workload.given.corpus.empty()) {
    auto corpus = read_corpus(workload.given.corpus, draft.pool_octets, workload.stamped);
    if (!corpus) return refuse(corpus.error());
    workload.pool = std::move(corpus->messages);
    workload.corpus_left_out = corpus->left_out;
    return {};
  }
  const auto sizes = choose_sizes(draft);
  if (!sizes) return refuse(sizes.error());
  const std::uint64_t stamp = stamp_octets(draft);
  workload.pool.reserve(sizes->size());
  for (const std::uint64_t size : *sizes) {
    workload.pool.emplace_back(render_content(draft.content, draft.header_from, draft.header_to,
                                              size - stamp, workload.pool.size()));
  }
  return {};
}

// RFC 6531, 3.6: a header beyond ASCII is every message's, an address that of some.
void plan_utf8(const Draft& draft, ParameterPlan& plan) {
  const Workload& workload = draft.workload;
  plan.utf8_addresses = workload.senders.any_utf8() || workload.recipients.any_utf8() ||
                        (workload.bad_share > 0.0 && workload.bad_recipients.any_utf8());
  if (!is_ascii(draft.header_from) || !is_ascii(draft.header_to)) plan.smtputf8 = true;
}

Complaint check_recipients(const AddressSource& addresses, const std::string& file,
                           bool authorized) {
  for (const auto& [address, line] : addresses.of_each_domain()) {
    auto safe = check_recipient(address, authorized);
    if (safe) continue;
    return line == 0 ? safe : refuse(fmt::format("{}:{}: {}", file, line, safe.error()));
  }
  return {};
}

}  // namespace

void define_workload(CLI::App& command, WorkloadOptions& options) {
  command
      .add_option("--workload", options.workload,
                  "Sizes, bodies and recipients as in real mail; other options override it")
      ->check(CLI::IsMember(preset_names()));
  command.add_option("--size", options.size,
                     "Octets a message, header included: 10K (default 1024), uniform:1K-100K, "
                     "lognormal:MEDIAN,SIGMA[,pareto:FROM,ALPHA][,max:N], or cdf:FILE");
  command
      .add_option("--body", options.body,
                  "text (default), alternative (and HTML), or mime (and an attachment in large "
                  "messages)")
      ->check(CLI::IsMember({"text", "alternative", "mime"}));
  command
      .add_option("--line-length", options.line_length, "Octets of a line of text, without CRLF")
      ->check(CLI::Range(8, 998))
      ->capture_default_str();
  command.add_flag("--eight-bit", options.eight_bit,
                   "Text has letters beyond ASCII; BODY=8BITMIME where it is offered");
  command.add_option("--dot-lines", options.dot_lines,
                     "Share of the lines of text that begin with a dot, as 10%");
  command.add_option("--text-size", options.text_size,
                     "With --body mime: text and HTML, the rest is an attachment (default 16K)");
  command.add_option("--corpus", options.corpus,
                     "Messages of one's own: a folder of files, a maildir, or an mbox");
  command.add_option("--pool", options.pool, "Memory for messages that are rendered beforehand")
      ->capture_default_str();
  command
      .add_option("--contents", options.contents,
                  "Messages in the pool, at most (default 1024, or 16 of one size)")
      ->check(CLI::Range(1, 1000000));
  command
      .add_option("--stamp", options.stamp,
                  "Message-ID, sequence, length and checksum in each message: on or off "
                  "(default: off when all messages are the same)")
      ->check(CLI::IsMember({"on", "off"}));
  command
      .add_option("--from", options.from,
                  "Reverse-path; may have fields as user{1..1000}@example.com, {rand:1..9}, {seq}")
      ->capture_default_str();
  command.add_option("--to", options.to, "Forward-path, with fields in the same way")
      ->capture_default_str();
  command.add_option("--senders-file", options.senders_file,
                     "Reverse-paths in place of --from, one a line, in turn");
  command.add_option("--recipients-file", options.recipients_file,
                     "Forward-paths in place of --to, one a line, in turn");
  command.add_option("--to-domains", options.to_domains,
                     "Domains of the recipients by weight, as a.example=80,b.example=20");
  command.add_option("--recipients", options.recipients,
                     "Recipients a message: a number (default 1), or zipf:MAX,S");
  command.add_option("--bad-recipients", options.bad_recipients,
                     "Share of the recipients, as 5%, that are to be refused: a 5xx is no error");
  command.add_option("--bad-to", options.bad_to, "Forward-path of those, fields allowed")
      ->capture_default_str();
}

Complaint check_workload(const WorkloadOptions& options) {
  const auto draft = read_options(options);
  if (!draft) return refuse(draft.error());
  return {};
}

Complaint plan_workload(const WorkloadOptions& options, std::uint64_t seed, bool authorized,
                        SessionPlan& plan) {
  auto draft = read_options(options);
  if (!draft) return refuse(draft.error());
  Workload& workload = draft->workload;
  const std::string& file = workload.given.recipients_file;
  if (auto safe = check_recipients(workload.recipients, file, authorized); !safe) return safe;
  if (workload.bad_share > 0.0) {
    if (auto safe = check_recipients(workload.bad_recipients, "", authorized); !safe) return safe;
  }
  plan_utf8(*draft, plan.parameters);
  if (draft->plain) {
    plan.sender = workload.senders.of_each_domain().front().first;
    plan.recipient = workload.recipients.of_each_domain().front().first;
    plan.recipients = workload.recipient_count.most();
    plan.message_size = draft->sizes.quantile(0.5);
    return {};
  }
  if (auto good = fill_pool(*draft); !good) return good;
  workload.seed = seed;
  plan.workload = std::make_shared<const Workload>(std::move(workload));
  return {};
}

void add_workload(const SessionPlan& plan, std::uint64_t run, nlohmann::json& config) {
  if (!plan.workload) {
    config["recipients"] = plan.recipients;
    config["size"] = plan.message_size;
    config["from"] = plan.sender.empty() ? "<>" : plan.sender;
    config["to"] = plan.recipient;
    return;
  }
  const Workload& workload = *plan.workload;
  const WorkloadOptions& given = workload.given;
  const auto add = [&config](const char* name, const std::string& value) {
    if (!value.empty()) config[name] = value;
  };
  const auto octets = parse_octets(given.size);
  add("workload", given.workload);
  add("size", given.size);
  if (octets) config["size"] = *octets;
  add("body", given.body);
  config["line_length"] = given.line_length;
  config["eight_bit"] = given.eight_bit;
  add("dot_lines", given.dot_lines);
  add("text_size", given.text_size);
  add("corpus", given.corpus);
  config["pool_messages"] = workload.pool.size();
  std::uint64_t pool_octets = 0;
  for (const Message& message : workload.pool) pool_octets += message.footprint();
  config["pool_octets"] = pool_octets;
  if (!given.corpus.empty()) config["corpus_left_out"] = workload.corpus_left_out;
  config["stamped"] = workload.stamped;
  if (workload.stamped) config["run"] = fmt::format("{:016x}", run);
  add("from", given.senders_file.empty() ? given.from : "");
  add("to", given.recipients_file.empty() ? given.to : "");
  add("senders_file", given.senders_file);
  add("recipients_file", given.recipients_file);
  add("to_domains", given.to_domains);
  config["recipients"] = given.recipients;
  if (workload.recipient_count.fixed()) config["recipients"] = workload.recipient_count.most();
  add("bad_recipients", given.bad_recipients);
  if (workload.bad_share > 0.0) config["bad_to"] = given.bad_to;
}

}  // namespace smtpmark::loadgen
