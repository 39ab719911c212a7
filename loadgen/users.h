// Who may authenticate, and as whom a load does.
#ifndef SMTPMARK_LOADGEN_USERS_H_
#define SMTPMARK_LOADGEN_USERS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>
#include <vector>

namespace smtpmark::loadgen {

struct User {
  std::string name;
  std::string password;  // empty: none
  std::string token;     // of OAUTHBEARER and XOAUTH2; empty: none
};

// What a name, password or token may be long at most, in octets: three of them in base64 are less
// than a line of AUTH may have (RFC 4954, 4).
inline constexpr std::size_t kMaxNameOrPassword = 1024;
inline constexpr std::size_t kMaxToken = 6144;

// Refuses with a sentence what AUTH cannot carry.
tl::expected<void, std::string> check(const User& user);

// A list that does not change, shared by threads.
class Users {
 public:
  explicit Users(std::vector<User> users);
  Users(const Users&) = delete;
  Users& operator=(const Users&) = delete;

  std::size_t size() const noexcept { return users_.size(); }
  const User& operator[](std::size_t index) const noexcept { return users_[index]; }
  // Null where there is none of that name.
  const User* find(std::string_view name) const;

 private:
  std::vector<User> users_;
  std::unordered_map<std::string_view, std::uint32_t> by_name_;
};

using SharedUsers = std::shared_ptr<const Users>;

SharedUsers one_user(std::string name, std::string password, std::string token = {});

// A line a user, "name,password" or "name,password,token", as RFC 4180 has CSV: a field may be in
// double quotes, and a quote in it is doubled. The first line may be the header
// "user,password,token". Empty lines are skipped. Fails with a sentence that begins with the path
// and the line.
tl::expected<SharedUsers, std::string> read_users(const std::string& path);
tl::expected<SharedUsers, std::string> parse_users(std::string_view text, const std::string& path);

// The first line of a file that holds a token and nothing else.
tl::expected<std::string, std::string> read_token(const std::string& path);

}  // namespace smtpmark::loadgen

#endif  // SMTPMARK_LOADGEN_USERS_H_
