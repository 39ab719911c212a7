#include "loadgen/options.h"

#include <CLI/CLI.hpp>

#include "loadgen/extensions.h"
#include "loadgen/option_values.h"

namespace smtpmark::loadgen {

void define_sink(CLI::App& command, SinkRunOptions& options) {
  command.add_option("--relay", options.relay, "HOST:PORT with the customs of port 25")->take_all();
  command.add_option("--submission", options.submission, "HOST:PORT with the customs of port 587")
      ->take_all();
  command
      .add_option("--submissions", options.submissions, "HOST:PORT with the customs of port 465")
      ->take_all();
  define_sink_auth(command, options.auth);
  command.add_option("--lmtp", options.lmtp, "HOST:PORT or unix:PATH that speaks LMTP")->take_all();
  command.add_option("--with", options.with,
                     "More extensions to offer: DELIVERBY, FUTURERELEASE, LIMITS, MTRK, "
                     "MT-PRIORITY, REQUIRETLS, RRVS, XCLIENT");
  command.add_flag("--proxy", options.sink.proxy,
                   "Every connection begins with a header of the PROXY protocol, v1 or v2");
  command.add_option("--without", options.without,
                     "Extensions not to offer, as PIPELINING,CHUNKING");
  command
      .add_option("--recipient-limit", options.sink.recipient_limit,
                  "Most recipients of a message; with LIMITS it is RCPTMAX")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command
      .add_option("--message-limit", options.sink.message_limit,
                  "Most messages of a session; with LIMITS it is MAILMAX; 0: no limit")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  define_profile(command, options.sink.profile);
  command.add_option("--host-name", options.sink.host_name, "Name in the greeting")
      ->capture_default_str();
  command.add_option("--size-limit", options.sink.size_limit, "Largest message, octets")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str();
  command.add_option("--timeout", options.timeout_s, "Longest wait for a command")
      ->transform(seconds())
      ->check(sensible_time())
      ->capture_default_str();
  command.add_option("--threads", options.threads, "Threads, a ring and a listener each")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--connections", options.connections, "Connections expected at once")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command.add_option("--pin", options.pin, "Pin thread i to processor PIN + i")
      ->check(whole_number(0, kMostProcessor));
  define_ring(command, options.ring);
  command
      .add_option("--burn-ns", options.sink.burn_ns,
                  "Nanoseconds of CPU to waste on each message: a slow-down of known size")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000}));
  command.add_flag("--check-messages", options.sink.check_messages,
                   "Hold each message against the length and checksum of its stamp");
  command
      .add_option("--reject-recipient", options.sink.reject_recipients,
                  "Refuse this recipient with 550: user@example.com, user@ or @example.com; may be "
                  "given again")
      ->take_all();
  define_sink_tls(command, options.tls);
  command.add_option("--json", options.json, "Write the counters to this file at the end");
}

void define_parse(CLI::App& command, ParseOptions& options) {
  CLI::Option* const profile = define_profile(command, options.profile);
  CLI::Option* const modes[] = {
      command.add_flag("--replies", options.replies, "Replies, as a server sends them"),
      command.add_flag("--ehlo", options.ehlo, "Replies to EHLO, and what they offer"),
      command.add_flag("--data", options.data, "One message, as it follows DATA, to its end"),
      command.add_flag("--session", options.session,
                       "All that a client sends to a server that accepts everything (default: "
                       "command lines alone)")};
  for (CLI::Option* const mode : modes) {
    for (CLI::Option* const other : modes) {
      if (mode != other) mode->excludes(other);
    }
    if (mode != modes[3]) mode->excludes(profile);  // a profile is about commands
  }
  command.add_flag("--fail-on-reject", options.fail_on_reject,
                   "Exit with 1 when anything was rejected or incomplete");
}

tl::expected<SinkPlan, std::string> make_sink_plan(const SinkRunOptions& options) {
  SinkPlan plan;
  plan.options = options.sink;
  if (!is_host(options.sink.host_name)) {
    return tl::unexpected(std::string("--host-name is neither a domain nor an address literal"));
  }
  auto auth = make_sink_auth(options.auth);
  if (!auth) return tl::unexpected(auth.error());
  plan.options.auth = std::move(*auth);
  plan.options.timeout_ns = to_ns(options.timeout_s);
  const auto more = parse_extensions("--with", options.with);
  if (!more) return tl::unexpected(more.error());
  const auto fewer = parse_extensions("--without", options.without);
  if (!fewer) return tl::unexpected(fewer.error());
  if (const std::uint64_t strange = *more & ~kSinkKnows; strange != 0) {
    return tl::unexpected("--with " + keywords_of(strange) + " is not what the sink can do");
  }
  if (const std::uint64_t both = *more & *fewer; both != 0) {
    return tl::unexpected("--with and --without both name " + keywords_of(both) +
                          ": leave one of them out");
  }
  plan.options.extensions = (plan.options.extensions | *more) & ~*fewer;
  plan.threads = options.threads;
  plan.connections = options.connections;
  plan.first_cpu = options.pin;
  auto tls = make_server_tls(options.tls);
  if (!tls) return tl::unexpected(tls.error());
  plan.tls = std::move(*tls);
  const std::pair<Role, const std::vector<std::string>*> groups[] = {
      {Role::kRelay, &options.relay},
      {Role::kSubmission, &options.submission},
      {Role::kSubmissions, &options.submissions},
      {Role::kLmtp, &options.lmtp}};
  for (const auto& [role, texts] : groups) {
    for (const std::string& text : *texts) {
      const auto address = io::Address::resolve(text);
      if (!address) return tl::unexpected(address.error());
      plan.listens.push_back({role, *address});
    }
  }
  for (const std::string& recipient : plan.options.reject_recipients) {
    if (recipient.find('@') != std::string::npos && recipient.size() > 1) continue;
    return tl::unexpected("--reject-recipient " + recipient +
                          " is neither an address nor user@ nor @example.com");
  }
  if (plan.listens.empty()) {
    return tl::unexpected(std::string(
        "nothing to listen on: give --relay, --submission, --submissions or --lmtp with an "
        "address"));
  }
  return plan;
}

}  // namespace smtpmark::loadgen
