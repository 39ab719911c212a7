#include "loadgen/users.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "loadgen/option_values.h"
#include "loadgen/text_input.h"

namespace smtpmark::loadgen {

namespace {

constexpr std::size_t kMostFields = 3;

// A field at the front of `line`, which is shortened by it; nothing when a quote is not closed or
// something follows it.
std::optional<std::string> take_field(std::string_view& line) {
  std::string field;
  if (!line.starts_with('"')) {
    field = line.substr(0, line.find(','));
    line.remove_prefix(field.size());
    return field;
  }
  for (line.remove_prefix(1); !line.empty(); line.remove_prefix(1)) {
    if (line.front() == '"') {
      line.remove_prefix(1);
      if (!line.starts_with('"')) {
        if (!line.empty() && line.front() != ',') return std::nullopt;
        return field;
      }
    }
    field += line.front();
  }
  return std::nullopt;
}

using Fields = std::vector<std::string>;

tl::expected<Fields, std::string> split(std::string_view line) {
  Fields fields;
  for (;;) {
    auto field = take_field(line);
    if (!field) return tl::unexpected(std::string("a double quote is not where it can be"));
    fields.push_back(std::move(*field));
    if (line.empty()) return fields;
    if (fields.size() == kMostFields) {
      return tl::unexpected(std::string(
          "more than user,password,token: a comma inside a field needs double quotes around it"));
    }
    line.remove_prefix(1);
  }
}

tl::expected<User, std::string> make_user(Fields fields) {
  fields.resize(kMostFields);
  User user{std::move(fields[0]), std::move(fields[1]), std::move(fields[2])};
  if (auto good = check(user); !good) return tl::unexpected(good.error());
  return user;
}

bool is_header(const Fields& fields) {
  return fields.size() >= 2 && fields[0] == "user" && fields[1] == "password" &&
         (fields.size() == 2 || fields[2] == "token");
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

tl::expected<void, std::string> check(const User& user) {
  if (user.name.empty()) return tl::unexpected(std::string("the user has no name"));
  if (user.password.empty() && user.token.empty()) {
    return tl::unexpected("user " + user.name + " has neither a password nor a token");
  }
  if (!is_clean(user.name) || !is_clean(user.password) || !is_clean(user.token)) {
    return tl::unexpected(
        std::string("a user's name, password and token have no control characters in them"));
  }
  if (std::max(user.name.size(), user.password.size()) > kMaxNameOrPassword ||
      user.token.size() > kMaxToken) {
    return tl::unexpected("longer than AUTH takes: at most " + std::to_string(kMaxNameOrPassword) +
                          " octets a name or password, " + std::to_string(kMaxToken) + " a token");
  }
  return {};
}

Users::Users(std::vector<User> users) : users_(std::move(users)) {
  by_name_.reserve(users_.size());
  for (std::uint32_t i = 0; i < users_.size(); ++i) by_name_.emplace(users_[i].name, i);
}

const User* Users::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &users_[found->second];
}

SharedUsers one_user(std::string name, std::string password, std::string token) {
  std::vector<User> users(1);
  users[0] = {std::move(name), std::move(password), std::move(token)};
  return std::make_shared<const Users>(std::move(users));
}

tl::expected<SharedUsers, std::string> parse_users(std::string_view text, const std::string& path) {
  std::vector<User> users;
  std::unordered_map<std::string, std::size_t> lines;  // of each name
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    const std::string place = path + ":" + std::to_string(number) + ": ";
    if (line.empty()) continue;
    auto fields = split(line);
    if (!fields) return tl::unexpected(place + fields.error());
    if (users.empty() && is_header(*fields)) continue;
    auto user = make_user(std::move(*fields));
    if (!user) return tl::unexpected(place + user.error());
    const auto [first, fresh] = lines.emplace(user->name, number);
    if (!fresh) {
      return tl::unexpected(place + "user " + user->name + " is in line " +
                            std::to_string(first->second) + " already");
    }
    users.push_back(std::move(*user));
  }
  if (users.empty()) return tl::unexpected(path + " has no user: a line is user,password");
  return std::make_shared<const Users>(std::move(users));
}

tl::expected<SharedUsers, std::string> read_users(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return tl::unexpected(text.error());
  return parse_users(*text, path);
}

tl::expected<std::string, std::string> read_token(const std::string& path) {
  const auto text = read_text(path);
  if (!text) return tl::unexpected(text.error());
  std::string_view rest = *text;
  const std::string token(take_line(rest));
  if (token.empty() || !is_clean(token) || rest.find_first_not_of("\r\n") != rest.npos) {
    return tl::unexpected(path + " does not hold a token in one line");
  }
  return token;
}

}  // namespace smtpmark::loadgen
