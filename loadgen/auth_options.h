// AUTH on the command line, of the client and of the sink.
#ifndef SMTPMARK_LOADGEN_AUTH_OPTIONS_H_
#define SMTPMARK_LOADGEN_AUTH_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "loadgen/auth_plan.h"
#include "loadgen/sink_session.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace smtpmark::loadgen {

// Of the sessions of a load.
struct AuthOptions {
  std::string auth;  // empty: auto where there is a user
  bool auth_without_tls = false;
  std::string auth_initial_response = "auto";
  std::string user;
  std::string password;
  std::string token;
  std::string token_file;
  std::string users;  // file
  double wrong_password_share = 0.0;
};

// Adds them to a command; `mark` is applied to each.
void define_auth(CLI::App& command, AuthOptions& options,
                 const std::function<CLI::Option*(CLI::Option*)>& mark);

// Takes back what the option `name` of a class stands for in its place: users of a file for a
// single one, and the other way round.
void forget_what_it_replaces(AuthOptions& options, const std::string& name);

// Refuses with a sentence what cannot be meant, without a look into files.
tl::expected<void, std::string> check_auth(const AuthOptions& options);

// Reads the files. `seed` chooses the sessions with a wrong password.
tl::expected<AuthPlan, std::string> make_auth_plan(const AuthOptions& options, std::uint64_t seed);

// Of a sink.
struct SinkAuthOptions {
  std::vector<std::string> mechanisms;  // empty: as SinkAuth has them
  bool without_tls = false;
  std::string user = kSinkUser;
  std::string password = kSinkPassword;
  std::string token;
  std::string users;  // file, in place of these
};

void define_sink_auth(CLI::App& command, SinkAuthOptions& options);
tl::expected<SinkAuth, std::string> make_sink_auth(const SinkAuthOptions& options);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_AUTH_OPTIONS_H_
