// How the C++ parsers lie in the opaque objects of smtp_parser.h, and how structs that may grow are
// read and filled. Private to this folder.
#ifndef SMTPMARK_PARSER_C_API_H_
#define SMTPMARK_PARSER_C_API_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>

#include "parser/smtp_parser.h"
#include "parser/status.h"

namespace smtpmark::parser {

// The error in the numbers of the C header.
std::int32_t to_c(SyntaxError error) noexcept;

constexpr smtp_parser_view to_c(std::string_view view) noexcept {
  return {view.data(), view.size()};
}

constexpr std::string_view from_c(smtp_parser_view view) noexcept {
  return {view.data, view.size};
}

static_assert(static_cast<int>(Status::kNeedMore) == SMTP_PARSER_NEED_MORE);
static_assert(static_cast<int>(Status::kReady) == SMTP_PARSER_READY);
static_assert(static_cast<int>(Status::kRejected) == SMTP_PARSER_REJECTED);
constexpr smtp_parser_result to_c(const FeedResult& result) noexcept {
  return {static_cast<std::int32_t>(result.status), result.consumed};
}

inline constexpr smtp_parser_result kMisuse{SMTP_PARSER_MISUSE, 0};

constexpr bool is_usable(smtp_parser_view view) noexcept {
  return view.data != nullptr || view.size == 0;
}

// A parser in the place that a C program has for it. The seal, another one for each `kKind`, tells
// an object that was initialised from memory that was not.
template <typename Parser, typename Opaque, char kKind>
class Placed {
 public:
  static void init(Opaque* place, const Parser& parser) noexcept {
    static_assert(sizeof(Placed) <= sizeof(Opaque) && sizeof(Opaque) <= 256);
    static_assert(alignof(Placed) <= alignof(Opaque));
    static_assert(std::is_trivially_copyable_v<Placed>);
    if (place != nullptr) ::new (static_cast<void*>(place)) Placed(parser);
  }

  // nullptr when there is none.
  static Parser* in(Opaque* place) noexcept {
    if (place == nullptr || place->opaque[0] != kSeal) return nullptr;
    return &std::launder(reinterpret_cast<Placed*>(place))->parser_;
  }
  static const Parser* in(const Opaque* place) noexcept { return in(const_cast<Opaque*>(place)); }

 private:
  static constexpr std::uint64_t kSeal = 0x536d7470a15e7300U + static_cast<unsigned char>(kKind);

  explicit Placed(const Parser& parser) noexcept : parser_(parser) {}

  std::uint64_t seal_ = kSeal;
  Parser parser_;
};

// Structs begin with their size as the caller knows them: shorter or longer than they are here. No
// struct ever is as long as the last of these limits, but memory that nobody has set may say so.
template <typename Struct>
bool is_usable(const Struct* given) noexcept {
  constexpr std::size_t kLeast = 2 * sizeof(std::size_t);
  constexpr std::size_t kMost = 4096;
  return given != nullptr && given->struct_size >= kLeast && given->struct_size <= kMost;
}

// Fills in the members that the caller knows; `write` gets the struct full of zeros.
template <typename Struct, typename Write>
void fill(Struct* out, Write write) noexcept {
  const std::size_t size = out->struct_size;
  Struct other;
  Struct& target = size == sizeof(Struct) ? *out : other;
  target = {};
  write(target);
  target.struct_size = size;
  if (&target == out) return;
  std::memcpy(out, &other, std::min(size, sizeof(Struct)));
  if (size > sizeof(Struct)) {
    std::memset(reinterpret_cast<char*>(out) + sizeof(Struct), 0, size - sizeof(Struct));
  }
}

// The members that the caller knows, and zeros for the others.
template <typename Struct>
Struct read(const Struct* given) noexcept {
  Struct known{};
  if (is_usable(given)) std::memcpy(&known, given, std::min(given->struct_size, sizeof(Struct)));
  return known;
}

}  // namespace smtpmark::parser

#endif  // SMTPMARK_PARSER_C_API_H_
