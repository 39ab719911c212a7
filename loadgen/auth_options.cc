#include "loadgen/auth_options.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "loadgen/option_values.h"

namespace smtpmark::loadgen {

namespace {

using Complaint = tl::expected<void, std::string>;

Complaint refuse(std::string sentence) {
  return tl::unexpected(std::move(sentence));
}

std::vector<std::string> names(std::vector<std::string> more) {
  for (const parser::AuthMechanism mechanism : kMechanisms) more.push_back(describe(mechanism));
  return more;
}

// "5%" or "0.05" as 0.05.
CLI::Validator share() {
  return CLI::Validator(
      [](std::string& text) {
        const bool percent = text.ends_with('%');
        const std::string digits = percent ? text.substr(0, text.size() - 1) : text;
        double value = 0.0;
        const bool number = CLI::detail::lexical_cast(digits, value);
        if (percent) value /= 100.0;
        if (!number || !(value >= 0.0 && value <= 1.0)) {
          return text + " is no share: give 5% or 0.05";
        }
        text = std::to_string(value);
        return std::string();
      },
      "SHARE");
}

bool asks_for_auth(const AuthOptions& options) {
  return !options.auth.empty() && options.auth != "none";
}

bool names_a_user(const AuthOptions& options) {
  return !options.user.empty() || !options.users.empty();
}

// One user of the command line has a name, and something to prove it with.
Complaint check_user(const AuthOptions& options) {
  const bool with_token = !options.token.empty() || !options.token_file.empty();
  if (!options.users.empty()) {
    if (options.user.empty() && options.password.empty() && !with_token) return {};
    return refuse(
        "--users has names, passwords and tokens of its own: leave out --user, "
        "--password, --token and --token-file");
  }
  if (!options.token.empty() && !options.token_file.empty()) {
    return refuse("--token and --token-file are the same: leave one of them out");
  }
  if (options.user.empty() ? !options.password.empty() : options.password.empty() && !with_token) {
    return refuse("--user and --password belong together");
  }
  if (options.user.empty() && with_token) return refuse("a token needs --user");
  return {};
}

tl::expected<SharedUsers, std::string> users_of(const AuthOptions& options) {
  if (!options.users.empty()) return read_users(options.users);
  std::string token = options.token;
  if (!options.token_file.empty()) {
    auto read = read_token(options.token_file);
    if (!read) return tl::unexpected(read.error());
    token = std::move(*read);
  }
  User user{options.user, options.password, std::move(token)};
  if (auto good = check(user); !good) return tl::unexpected(good.error());
  return one_user(std::move(user.name), std::move(user.password), std::move(user.token));
}

// Whether each user has what the only mechanism needs.
Complaint check_means(const AuthPlan& plan) {
  const bool by_token = (plan.mechanisms & ~kTokenMechanisms) == 0;
  const bool by_password = (plan.mechanisms & ~kPasswordMechanisms) == 0;
  for (std::size_t i = 0; i < plan.users->size(); ++i) {
    const User& user = (*plan.users)[i];
    if (by_token && user.token.empty()) {
      return refuse("--auth " + describe(plan.mechanisms) + " needs a token of user " + user.name +
                    ": give --token, --token-file or the third column of --users");
    }
    if (by_password && user.password.empty()) {
      return refuse("--auth " + describe(plan.mechanisms) + " needs a password of user " +
                    user.name);
    }
  }
  return {};
}

InitialResponse initial_response_of(const AuthOptions& options) {
  if (options.auth_initial_response == "always") return InitialResponse::kAlways;
  if (options.auth_initial_response == "never") return InitialResponse::kNever;
  return InitialResponse::kAuto;
}

}  // namespace

void define_auth(CLI::App& command, AuthOptions& options,
                 const std::function<CLI::Option*(CLI::Option*)>& mark) {
  mark(command
           .add_option("--auth", options.auth,
                       "AUTH mechanism, as scram-sha-256, or auto: the strongest that the server "
                       "offers (default with a user)")
           ->check(CLI::IsMember(names({"none", "auto"}), CLI::ignore_case)));
  mark(command.add_option("--user", options.user, "User to authenticate as"));
  mark(command.add_option("--password", options.password, "Password of the user"));
  mark(command.add_option("--token", options.token,
                          "Token of the user, for oauthbearer and xoauth2"));
  mark(command.add_option("--token-file", options.token_file, "File that holds the token"));
  mark(command.add_option("--users", options.users,
                          "CSV file of users, user,password[,token] a line: sessions take them in "
                          "turn"));
  mark(command
           .add_option("--wrong-password-share", options.wrong_password_share,
                       "Share of the sessions that send a wrong password and are to be rejected, "
                       "as 5%")
           ->transform(share()));
  mark(command
           .add_option("--auth-initial-response", options.auth_initial_response,
                       "First response with the AUTH command: auto (where the line stays within "
                       "512 octets), always or never")
           ->check(CLI::IsMember({"auto", "always", "never"}))
           ->capture_default_str());
  mark(command.add_flag("--auth-without-tls", options.auth_without_tls,
                        "Send the password even where the session has no TLS"));
}

void forget_what_it_replaces(AuthOptions& options, const std::string& name) {
  if (name == "users") options.user = options.password = options.token = options.token_file = "";
  if (name == "user") options.users.clear();
  if (name == "token") options.token_file.clear();
  if (name == "token-file") options.token.clear();
}

Complaint check_auth(const AuthOptions& options) {
  if (auto good = check_user(options); !good) return good;
  if (asks_for_auth(options) && !names_a_user(options)) {
    return refuse("--auth " + options.auth + " needs --user and --password, or --users");
  }
  if (options.wrong_password_share > 0.0 && !names_a_user(options)) {
    return refuse(
        "--wrong-password-share needs sessions that authenticate: give --user or --users");
  }
  return {};
}

tl::expected<AuthPlan, std::string> make_auth_plan(const AuthOptions& options, std::uint64_t seed) {
  AuthPlan plan;
  if (options.auth == "none" || !names_a_user(options)) return plan;
  const auto only = mechanism_of(options.auth);
  plan.mechanisms = only ? MechanismSet{*only} : kAllMechanisms;
  plan.initial_response = initial_response_of(options);
  plan.without_tls = options.auth_without_tls;
  plan.wrong_password_share = options.wrong_password_share;
  plan.seed = seed;
  auto users = users_of(options);
  if (!users) return tl::unexpected(users.error());
  plan.users = std::move(*users);
  if (auto good = check_means(plan); !good) return tl::unexpected(good.error());
  return plan;
}

void define_sink_auth(CLI::App& command, SinkAuthOptions& options) {
  CLI::Option* const user =
      command.add_option("--user", options.user, "User that may authenticate")
          ->capture_default_str();
  CLI::Option* const password =
      command.add_option("--password", options.password, "Password of the user")
          ->capture_default_str();
  CLI::Option* const token = command.add_option("--token", options.token, "Token of the user");
  command
      .add_option("--users", options.users,
                  "CSV file of users that may authenticate, user,password[,token] a line")
      ->excludes(user)
      ->excludes(password)
      ->excludes(token);
  command
      .add_option(
          "--auth-mechanisms", options.mechanisms,
          "AUTH mechanisms on offer, with commas between, all or none (default: plain,login)")
      ->delimiter(',')
      ->check(CLI::IsMember(names({"none", "all"}), CLI::ignore_case));
  command.add_flag("--auth-without-tls", options.without_tls, "Offer AUTH before STARTTLS too");
}

tl::expected<SinkAuth, std::string> make_sink_auth(const SinkAuthOptions& options) {
  SinkAuth auth;
  auth.without_tls = options.without_tls;
  if (!options.mechanisms.empty()) auth.mechanisms = 0;
  for (const std::string& name : options.mechanisms) {
    const auto mechanism = mechanism_of(name);
    auth.mechanisms |= mechanism ? MechanismSet{*mechanism} : name == "all" ? kAllMechanisms : 0;
  }
  if (!options.users.empty()) {
    auto users = read_users(options.users);
    if (!users) return tl::unexpected(users.error());
    auth.users = std::move(*users);
    return auth;
  }
  const User user{options.user, options.password, options.token};
  if (auto good = check(user); !good) return tl::unexpected(good.error());
  auth.users = one_user(user.name, user.password, user.token);
  return auth;
}

}  // namespace smtpmark::loadgen
