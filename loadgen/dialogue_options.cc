#include "loadgen/dialogue_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "loadgen/envelope.h"
#include "loadgen/extensions.h"
#include "loadgen/flights.h"
#include "parser/capabilities.h"
#include "parser/command_parser.h"

namespace smtpmark::loadgen {

namespace {

using Complaint = tl::expected<void, std::string>;
using Mark = std::function<CLI::Option*(CLI::Option*)>;

void define_transport_of_content(CLI::App& command, DialogueOptions& options, const Mark& mark) {
  mark(command
           .add_option("--pipelining", options.pipelining,
                       "Commands that travel together where the server offers it: none, group "
                       "(MAIL, RCPT and DATA), or full (and with them the end of the message "
                       "before; with --chunking, whole messages)")
           ->check(CLI::IsMember({"none", "group", "full"}))
           ->capture_default_str());
  mark(command
           .add_option("--pipelining-depth", options.pipelining_depth,
                       "Messages under way at once with --pipelining full (default 2; more takes "
                       "--chunking)")
           ->check(CLI::Range(2U, Flights::kMost)));
  mark(command.add_flag("--chunking", options.chunking,
                        "Send messages with BDAT where the server offers CHUNKING"));
  mark(command
           .add_option("--chunk-size", options.chunk_size,
                       "Octets of a chunk (default: the whole message is one)")
           ->transform(CLI::AsSizeValue(false))
           ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 30)));
  mark(command.add_flag("--binary-mime", options.binary_mime,
                        "Declare BODY=BINARYMIME where the server offers it, with --chunking"));
}

void define_parameters(CLI::App& command, DialogueOptions& options, const Mark& mark) {
  mark(command.add_flag("--smtputf8", options.smtputf8,
                        "Say SMTPUTF8 in MAIL where it is offered; an address beyond ASCII says it "
                        "anyway, and fails where it is not"));
  mark(command.add_flag("--requiretls", options.requiretls,
                        "Say REQUIRETLS in MAIL where it is offered"));
  mark(command.add_option("--dsn-ret", options.dsn_ret, "RET of MAIL: FULL or HDRS")
           ->check(CLI::IsMember({"FULL", "HDRS"}, CLI::ignore_case)));
  mark(command.add_option("--dsn-envid", options.dsn_envid, "ENVID of MAIL"));
  mark(command.add_option("--dsn-notify", options.dsn_notify,
                          "NOTIFY of RCPT: NEVER, or a list of SUCCESS, FAILURE and DELAY"));
  mark(command.add_flag("--dsn-orcpt", options.dsn_orcpt, "Say ORCPT in RCPT"));
  mark(command.add_option("--mt-priority", options.mt_priority, "MT-PRIORITY of MAIL")
           ->check(CLI::Range(-9, 9)));
  mark(command.add_option("--xclient", options.xclient,
                          "Attributes to say with XCLIENT where it is offered, as "
                          "\"NAME=a.example ADDR=192.0.2.1\""));
  mark(command.add_option("--require", options.require,
                          "Extensions that the server has to offer, as CHUNKING,DSN: a session "
                          "without them is an error"));
}

void define_shape(CLI::App& command, DialogueOptions& options, const Mark& mark) {
  mark(command
           .add_option("--messages-spread", options.messages_spread,
                       "How --messages-per-connection is meant: fixed, or as the mean of a uniform "
                       "or geometric distribution")
           ->check(CLI::IsMember({"fixed", "uniform", "geometric"}))
           ->capture_default_str());
  mark(command.add_flag("--reset", options.reset, "RSET between the messages of a session"));
  mark(command.add_flag("--drop", options.drop, "End sessions without QUIT"));
  mark(command.add_option("--think-time", options.think_time,
                          "Pause between the messages of a session, as 2s or exponential:2s"));
  mark(command.add_option("--abort", options.abort,
                          "Shares of the messages in which the connection is dropped behind MAIL, "
                          "behind RCPT or in the middle of the body, as mail=1%,rcpt=1%,body=1%"));
}

std::string in_upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

// RFC 3461, 4.1.
bool is_notify(const std::string& text) {
  if (text.empty() || text == "NEVER") return true;
  std::vector<std::string> seen;
  for (const std::string& one : CLI::detail::split(text, ',')) {
    const bool known = one == "SUCCESS" || one == "FAILURE" || one == "DELAY";
    if (!known || std::find(seen.begin(), seen.end(), one) != seen.end()) return false;
    seen.push_back(one);
  }
  return true;
}

// What our own parser would take.
Complaint check_xclient(const std::string& attributes) {
  if (attributes.empty()) return {};
  parser::CommandParser parser;
  parser::Command command;
  const std::string line = "XCLIENT " + attributes + "\r\n";
  const parser::FeedResult fed = parser.feed(std::string_view(line), command);
  if (fed.status == parser::Status::kReady && fed.consumed == line.size()) return {};
  return tl::unexpected("--xclient " + attributes +
                        " is no list of attributes, as NAME=a.example ADDR=192.0.2.1");
}

Complaint plan_content(const DialogueOptions& options, SessionPlan& session) {
  session.pipelining = options.pipelining == "group"  ? Pipelining::kGroup
                       : options.pipelining == "full" ? Pipelining::kFull
                                                      : Pipelining::kNone;
  if (options.pipelining_depth > 0 && session.pipelining != Pipelining::kFull) {
    return tl::unexpected(std::string("--pipelining-depth needs --pipelining full"));
  }
  if (options.pipelining_depth > 2 && !options.chunking) {
    return tl::unexpected(
        std::string("--pipelining-depth above 2 needs --chunking: DATA waits for its reply"));
  }
  if (!options.chunking && (options.chunk_size > 0 || options.binary_mime)) {
    return tl::unexpected(std::string("--chunk-size and --binary-mime need --chunking"));
  }
  session.pipelining_depth = std::max(2U, options.pipelining_depth);
  session.chunking = {options.chunking, options.binary_mime, options.chunk_size};
  if (options.binary_mime) session.required |= parser::kCapChunking;
  return {};
}

Complaint plan_parameters(const DialogueOptions& options, SessionPlan& session) {
  ParameterPlan& plan = session.parameters;
  if (options.smtputf8) plan.smtputf8 = true;
  if (plan.utf8_addresses) session.required |= parser::kCapSmtpUtf8;
  plan.requiretls = options.requiretls;
  if (options.requiretls && session.tls == TlsPolicy::kNone) {
    return tl::unexpected(std::string("--requiretls is not possible with --tls none"));
  }
  plan.ret = in_upper_case(options.dsn_ret);
  if (!std::ranges::all_of(options.dsn_envid, [](char c) { return c >= ' ' && c <= '~'; })) {
    return tl::unexpected(std::string("--dsn-envid is not printable ASCII"));  // RFC 3461, 4.4
  }
  plan.envid = to_xtext(options.dsn_envid);
  if (plan.envid.size() > 100) {  // RFC 3461, 4.4
    return tl::unexpected(std::string("--dsn-envid has more than 100 octets in xtext"));
  }
  plan.notify = in_upper_case(options.dsn_notify);
  if (!is_notify(plan.notify)) {
    return tl::unexpected("--dsn-notify " + options.dsn_notify +
                          " is neither NEVER nor a list of SUCCESS, FAILURE and DELAY");
  }
  plan.orcpt = options.dsn_orcpt;
  if (options.mt_priority != DialogueOptions::kNoPriority) plan.mt_priority = options.mt_priority;
  if (auto good = check_xclient(options.xclient); !good) return good;
  session.xclient = options.xclient;
  const auto required = parse_extensions("--require", options.require);
  if (!required) return tl::unexpected(required.error());
  session.required |= *required;
  return {};
}

Complaint plan_shape(const DialogueOptions& options, SessionPlan& session) {
  SessionShape& shape = session.shape;
  shape.spread = options.messages_spread == "uniform"     ? Spread::kUniform
                 : options.messages_spread == "geometric" ? Spread::kGeometric
                                                          : Spread::kFixed;
  shape.reset_between = options.reset;
  shape.drop = options.drop;
  const auto think = parse_think_time(options.think_time);
  if (!think) return tl::unexpected(think.error());
  shape.think = *think;
  const auto aborts = parse_abort_shares(options.abort);
  if (!aborts) return tl::unexpected(aborts.error());
  shape.aborts = *aborts;
  const bool pauses = options.reset || shape.think.mean_ns > 0;
  if (pauses && session.pipelining == Pipelining::kFull) {
    return tl::unexpected(
        std::string("--pipelining full leaves nothing between messages for --reset or "
                    "--think-time"));
  }
  return {};
}

}  // namespace

void define_dialogue(CLI::App& command, DialogueOptions& options, const Mark& mark) {
  define_transport_of_content(command, options, mark);
  define_parameters(command, options, mark);
  define_shape(command, options, mark);
}

Complaint plan_dialogue(const DialogueOptions& options, SessionPlan& session) {
  if (auto good = plan_content(options, session); !good) return good;
  if (auto good = plan_parameters(options, session); !good) return good;
  return plan_shape(options, session);
}

nlohmann::json dialogue_to_json(const SessionPlan& session) {
  nlohmann::json config = {{"pipelining", to_string(session.pipelining)},
                           {"chunking", session.chunking.use}};
  if (session.pipelining == Pipelining::kFull) {
    config["pipelining_depth"] = session.pipelining_depth;
  }
  if (session.chunking.use) {
    config["chunk_size"] = session.chunking.octets;
    config["binary_mime"] = session.chunking.binary;
  }
  const ParameterPlan& parameters = session.parameters;
  if (parameters.smtputf8) config["smtputf8"] = true;
  if (parameters.utf8_addresses) config["utf8_addresses"] = true;
  if (parameters.requiretls) config["requiretls"] = true;
  if (parameters.orcpt) config["dsn_orcpt"] = true;
  if (!parameters.ret.empty()) config["dsn_ret"] = parameters.ret;
  if (!parameters.envid.empty()) config["dsn_envid"] = parameters.envid;
  if (!parameters.notify.empty()) config["dsn_notify"] = parameters.notify;
  if (parameters.mt_priority) config["mt_priority"] = *parameters.mt_priority;
  if (session.required != 0) config["require"] = keywords_of(session.required);
  if (!session.xclient.empty()) config["xclient"] = session.xclient;
  const SessionShape& shape = session.shape;
  if (shape.spread != Spread::kFixed) config["messages_spread"] = to_string(shape.spread);
  if (shape.reset_between) config["reset"] = true;
  if (shape.drop) config["drop"] = true;
  if (shape.think.mean_ns > 0) {
    config["think_time_s"] = static_cast<double>(shape.think.mean_ns) / 1e9;
    config["think_time_exponential"] = shape.think.exponential;
  }
  if (shape.aborts.any()) {
    config["abort"] = {
        {"mail", shape.aborts.mail}, {"rcpt", shape.aborts.rcpt}, {"body", shape.aborts.body}};
  }
  return config;
}

}  // namespace smtpmark::loadgen
